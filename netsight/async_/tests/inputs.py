"""Bodies of requests, as servers other than waitress give them."""

from io import BytesIO


class Unseekable:
    """A wsgi.input that can be read once; it counts what was read."""

    def __init__(self, data):
        self._stream = BytesIO(data)

    def read(self, size):
        return self._stream.read(size)

    @property
    def received(self):
        """How many bytes have been read."""
        return self._stream.tell()
