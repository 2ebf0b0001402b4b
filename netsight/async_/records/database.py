"""Where in the database the registry is, and short transactions of our own."""

import random
import threading
import time
from contextlib import contextmanager
from contextlib import suppress
from typing import Any

import transaction
import Zope2
from Acquisition import aq_base
from transaction.interfaces import NoTransaction
from transaction.interfaces import TransientError
from ZODB.POSException import POSKeyError
from zope.globalrequest import getRequest

from netsight.async_ import config
from netsight.async_.config import PROCESS_REGISTRY_ID
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.records.commits import commits
from netsight.async_.records.expired import missing
from netsight.async_.records.nodes import Nodes
from netsight.async_.records.registry import ProcessRegistry


STORAGES = ("ZEO", "relstorage")
"""Packages of storages behind a network connection; they may be missing."""

TRANSACT_TRIES = 5
"""A short transaction of ours that conflicts is done this often."""

PAUSE_SECONDS = 0.01
"""About so long is the first pause between them; each is twice as long as the
one before.  Two that do the same at once would conflict again without."""

NOTE = "netsight.async: "
"""What the descriptions of our transactions begin with."""


def query_registry(root):
    """Return the registry of the Zope application `root`, for reading.

    Before the first start there is none: this is an empty one then, and
    nothing that is done to it is ever stored.
    """
    registry = _stored_registry(root)
    return ProcessRegistry() if registry is None else registry


def _stored_registry(root):
    """Return the registry, or None.

    It is an attribute of `root`, or in the root of the database that the
    setting `database` names.
    """
    if not config.get("database"):
        return getattr(aq_base(root), PROCESS_REGISTRY_ID, None)
    return registry_connection(root).root().get(PROCESS_REGISTRY_ID)


def active_nodes(root):
    """Return Nodes of which each start changes one."""
    registry = _stored_registry(root)
    if registry is not None:
        return registry.active_nodes()
    # The first one of all adds the registry to this.
    named = config.get("database")
    holder = registry_connection(root).root() if named else aq_base(root)
    return Nodes(frozenset(), frozenset([holder._p_oid]))


def registry_connection(root):
    """Return the ZODB connection that holds, or will hold, the registry.

    It shares the transaction of `root`.
    """
    name = config.get("database")
    return root._p_jar.get_connection(name) if name else root._p_jar


def is_read_only(root):
    """Tell whether the records can only be read at the moment."""
    return registry_connection(root).isReadOnly()


def getProcessRegistry(context: Any = None) -> ProcessRegistry:
    """Return the registry of the Zope application that `context` is in.

    Adds it if it is missing: for who stores something.
    """
    root = application_of(context)
    if _stored_registry(root) is None:
        _add_registry(root)
    return _stored_registry(root)


def _add_registry(root):
    if config.get("database"):
        connection = registry_connection(root)
        connection.root()[PROCESS_REGISTRY_ID] = ProcessRegistry()
    else:
        root._setObject(
            PROCESS_REGISTRY_ID,
            ProcessRegistry(),
            set_owner=False,
            suppress_events=True,
        )


def application_of(context=None):
    """Return the application root above `context`, or of this request."""
    find = getattr(context, "getPhysicalRoot", None)
    return getRequest()["PARENTS"][-1] if find is None else find()


def get_process(root, process_id):
    """Return the IProcess with that id; raises NoSuchProcessError."""
    registry = query_registry(root)
    process = registry.get(process_id)
    if process is None:
        raise missing(registry, process_id)
    return process


def get_ended(root, end):
    """Return the IProcess of an End, also if it was removed since then.

    Raises NoSuchProcessError if that end is not stored.
    """
    try:
        process = registry_connection(root).get(end.oid)
    except POSKeyError as exc:
        raise NoSuchProcessError(end.process_id) from exc
    if process.outcome.token != end.token:
        raise NoSuchProcessError(end.process_id)
    return process


@contextmanager
def own_transaction(note):
    """Open the application in a transaction apart from the thread's own.

    Commits at the end of the block, or rolls back if the block raises.
    `note` (str) is a word for the log of transactions, as "claim".
    """
    connection = _open()
    try:
        with _committing(connection, note) as root:
            yield root
    finally:
        connection.close()


class OwnManager(transaction.TransactionManager):
    """Begins no transaction by itself.

    So a connection sees the database when one begins.  If it did so when it is
    opened, as others do, it would be lost to its pool while the database is
    away, and ask a database on the network twice.
    """

    def __init__(self):
        super().__init__(explicit=True)

    def abort(self):
        """Roll back what has begun, if anything has.

        ZODB asks for that when a database is closed, whether or not a
        connection that is still open has a transaction.
        """
        with suppress(NoTransaction):
            super().abort()


def _open():
    return Zope2.DB.open(transaction_manager=OwnManager())


@contextmanager
def _committing(connection, note):
    manager = connection.transaction_manager
    try:
        manager.begin().note(NOTE + note)
        yield connection.root()["Application"]
        with commits.one():
            manager.commit()
    except BaseException:
        manager.abort()
        raise


class OwnConnection(threading.local):
    """A connection that each thread keeps for itself, until it closes it.

    What it has loaded stays in its cache, so that the same transaction, done
    again, loads what others have changed and nothing else.
    """

    def __init__(self):
        self._connection = None

    @contextmanager
    def transaction(self, note):
        """Do what `own_transaction` does, on this connection."""
        if self._connection is None:
            self._connection = _open()
        try:
            with _committing(self._connection, note) as root:
                yield root
        except BaseException:
            # The next one is a new one: who knows what this has left.
            self.close()
            raise

    def close(self):
        """Give back the connection of this thread, if it has one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def transact(note, function, *args, opened=own_transaction):
    """Return ``function(application, *args)``, done in a short transaction.

    The function may read only; then nothing is written.  What conflicts is
    done again, TRANSACT_TRIES times in all; then the last TransientError is
    raised.  `note` is as in `own_transaction`, which `opened` may replace.
    """
    for number in range(1, TRANSACT_TRIES + 1):
        try:
            with opened(note) as root:
                return function(root, *args)
        except TransientError:
            if number == TRANSACT_TRIES:
                raise
        time.sleep(PAUSE_SECONDS * 2 ** (number - random.uniform(1, 2)))
