"""Files on their way to a client."""

import io

from zope.interface import implementer
from ZPublisher.Iterators import IStreamIterator


CHUNK_BYTES = 64 * 1024


@implementer(IStreamIterator)
class Download:
    """A part of the file at a path: a range of its bytes.

    When it is closed, `when_sent` is called if its last byte was sent.  A
    server reads as far as it has sent: waitress and gunicorn take it from Zope
    by ``wsgi.file_wrapper``, others iterate.

    It is no file of Python, as of these Zope sends all, and has no number, as
    the system would send by that without anybody reading.
    """

    when_sent = None
    """A callable without arguments, which may be called in any thread."""

    def __init__(self, path, part):
        self._file = io.FileIO(path)
        self._part = part
        self.seek(0)

    def __len__(self):
        return len(self._part)

    def __iter__(self):
        return self

    def __next__(self):
        data = self.read(CHUNK_BYTES)
        if not data:
            raise StopIteration
        return data

    def read(self, size=-1):
        left = max(0, len(self) - self.tell())
        if size is None or size < 0:
            size = left
        return self._file.read(min(size, left))

    def tell(self):
        return self._file.tell() - self._part.start

    def seek(self, offset, whence=io.SEEK_SET):
        if whence == io.SEEK_SET:
            offset += self._part.start
        elif whence == io.SEEK_END:
            offset, whence = offset + self._part.stop, io.SEEK_SET
        self._file.seek(offset, whence)
        return self.tell()

    def close(self):
        if self._file.closed:
            return
        is_sent = self.tell() >= len(self)
        self._file.close()
        if is_sent and self.when_sent is not None:
            self.when_sent()
