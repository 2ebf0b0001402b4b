"""Start two processes at once, twice, when told to by a line of input.

    python conflict.py ZODB

ZODB is the configuration of a database on a ZEO server, which resolves the
conflict.  Prints a line when it is ready and after each time.
"""

import sys

import transaction
from OFS.Application import Application
from ZODB.config import databaseFromString

from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.owners import Owner
from netsight.async_.tests.record_support import make_process


OWNER = Owner("ann", "/acl_users")


def start(database):
    """Return a transaction manager whose transaction starts a process."""
    manager = transaction.TransactionManager()
    root = database.open(manager).root()["Application"]
    registry = getProcessRegistry(root)
    registry.add(make_process(new_process_id(), OWNER))
    return manager


def main(zodb):
    database = databaseFromString(zodb)
    with database.transaction() as connection:
        connection.root()["Application"] = Application()
    # What is there once is there.
    start(database).commit()
    for _number in range(3):
        print("ready", flush=True)
        sys.stdin.readline()
        for manager in [start(database), start(database)]:
            manager.commit()
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
