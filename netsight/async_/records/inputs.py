"""The body of a request, as a file that can be read more than once.

PEP 3333 promises that of no server.  A start stores the body that Zope has
parsed, and Zope itself reads it again to repeat a request after a conflict.
"""

import io
import tempfile

from zExceptions import BadRequest

from netsight.async_.records.body import COPY_BYTES
from netsight.async_.records.body import SPOOL_BYTES


def keep_input(event):
    """Have the input of a request be seekable, before Zope parses it.

    An input that is seekable already, as that of waitress, stays as it is.
    """
    request = event.request
    if not is_seekable(request.stdin):
        request.stdin = kept(request.stdin, request.environ)
    # After a conflict, the environ is made anew.
    request.environ["wsgi.input"] = request.stdin


def is_seekable(stream):
    """Tell whether a binary file can be read again."""
    try:
        # Not `seekable` or `tell`: what WebTest wraps has only `seek`.
        stream.seek(0, 1)
    except (AttributeError, OSError):
        return False
    return True


def kept(stream, environ):
    """Return a seekable file of a ``wsgi.input`` and its environ."""
    return io.BufferedReader(KeptInput(stream, length_of(environ)))


def length_of(environ):
    """Return how many bytes a body has; None if it ends where input ends."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        return int(length)
    # A chunked body; of other servers one could wait for ever.
    return None if environ.get("wsgi.input_terminated") else 0


class KeptInput(io.RawIOBase):
    """A body that is received as far as it is read, and kept from then on.

    So what Zope refuses to read, as it is too large, is not received.  Reading
    raises BadRequest if the client breaks off before `length` bytes; without
    a length, the body ends where the stream does.
    """

    def __init__(self, stream, length):
        self._stream = stream
        self._left = length
        self._received = 0
        self._file = tempfile.SpooledTemporaryFile(SPOOL_BYTES)

    def readable(self):
        return True

    def seekable(self):
        return True

    def readinto(self, buffer):
        data = self._file.read(len(buffer)) or self._receive(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset, whence=io.SEEK_SET):
        if whence == io.SEEK_CUR:
            offset, whence = offset + self._file.tell(), io.SEEK_SET
        if whence == io.SEEK_END or offset > self._received:
            self._receive_rest()
        self._file.seek(offset, whence)
        return self._file.tell()

    def close(self):
        self._file.close()
        super().close()

    def _receive_rest(self):
        self._file.seek(self._received)
        while self._receive(COPY_BYTES):
            pass

    def _receive(self, size):
        """Return the next bytes, at most `size`; the file is at its end."""
        if self._left is not None:
            size = min(size, self._left)
        data = self._stream.read(size) if size else b""
        if self._left is not None:
            if size and not data:
                raise BadRequest("the body of the request is not complete")
            self._left -= len(data)
        self._received += len(data)
        self._file.write(data)
        return data
