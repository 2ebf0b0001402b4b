"""The bytes of a request or response, small ones inline, large ones a blob."""

import errno
import os
import shutil
from io import BufferedWriter
from io import BytesIO
from typing import NamedTuple

from ZODB.blob import LAYOUT_MARKER
from ZODB.blob import Blob
from ZODB.interfaces import IBlobStorage
from ZODB.POSException import POSKeyError

from netsight.async_.records.downloads import Download
from netsight.async_.records.parts import Part


COPY_BYTES = 1024 * 1024

SPOOL_BYTES = 1024 * 1024
"""A body that is read or written above this size is kept on disk meanwhile."""

SMALL_BODY_BYTES = 2 * 1024
"""Bodies up to this size are stored within what refers to them."""

INLINE_BODY_BYTES = 64 * 1024
"""Request and response bodies above this size become blobs."""


def take_body(stream, connection):
    """Return a SmallBody or a Body with all of a seekable binary file.

    `connection` is the ZODB connection that the body will be stored in; a
    database without a blob directory gets the bytes inline.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    if size <= SMALL_BODY_BYTES:
        return SmallBody(stream.read())
    return Body(stream, size, connection)


class SmallBody(NamedTuple):
    """Immutable bytes that no object of their own is worth."""

    data: bytes

    @property
    def size(self):
        return len(self.data)

    def open(self):
        """Return a readable, seekable binary file."""
        return BytesIO(self.data)

    def read(self):
        """Return all bytes."""
        return self.data

    def publish(self, part=None):
        """Return what a view may return: bytes; of `part`, a range of it."""
        return self.data if part is None else self.data[part.start : part.stop]


class Body(Part):
    """Immutable bytes of `size`, as an object of their own."""

    data = b""
    blob = None

    def __init__(self, stream, size, connection):
        self.size = size
        blobs = IBlobStorage.providedBy(connection.db().storage)
        if size <= INLINE_BODY_BYTES or not blobs:
            self.data = stream.read()
        else:
            self._write_blob(stream, connection)

    def _write_blob(self, stream, connection):
        self.blob = Blob()
        # Only then its file is made where the commit can rename it.
        connection.add(self.blob)
        try:
            # Only a buffered file raises if less is written than was given.
            with BufferedWriter(self.blob.open("w"), COPY_BYTES) as target:
                shutil.copyfileobj(stream, target, COPY_BYTES)
        except OSError:
            # Give back the room: the failure has to be stored, too.
            self.blob.open("w").close()
            raise

    def open(self):
        """Return a readable, seekable binary file.

        It stays valid when the connection is closed, the body deleted and the
        database packed; the caller closes it.  Raises POSKeyError if the
        bytes are gone, and other errors, as OSError, if they cannot be read
        now.
        """
        return BytesIO(self.data) if self.blob is None else self._open_blob()

    def _open_blob(self):
        storage = self._p_jar.db().storage
        # ZODB itself logs a traceback for each blob that is not there.
        _check_directory(storage)
        try:
            return self.blob.open("c")
        except POSKeyError as exc:
            # It may have gone meanwhile.
            _check_directory(storage)
            if _has_unseen_directory(storage):
                raise OSError("the storage server has no such blob") from exc
            raise

    def read(self):
        """Return all bytes."""
        with self.open() as stream:
            return stream.read()

    def publish(self, part=None):
        """Return what a view may return: bytes, or a Download.

        Of `part`, a range of its bytes, if there is one.
        """
        if part is None:
            part = range(self.size)
        if self.blob is None:
            return self.data[part.start : part.stop]
        return Download(self.blob.committed(), part)


def _check_directory(storage):
    """Raise FileNotFoundError if the directory of all blobs is not there.

    An empty one is where a file system is not mounted.  A storage of another
    kind than those of ZODB, ZEO and RelStorage tells of none.
    """
    helper = getattr(storage, "blobhelper", storage)
    files = getattr(helper, "fshelper", None)
    if files is not None:
        marker = os.path.join(files.base_dir, LAYOUT_MARKER)
        if not os.path.exists(marker):
            code = errno.ENOENT
            raise FileNotFoundError(code, os.strerror(code), marker)


def _has_unseen_directory(storage):
    """Tell whether a server of ZEO has blobs where it alone can see them."""
    return not getattr(storage, "shared_blob_dir", True)
