"""How the bytes of requests and responses get into the database."""

import io

import transaction

from netsight.async_.records.body import COPY_BYTES
from netsight.async_.records.body import take_body
from netsight.async_.tests.storage_support import FileStorageTestCase


class Breaking(io.BytesIO):
    """A file that cannot be read beyond its first part."""

    def read(self, size=-1):
        if self.tell() >= COPY_BYTES:
            raise OSError("broken")
        return super().read(size)


class BodyTests(FileStorageTestCase):
    def sizes(self, pattern):
        paths = (self.layer["folder"] / "blobs").rglob(pattern)
        return [path.stat().st_size for path in paths]

    def test_the_file_of_a_blob_is_made_where_the_commit_renames_it(self):
        data = b"x" * 2 * COPY_BYTES
        body = take_body(io.BytesIO(data), self.app._p_jar)
        self.assertEqual(self.sizes("tmp/*"), [len(data)])
        self.app._p_jar.root()["body"] = body
        transaction.commit()
        self.assertEqual(self.sizes("tmp/*"), [])
        self.assertEqual(self.sizes("*.blob"), [len(data)])
        self.assertEqual(body.read(), data)

    def test_what_cannot_be_written_to_its_end_takes_no_room(self):
        stream = Breaking(b"x" * 2 * COPY_BYTES)
        try:
            take_body(stream, self.app._p_jar)
        except OSError:
            # The traceback keeps the body, as when a failure is stored.
            self.assertEqual(sum(self.sizes("tmp/*")), 0)
        else:
            self.fail("it was written")
        transaction.abort()
