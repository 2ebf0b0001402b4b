"""What one would build without netsight.async, in a few dozen lines each.

A view of a Zope sends a message to Redis after its commit.  Who gets it opens
the database once, and for each message loads one object, commits one change,
and leaves a result in Redis.  There is no waiting page, no progress, no user,
no record of what is lost, and no guard against doing it twice.

They read the environment: BENCH_REDIS is the URL of Redis, BENCH_NAME a name
that nobody else uses there, BENCH_ZODB the configuration of the database.
"""
