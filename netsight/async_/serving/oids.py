"""Object ids of a ZEO server that was restarted.

A client of ZEO fetches a hundred ids for new objects at once, and keeps the
rest when its server is restarted.  The server knows only of those that were
stored, and hands out the same ones again, to others.  Whoever comes second
meets conflicts, or a ValueError: "A different object already has the same
oid".  So what was fetched is dropped with each new connection.
"""

import Zope2

from netsight.async_.records.database import STORAGES


def start(event):
    """Do so for all databases of this Zope; a subscriber of IProcessStarting.

    Those that Zope opens later are left as they are.
    """
    for database in Zope2.DB.databases.values():
        if is_zeo_client(database.storage):
            drop_old_oids(database.storage)


def is_zeo_client(storage):
    """Tell whether a storage is a client of ZEO."""
    package = type(storage).__module__.partition(".")[0]
    return package in STORAGES and hasattr(storage, "notify_connected")


def drop_old_oids(storage):
    """Have a client of ZEO drop its object ids when it is connected anew."""
    notify_connected = storage.notify_connected

    def drop_and_notify(*args):
        # ZEO calls this before anybody can use the connection.
        del storage._oids[:]
        notify_connected(*args)

    storage.notify_connected = drop_and_notify
