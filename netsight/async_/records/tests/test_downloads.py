"""Whether a server has sent all of a file."""

import os
import tempfile
import unittest
from wsgiref.util import FileWrapper

from waitress.buffers import ReadOnlyFileBasedBuffer

from netsight.async_.records.downloads import Download


DATA = bytes(range(256)) * 4096
SIZE = len(DATA)


class DownloadTests(unittest.TestCase):
    def setUp(self):
        stored = tempfile.NamedTemporaryFile()
        self.addCleanup(stored.close)
        stored.write(DATA)
        stored.flush()
        self.path = stored.name
        self.sent = []

    def download(self, start=0, stop=SIZE):
        download = Download(self.path, range(start, stop))
        download.when_sent = lambda: self.sent.append("all")
        self.addCleanup(download.close)
        return download

    def test_an_iteration_to_the_end(self):
        download = self.download(100, 300_000)
        self.assertEqual(b"".join(download), DATA[100:300_000])
        self.assertEqual(self.sent, [])
        download.close()
        download.close()
        self.assertEqual(self.sent, ["all"])

    def test_an_iteration_that_stops(self):
        download = self.download()
        next(download)
        download.close()
        self.assertEqual(self.sent, [])

    def test_its_length_is_that_of_the_part(self):
        self.assertEqual(len(self.download(100, 300)), 200)

    def test_nothing_behind_the_part_is_read(self):
        download = self.download(100, 300)
        self.assertEqual(download.read(1000), DATA[100:300])
        self.assertEqual(download.read(), b"")
        download.seek(0, os.SEEK_END)
        self.assertEqual(download.read(1000), b"")

    def test_waitress_which_looks_before_it_sends(self):
        download = self.download(0, 1000)
        buffer = ReadOnlyFileBasedBuffer(download)
        buffer.prepare(1000)
        buffer.get(600)
        buffer.get(600, skip=True)
        buffer.get(400)
        buffer.close()
        self.assertEqual(self.sent, [])

    def test_waitress_which_has_sent_all(self):
        download = self.download(0, 1000)
        buffer = ReadOnlyFileBasedBuffer(download)
        buffer.prepare(1000)
        buffer.get(1000, skip=True)
        buffer.close()
        self.assertEqual(self.sent, ["all"])

    def test_the_system_cannot_send_it_past_us(self):
        self.assertFalse(hasattr(self.download(), "fileno"))

    def test_a_server_that_reads_and_has_sent_all(self):
        wrapper = FileWrapper(self.download(100))
        self.assertEqual(b"".join(wrapper), DATA[100:])
        wrapper.close()
        self.assertEqual(self.sent, ["all"])

    def test_a_server_that_reads_and_whose_client_breaks_off(self):
        wrapper = FileWrapper(self.download())
        next(wrapper)
        wrapper.close()
        self.assertEqual(self.sent, [])
