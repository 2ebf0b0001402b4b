"""The servers of WSGI that Zope is run by, as processes of their own."""

import hashlib
import os
import signal
import socket
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from netsight.async_.tests.gunicorn_server import GunicornServer
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.server_support import EXIT_SECONDS
from netsight.async_.tests.server_support import LONG
from netsight.async_.tests.server_support import STOP_SECONDS
from netsight.async_.tests.server_support import ServerTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zeo_server import ZeoServer
from netsight.async_.tests.zope_server import ZopeServer


MEGABYTE = 1024 * 1024
DOWNLOAD_BYTES = 32 * MEGABYTE
STARTS = 20


class WaitressTests(ServerTestCase):
    """Gives a body that can be read twice."""

    level = 2

    server = ZopeServer

    def setUp(self):
        super().setUp()
        self.zope.start()

    def result(self, view, process_id):
        """Return the body of the result, as bytes, when it is there."""
        self.wait_for(process_id, "completed")
        status, body = self.zope.get_bytes(
            f"/{view}/result?process_id={process_id}"
        )
        self.assertEqual(status, 200)
        return body

    def uploaded(self, view):
        data = os.urandom(MEGABYTE)
        process_id = self.zope.start_job(view, data)
        return data, self.result(view, process_id)

    def test_a_form(self):
        process_id = self.zope.start_job("crash-slow", seconds=0)
        self.assertEqual(self.result("crash-slow", process_id), b"slow")

    def test_a_file_of_a_megabyte(self):
        data, result = self.uploaded("crash-upload")
        self.assertEqual(len(result), MEGABYTE)
        self.assertEqual(digest(result), digest(data))

    def test_a_body_of_json(self):
        body = b'{"items": [1, 2, 3]}'
        process_id = self.zope.start_job_with(
            "crash-body", body, "application/json"
        )
        self.assertEqual(self.result("crash-body", process_id), body)

    def test_a_chunked_body(self):
        process_id = self.zope.start_job_with(
            "crash-body", iter([b"one ", b"two"]), "application/json"
        )
        self.assertEqual(self.result("crash-body", process_id), b"one two")

    def test_a_start_that_conflicts_is_repeated(self):
        data, result = self.uploaded("crash-upload-conflicting")
        self.assertEqual(digest(result), digest(data))

    def test_a_page_that_conflicts_is_repeated(self):
        answer = self.zope.get("/crash-upload-conflicting")
        self.assertEqual(answer, (200, "the form"))


class WaitressDownloadTests(ServerTestCase):
    """Results expire a second after they were sent."""

    level = 2

    def setUp(self):
        super().setUp()
        self.zope.start(NETSIGHT_ASYNC_KEEP_RESULT="1")
        self.data = os.urandom(DOWNLOAD_BYTES)

    def done(self):
        """Return the path of the result of a process that has completed."""
        process_id = self.zope.start_job("crash-upload", self.data)
        self.wait_for(process_id, "completed")
        return f"/crash-upload/result?process_id={process_id}"

    def break_off(self, path):
        """Begin a download; return some bytes when the server has seen why.

        That is, when it has closed the file.
        """
        with socket.socket() as client:
            # What is on its way must not be all.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            client.connect((HOST, self.zope.port))
            client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            with client.makefile("rb") as answer:
                while answer.readline().strip():
                    pass
                begun = answer.read(MEGABYTE)
            self.assertNotEqual(self.zope.open_blobs(), [])
        self.assertTrue(
            wait_until(lambda: not self.zope.open_blobs(), WAIT_SECONDS)
        )
        return begun

    def wait_expired(self, path):
        """Wait until the server knows no more of a result; fetch nothing."""
        status = path.replace("/result", "/process-status")
        self.assertTrue(
            wait_until(lambda: self.zope.get(status)[0] == 410, WAIT_SECONDS)
        )

    def test_a_result_that_was_sent_expires(self):
        path = self.done()
        self.assertEqual(self.zope.get_bytes(path), (200, self.data))
        self.wait_expired(path)

    def test_a_download_that_breaks_off_can_be_resumed(self):
        broken, sent = self.done(), self.done()
        begun = self.break_off(broken)
        self.assertEqual(self.zope.get_bytes(sent), (200, self.data))
        self.wait_expired(sent)
        rest = {"Range": f"bytes={len(begun)}-"}
        status, more = self.zope.get_bytes(broken, rest)
        self.assertEqual(status, 206)
        self.assertEqual(digest(begun + more), digest(self.data))
        self.wait_expired(broken)


class GunicornDownloadTests(WaitressDownloadTests):
    server = GunicornServer


class GunicornTests(WaitressTests):
    """Gives a body that can be read once."""

    server = GunicornServer

    def test_it_stops_as_any_zope(self):
        self.zope.start_running("crash-slow", LONG)
        self.stop(within=STOP_SECONDS + EXIT_SECONDS)


class GunicornWorkersTests(unittest.TestCase):
    """Each of its workers is a Zope, on the same ZEO server."""

    level = 2

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        zeo = ZeoServer(f"{folder.name}/zeo")
        self.zope = GunicornServer(f"{folder.name}/instance", zeo)
        for server in (zeo, self.zope):
            self.addCleanup(server.kill)
            server.start()
        # The first one of all makes the application.
        self.zope.terminate()
        self.zope.wait(WAIT_SECONDS)
        self.zope.workers = 2
        self.zope.start()

    def test_all_that_is_started_runs_once(self):
        with ThreadPoolExecutor(STARTS) as pool:
            ids = list(pool.map(self.zope.start_job, ["crash-quick"] * STARTS))
        records = [self.zope.wait_for(each, "completed") for each in ids]
        self.assertEqual([r["effects"] for r in records], [[1]] * STARTS)

    def test_a_worker_that_is_killed_is_replaced_and_its_job_run_again(self):
        process_id = self.zope.start_running("crash-slow-again", "2")
        _machine, pid, _chance = self.zope.states()[process_id][
            "worker"
        ].split(":")
        os.kill(int(pid), signal.SIGKILL)
        # What it had accepted has no answer.
        wait_until(lambda: self.zope.answers(), WAIT_SECONDS)
        record = self.zope.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [2])


def digest(data):
    return hashlib.sha256(data).hexdigest()
