"""A gigabyte in, and a gigabyte out, through a real server."""

import hashlib
import http.client
import re
import unittest
from pathlib import Path
from urllib.parse import parse_qs
from urllib.parse import urlsplit

from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.server_support import ServerTestCase
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zope_server import BOUNDARY


MB = 1024 * 1024
SIZE = 1024 * MB
MOST_GROWTH = 64 * MB
"""What the resident memory of Zope may grow by."""

SECONDS = 600
"""Longest wait for a step."""

HEAD = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="upload"; filename="upload.bin"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


def pieces(size):
    """Yield `size` bytes, a whole number of MB, no two of which are alike."""
    block = hashlib.shake_128(b"netsight.async").digest(MB - 8)
    for number in range(size // MB):
        yield number.to_bytes(8, "big") + block


class Sent:
    """The body of a POST, made while it is sent."""

    def __init__(self, size):
        self.length = len(HEAD) + size + len(TAIL)
        self.digest = hashlib.sha256()
        self._size = size

    def __iter__(self):
        yield HEAD
        for piece in pieces(self._size):
            self.digest.update(piece)
            yield piece
        yield TAIL


@unittest.skipUnless(Path("/proc/self/status").exists(), "there is no /proc")
class LargeTests(ServerTestCase):
    level = 2

    def setUp(self):
        super().setUp()
        conf, ini = self.zope.conf_path, self.zope.ini_path
        conf.write_text(
            conf.read_text()
            + "<dos_protection>\n  form-disk-limit 2GB\n</dos_protection>\n"
        )
        ini.write_text(
            ini.read_text().replace(
                "threads = 4",
                f"threads = 4\nmax_request_body_size = {2 * SIZE}",
            )
        )
        self.zope.start()

    def memory(self, name):
        """Return VmRSS (now) or VmHWM (at most so far) of Zope, in bytes."""
        status = Path(f"/proc/{self.zope.os_process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) * 1024

    def connection(self):
        connection = http.client.HTTPConnection(
            HOST, self.zope.port, timeout=SECONDS
        )
        self.addCleanup(connection.close)
        return connection

    def post(self, view, body):
        """POST a Sent body, and return the id of the process."""
        connection = self.connection()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(body.length),
        }
        connection.request("POST", f"/{view}", body, headers)
        response = connection.getresponse()
        response.read()
        self.assertEqual(response.status, 302, self.zope.log[-4000:])
        query = urlsplit(response.headers["Location"]).query
        return parse_qs(query)["process_id"][0]

    def fetch(self, view, process_id):
        """Return (headers, number of bytes, digest) of a result."""
        connection = self.connection()
        connection.request("GET", f"/{view}/result?process_id={process_id}")
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        size, digest = 0, hashlib.sha256()
        while piece := response.read(MB):
            size += len(piece)
            digest.update(piece)
        return response.headers, size, digest.hexdigest()

    def echo(self, size):
        """Send `size` bytes, and have the same back as result."""
        body = Sent(size)
        process_id = self.post("crash-echo", body)
        done = wait_until(
            lambda: self.zope.state(process_id) == "completed", SECONDS
        )
        self.assertTrue(done, self.zope.log[-4000:])
        headers, fetched, digest = self.fetch("crash-echo", process_id)
        self.assertEqual(headers["Content-Length"], str(size))
        self.assertNotIn("Transfer-Encoding", headers)
        self.assertEqual(fetched, size)
        self.assertEqual(digest, body.digest.hexdigest())

    def test_a_gigabyte_in_and_out_takes_little_memory(self):
        self.echo(2 * MB)
        before = self.memory("VmRSS")
        self.echo(SIZE)
        growth = self.memory("VmHWM") - before
        print(f"  1 GiB in and out: Zope grew by {growth / MB:.1f} MiB.")
        self.assertLess(growth, MOST_GROWTH)
        self.assertNotIn("Traceback", self.zope.log)
