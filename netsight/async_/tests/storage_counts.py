"""Counts what a FileStorage is asked for, and what is written to it.

Needs only ZODB.
"""

from contextlib import contextmanager
from typing import NamedTuple
from unittest import mock

import transaction
from ZODB.FileStorage.FileStorage import FileStorage
from ZODB.utils import get_pickle_metadata


class Commit(NamedTuple):
    """What one transaction has written."""

    note: str
    """Its description."""

    classes: tuple
    """Of the names of the classes of the objects that it has stored."""

    bytes: int
    """By which the file has grown."""

    loads: int
    """How many objects had been loaded when it was done."""


class Counts:
    """What was asked of all FileStorages, in the order in which it was."""

    def __init__(self):
        self.commits = []
        """Of a Commit for each transaction that has written."""

        self.empty = 0
        """How many transactions were finished without writing anything."""

        self.aborted = 0
        """How many were begun and not finished: a conflict, mostly."""

        self.loaded = []
        """Of the name of the class of each object that was loaded."""

        self._stored = {}

    @property
    def loads(self):
        return len(self.loaded)

    @property
    def stored(self):
        """A list of the name of the class of each object that was stored."""
        return [name for each in self.commits for name in each.classes]

    @property
    def stores(self):
        return len(self.stored)

    @property
    def bytes(self):
        return sum(each.bytes for each in self.commits)

    def summary(self):
        """Return {name: number} of all that is counted."""
        return {
            "commits": len(self.commits),
            "empty": self.empty,
            "aborted": self.aborted,
            "stores": self.stores,
            "loads": self.loads,
            "bytes": self.bytes,
        }

    def of(self, note):
        """Return a list of the Commits with a word in their description."""
        return [each for each in self.commits if note in each.note.split()]

    # For the storages

    def store(self, transaction, data):
        self._stored.setdefault(id(transaction), []).append(class_of(data))

    def load(self, data):
        self.loaded.append(class_of(data))

    def finish(self, transaction, size):
        classes = tuple(self._stored.pop(id(transaction), ()))
        note = transaction.description or b""
        note = note.decode() if isinstance(note, bytes) else note
        if size:
            self.commits.append(Commit(note, classes, size, self.loads))
        else:
            self.empty += 1

    def abort(self, transaction):
        self._stored.pop(id(transaction), None)
        self.aborted += 1


def class_of(data):
    """Return the name of the class of an object, by its stored data."""
    return get_pickle_metadata(data)[1]


@contextmanager
def counted():
    """Count in a block; yields a Counts.  Caches are as they are."""
    counts = Counts()
    load, store = FileStorage.loadBefore, FileStorage.store
    finish, abort = FileStorage.tpc_finish, FileStorage.tpc_abort

    def count_load(storage, *args):
        found = load(storage, *args)
        if found is not None:
            counts.load(found[0])
        return found

    def count_store(storage, oid, serial, data, version, transaction):
        store(storage, oid, serial, data, version, transaction)
        counts.store(transaction, data)

    def count_finish(storage, transaction, *args):
        size = storage.getSize()
        tid = finish(storage, transaction, *args)
        counts.finish(transaction, storage.getSize() - size)
        return tid

    def count_abort(storage, transaction):
        if storage.tpc_transaction() is transaction:
            counts.abort(transaction)
        abort(storage, transaction)

    with mock.patch.multiple(
        FileStorage,
        loadBefore=count_load,
        store=count_store,
        tpc_finish=count_finish,
        tpc_abort=count_abort,
    ):
        yield counts


@contextmanager
def elsewhere(database):
    """Have another connection of a ZODB.DB do what is done in a block.

    What comes after the block is done by the one that was used before it, as
    if another Zope had done what is in the block.
    """
    manager = transaction.TransactionManager(explicit=True)
    connection = database.open(manager)
    try:
        yield
    finally:
        connection.close()
