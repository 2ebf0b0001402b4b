"""The job that all of them do."""

import transaction
from bench_site import effects
from ZODB.config import databaseFromString

from bench_peers import environment


TRIES = 5


class Job:
    """On a connection that is kept from one job to the next."""

    def __init__(self, database=None):
        self._database = database or databaseFromString(environment.ZODB)
        self._manager = transaction.TransactionManager(explicit=True)
        self._connection = self._database.open(self._manager)

    def __call__(self, key, loops=0):
        """Do it; what conflicts is done again."""

        def work(root):
            for _loop in range(int(loops)):
                pass
            effects.have(root, key)

        self.commit(work)
        return "done"

    def commit(self, function):
        """Call it with the root, in a transaction of its own."""
        for attempt in self._manager.attempts(TRIES):
            with attempt:
                function(self._connection.root())
