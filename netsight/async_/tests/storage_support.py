"""A Zope on a real FileStorage, which has history, blobs and a pack."""

import tempfile
from pathlib import Path
from unittest import mock

import transaction
from plone.testing import zodb
from plone.testing import zope
from ZODB.blob import BlobStorage
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from netsight.async_.records.database import transact
from netsight.async_.serving.server import Duty
from netsight.async_.tests.support import TEST_VIEWS
from netsight.async_.tests.support import AsyncTestCase


class FileStorageTesting(zope.FunctionalTesting):
    """A database on disk for each test, with what the layers below made."""

    def testSetUp(self):
        self._folder = tempfile.TemporaryDirectory()
        with mock.patch.object(zodb, "stackDemoStorage", self._copy):
            super().testSetUp()

    def testTearDown(self):
        super().testTearDown()
        self._folder.cleanup()

        del self["folder"]

    def _copy(self, database, name):
        self["folder"] = Path(self._folder.name)
        storage = self.make_storage(self._folder.name)
        copy_transactions(database.storage, storage)
        return DB(storage)

    def make_storage(self, folder):
        return FileStorage(f"{folder}/Data.fs", blob_dir=f"{folder}/blobs")


class BlobStorageTesting(FileStorageTesting):
    """The same with the storage around it that <blobstorage> makes."""

    def make_storage(self, folder):
        storage = FileStorage(f"{folder}/Data.fs")
        return BlobStorage(f"{folder}/blobs", storage)


def copy_transactions(source, target):
    """Copy what a DemoStorage has into a FileStorage."""
    for txn in source.iterator():
        txn.extension_bytes = b""
        target.tpc_begin(txn, txn.tid, txn.status)
        for record in txn:
            target.restore(record.oid, txn.tid, record.data, "", None, txn)
        target.tpc_vote(txn)
        target.tpc_finish(txn)


FILE_STORAGE_FUNCTIONAL = FileStorageTesting(
    bases=(TEST_VIEWS,), name="AsyncViews:FileStorage"
)

BLOB_STORAGE_FUNCTIONAL = BlobStorageTesting(
    bases=(TEST_VIEWS,), name="AsyncViews:BlobStorage"
)


class FileStorageTestCase(AsyncTestCase):
    """The Zope root on a FileStorage, with what administrators do to it."""

    layer = FILE_STORAGE_FUNCTIONAL

    @property
    def database(self):
        """The ZODB.DB that has the records."""
        return self.layer["zodbDB"]

    def recover(self):
        """Do what the monitor of a server does each beat."""
        recovered = transact("recovery", Duty().look).recovered
        return [queued.process_id for queued in recovered.queued]

    def undoable(self):
        """Return (id, description) of the transactions, the oldest first."""
        infos = self.database.undoInfo(0, 10_000)
        return [(info["id"], info["description"]) for info in reversed(infos)]

    def undo(self, *ids):
        """Undo transactions by id, the newest first, as the ZMI does."""
        transaction.begin()
        self.database.undoMultiple(list(reversed(ids)))
        try:
            transaction.commit()
        finally:
            transaction.abort()
