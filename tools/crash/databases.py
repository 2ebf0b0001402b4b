"""The database of the rounds, opened while nobody else writes to it."""

import io
import os
import time
from contextlib import contextmanager
from contextlib import redirect_stdout

import transaction
import ZODB
from ZODB.blob import BlobStorage
from ZODB.config import databaseFromString
from ZODB.FileStorage import FileStorage
from ZODB.scripts import fsrefs
from ZODB.scripts import fstest
from ZODB.serialize import referencesf
from ZODB.utils import load_current
from ZODB.utils import oid_repr
from ZODB.utils import tid_repr


ZODB_CONF = """\
%define INSTANCE {instance}
<zodb main>
{storage}</zodb>
"""


class FileDatabase:
    """The FileStorage of a ZopeServer or ZeoServer that does not run."""

    def __init__(self, server):
        self._server = server

    def is_made(self):
        return self._server.data.exists()

    def ends_midway(self):
        """Tell whether a transaction has been written and not finished."""
        with self.opened() as connection:
            end = connection.db().storage._pos
        return os.path.getsize(self._server.data) > end

    @contextmanager
    def opened(self):
        """Open it to read; hands out a Connection."""
        with _connected(self._database(read_only=True)) as connection:
            yield connection

    def pack(self):
        """Pack it up to now."""
        _pack(self._database(pack_keep_old=False))

    def wrong_before(self):
        """Yield what is wrong with the file before it is packed."""
        path = str(self._server.data)
        try:
            fstest.check(path)
        except fstest.FormatError as exc:
            yield f"fstest: {exc}"
        found = io.StringIO()
        with redirect_stdout(found):
            fsrefs.main(path)
        if found.getvalue():
            yield f"fsrefs: {found.getvalue()}"

    def wrong_after(self, tids):
        """Yield which blob files are not the current state of an object.

        `tids` are the transactions that there were before the pack.
        """
        with self.opened() as connection:
            storage = connection.db().storage
            helper = storage.fshelper
            for oid, folder in helper.listOIDs():
                for name in os.listdir(folder):
                    path = os.path.join(folder, name)
                    _oid, tid = helper.splitBlobFilename(path)
                    if not is_current(storage, oid, tid):
                        cut = "" if tid in tids else ", never committed"
                        yield (
                            f"orphan blob: oid {oid_repr(oid)} "
                            f"tid {tid_repr(tid)}{cut}"
                        )

    def _database(self, **options):
        storage = FileStorage(str(self._server.data), **options)
        return ZODB.DB(BlobStorage(str(self._server.blobs), storage))


class SqlDatabase:
    """A RelStorage, as a section of zope.conf describes it."""

    def __init__(self, section, directory):
        self._conf = ZODB_CONF.format(instance=directory, storage=section)

    @contextmanager
    def opened(self):
        """Open it to read; hands out a Connection."""
        with _connected(databaseFromString(self._conf)) as connection:
            yield connection

    def pack(self):
        """Pack it up to now."""
        _pack(databaseFromString(self._conf))

    def wrong_before(self):
        """Yield which objects refer to one that is not there."""
        with self.opened() as connection:
            known, wanted = set(), {}
            for oid, data in current_records(connection.db().storage):
                known.add(oid)
                for other in referencesf(data):
                    wanted[other] = oid
        for other in wanted.keys() - known:
            yield f"{oid_repr(wanted[other])} lacks {oid_repr(other)}"

    def wrong_after(self, tids):
        """Whether a RelStorage has blobs of nobody is not looked at."""
        return ()


@contextmanager
def _connected(database):
    try:
        with database.transaction() as connection:
            yield connection
            transaction.doom()
    finally:
        database.close()


def _pack(database):
    database.pack(time.time())
    database.close()


def current_records(storage):
    """Yield the oid and the data of each object."""
    cookie = None
    while True:
        oid, _tid, data, cookie = storage.record_iternext(cookie)
        yield oid, data
        if cookie is None:
            return


def is_current(storage, oid, tid):
    """Tell whether `tid` wrote the current state of an object."""
    try:
        return load_current(storage, oid)[1] == tid
    except KeyError:
        return False
