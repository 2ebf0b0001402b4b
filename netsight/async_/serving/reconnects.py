"""What is not true any more when a client of ZEO is connected anew.

Object ids
    A client fetches a hundred for new objects at once, and keeps the rest
    when its server is restarted.  The server knows only of those that were
    stored, and hands out the same ones again, to others.  Whoever comes second
    meets conflicts, or a ValueError: "A different object already has the same
    oid".  So what was fetched is dropped.
Silence of workers
    Nobody could beat while the server was away, and that need not have been
    noticed: an interruption fits between two looks, and what is in the cache
    can be read all the time.
"""

import Zope2

from netsight.async_.records.database import STORAGES
from netsight.async_.records.lease import lookout


def start(event):
    """Look after all databases of this Zope; a subscriber of IProcessStarting.

    Those that Zope opens later are left as they are.
    """
    for database in Zope2.DB.databases.values():
        if is_zeo_client(database.storage):
            look_after(database.storage)


def is_zeo_client(storage):
    """Tell whether a storage is a client of ZEO."""
    package = type(storage).__module__.partition(".")[0]
    return package in STORAGES and hasattr(storage, "notify_connected")


def look_after(storage):
    """Forget what is not true any more when a client of ZEO is connected."""
    notify_connected = storage.notify_connected

    def forget_and_notify(*args):
        # ZEO calls this before anybody can use the connection.
        del storage._oids[:]
        lookout.miss()
        notify_connected(*args)

    storage.notify_connected = forget_and_notify
