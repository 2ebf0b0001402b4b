"""A real server whose storage fails: read-only, full, or without its blobs.

The disk is full by the limit that the system puts on the size of each file
that the server writes: writing fails in the same calls as on a full disk.
"""

import resource
import shutil
from contextlib import contextmanager
from http.client import HTTPConnection

from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.server_support import ServerTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zope_server import BOUNDARY
from netsight.async_.tests.zope_server import multipart
from netsight.async_.tests.zope_server import plain


NOT_STORED = "could not store your request"
READ_ONLY = "can only be read at the moment"

BEATS_SECONDS = 3
"""A few of the beats that the server is told to make."""

KB = 1024


class StorageTestCase(ServerTestCase):
    level = 2

    def completed(self, view="crash-quick", **form):
        """Return the id of a process that has completed."""
        process_id = self.zope.start_job(view, **form)
        self.wait_for(process_id, "completed")
        return process_id

    def see(self, view, subview, process_id):
        """Return (status, text without tags) of a page of a process."""
        path = f"/{view}/{subview}?process_id={process_id}"
        status, text = self.zope.get(path)
        return status, plain(text)

    def check_refused(self, sentence, path="/crash-quick", data=b""):
        """A POST must be answered with 503 and a sentence; nothing else."""
        before = self.zope.states()
        status, headers, text = self.zope.post(path, data)
        self.assertEqual(status, 503, text)
        self.assertIn(sentence, plain(text))
        self.assertNotIn("Location", headers)
        self.assertEqual(self.zope.states(), before)

    def wait_for_log(self, text):
        found = wait_until(lambda: text in self.zope.log, WAIT_SECONDS)
        self.assertTrue(found, self.zope.log[-4000:])


class ReadOnlyTests(StorageTestCase):
    def setUp(self):
        super().setUp()
        self.zope.start()
        self.done = self.completed()
        self.cancellable = self.running("crash-slow-cancellable")
        self.zope.kill()
        self.zope.log_path.unlink()
        conf = self.zope.conf_path
        text = conf.read_text()
        path = f"path {self.zope.directory}"
        self.assertEqual(text.count("<filestorage>"), 1, path)
        conf.write_text(
            text.replace("<filestorage>", "<filestorage>\n read-only true")
        )
        self.zope.start()

    def test_pages_and_results_are_served(self):
        self.assertEqual(
            self.see("crash-quick", "result", self.done), (200, "quick")
        )
        status, page = self.see(
            "crash-slow-cancellable", "processing", self.cancellable
        )
        self.assertEqual(status, 200)

    def test_a_post_is_refused_at_the_door(self):
        self.check_refused(READ_ONLY)
        self.assertNotIn("Traceback", self.zope.log)

    def test_so_is_a_cancel(self):
        query = f"process_id={self.cancellable}"
        self.check_refused(
            READ_ONLY, f"/crash-slow-cancellable/process-cancel?{query}"
        )

    def test_it_is_logged_once_and_zope_ends_in_order(self):
        self.see("crash-quick", "result", self.done)
        line = "the database can only be read"
        self.wait_for_log(line)
        again = wait_until(
            lambda: self.zope.log.count(line) > 1, BEATS_SECONDS
        )
        self.assertFalse(again, self.zope.log)
        self.stop()


class FullDiskTests(StorageTestCase):
    def fill(self):
        """Have Data.fs be larger than all other files, the log too."""
        for _again in range(8):
            status, _headers, _text = self.zope.post(
                "/crash-quick", b"x" * 60 * KB
            )
            self.assertEqual(status, 302)
        self.wait_for_all("completed")

    def wait_for_all(self, state):
        reached = wait_until(
            lambda: all(
                record["state"] == state
                for record in self.zope.states().values()
            ),
            WAIT_SECONDS,
        )
        self.assertTrue(reached, self.zope.states())

    @contextmanager
    def full_disk(self, room=0):
        """Let no file grow beyond Data.fs and `room` bytes, in a block."""
        self.limit(self.zope.data.stat().st_size + room)
        try:
            yield
        finally:
            self.limit(resource.RLIM_INFINITY)

    def limit(self, size):
        resource.prlimit(
            self.zope.os_process.pid,
            resource.RLIMIT_FSIZE,
            (size, resource.RLIM_INFINITY),
        )

    def check_all_is_well(self):
        """Zope and its database must be as if nothing had happened."""
        self.completed()
        states = self.zope.states()
        self.kill_and_start()
        self.assertEqual(self.zope.states().keys(), states.keys())
        self.completed()

    def test_a_post_that_cannot_be_committed(self):
        self.zope.start()
        self.fill()
        with self.full_disk():
            self.check_refused(NOT_STORED)
            self.check_refused(NOT_STORED)
        self.assertRegex(
            self.zope.log,
            "the start of process [-0-9a-f]{36} at /crash-quick was not stored"
            "\nTraceback",
        )
        self.check_all_is_well()

    def test_a_post_whose_blob_cannot_be_written(self):
        self.zope.start()
        self.completed()
        self.limit(300 * KB)
        self.check_refused(NOT_STORED, data=b"x" * 400 * KB)
        self.limit(resource.RLIM_INFINITY)
        self.assertIn("was not stored\nTraceback", self.zope.log)
        left = list(self.zope.blobs.rglob("*.blob"))
        left += list((self.zope.blobs / "tmp").iterdir())
        self.assertEqual(left, [])
        self.check_all_is_well()

    def test_a_cancel_that_cannot_be_committed(self):
        self.zope.start()
        self.fill()
        process_id = self.running("crash-slow-cancellable")
        path = (
            "/crash-slow-cancellable/process-cancel?process_id=" + process_id
        )
        with self.full_disk():
            status, _headers, text = self.zope.post(path)
        self.assertEqual(status, 503)
        self.assertIn(NOT_STORED, plain(text))
        self.assertIn(f"the cancel of process {process_id}", self.zope.log)
        self.assertEqual(self.zope.state(process_id), "running")
        self.zope.post(path)
        self.wait_for(process_id, "cancelled")

    def test_a_claim_that_cannot_be_committed_is_taken_later(self):
        one_thread = {"NETSIGHT_ASYNC_THREADS": "1"}
        self.zope.start(**one_thread)
        self.fill()
        self.running("crash-slow", seconds="2")
        queued = self.zope.start_job("crash-quick")
        with self.full_disk():
            self.wait_for_log(f"{queued}: its outcome was not written")
            self.assertEqual(self.zope.state(queued), "queued")
        self.wait_for(queued, "completed")

    def test_a_start_of_zope(self):
        self.zope.start()
        self.fill()
        self.running("crash-slow")
        again = self.running("crash-slow-again", seconds="1")
        self.zope.kill()
        self.zope.launch()
        with self.full_disk():
            answers = wait_until(self.zope.answers, WAIT_SECONDS)
            self.assertTrue(answers, self.zope.log[-4000:])
            self.wait_for_log("earlier workers were not noted as dead")
            self.wait_for_log("recovery failed")
        self.wait_for(again, "completed")

    def test_progress_and_heartbeat_go_on_when_there_is_room(self):
        self.zope.start()
        self.fill()
        process_id = self.running("crash-slow", seconds="8")
        with self.full_disk():
            self.wait_for_log("writing progress failed")
            self.wait_for_log("the heartbeat failed")
        self.wait_for_log("writing progress works again")
        self.wait_for_log("the heartbeat works again")
        self.wait_for(process_id, "completed")
        self.assertEqual(self.zope.log.count("writing progress failed"), 1)

    def test_an_outcome_that_cannot_be_committed(self):
        self.zope.start()
        self.fill()
        lost = self.running("crash-slow", seconds="3")
        again = self.running("crash-slow-again", seconds="3")
        with self.full_disk():
            for process_id in lost, again:
                self.wait_for_log(f"{process_id}: its outcome was not written")
        self.wait_for(lost, "lost")
        self.wait_for(again, "completed")
        self.check_all_is_well()

    def test_a_result_whose_blob_cannot_be_written(self):
        self.zope.start()
        self.fill()
        process_id = self.zope.start_job(
            "crash-large", seconds="1", size=2048 * KB
        )
        with self.full_disk(room=200 * KB):
            self.wait_for(process_id, "failed")
        self.assertEqual(self.zope.states()[process_id]["error"], "OSError")
        self.assertIn(f"process {process_id} of", self.zope.log)
        status, page = self.see("crash-large", "result", process_id)
        self.assertEqual(status, 500)
        self.assertIn(process_id, page)
        self.check_all_is_well()

    def test_a_sweep_that_cannot_be_committed_is_done_later(self):
        self.zope.start(NETSIGHT_ASYNC_KEEP_RESULT="0")
        self.fill()
        process_id = self.completed()
        with self.full_disk():
            self.see("crash-quick", "result", process_id)
            self.wait_for_log("writing progress failed")
        gone = wait_until(
            lambda: process_id not in self.zope.states(), WAIT_SECONDS
        )
        self.assertTrue(gone, self.zope.states())


class MissingBlobDirectoryTests(StorageTestCase):
    def test_a_large_post_is_refused_and_a_small_one_works(self):
        self.zope.start()
        shutil.rmtree(self.zope.blobs)
        self.check_refused(NOT_STORED, data=b"x" * 400 * KB)
        self.assertIn("FileNotFoundError", self.zope.log)
        self.completed()

    def test_a_large_result_is_a_failure(self):
        self.zope.start()
        shutil.rmtree(self.zope.blobs)
        process_id = self.zope.start_job(
            "crash-large", seconds="0", size=400 * KB
        )
        self.wait_for(process_id, "failed")
        self.assertIn(f"process {process_id} of", self.zope.log)
        status, page = self.see("crash-large", "result", process_id)
        self.assertEqual(status, 500)
        self.assertIn(process_id, page)

    def test_a_result_whose_blob_is_gone(self):
        self.zope.start()
        process_id = self.completed("crash-large", seconds="0", size=400 * KB)
        shutil.rmtree(self.zope.blobs)
        for _again in range(2):
            status, page = self.see("crash-large", "result", process_id)
            self.assertEqual(status, 500)
            self.assertIn("cannot be read any more", page)
            self.assertIn(process_id, page)
        self.assertIn(f"the result of process {process_id}", self.zope.log)
        self.assertIn("POSKeyError", self.zope.log)
        self.completed()

    def queue_upload(self):
        """Return the id of a process that waits until the blobs are away."""
        self.zope.start(NETSIGHT_ASYNC_THREADS="1")
        self.running("crash-slow", seconds="2")
        queued = self.zope.start_job("crash-upload", b"\0" * 400 * KB)
        self.zope.blobs.rename(self.away)
        self.wait_for_log(f"process {queued} waits")
        return queued

    @property
    def away(self):
        return self.zope.blobs.with_name("away")

    def test_a_queued_process_waits_while_its_input_is_away(self):
        queued = self.queue_upload()
        self.completed()
        self.assertEqual(self.zope.state(queued), "queued")
        self.away.rename(self.zope.blobs)
        self.assertEqual(self.wait_for(queued, "completed")["claims"], 1)
        self.assertEqual(self.zope.log.count(f"process {queued} waits"), 1)

    def test_a_queued_process_whose_input_is_gone(self):
        queued = self.queue_upload()
        # It makes another directory, without this blob.
        self.kill_and_start()
        self.wait_for(queued, "failed")
        self.assertIn(f"process {queued} of", self.zope.log)
        status, page = self.see("crash-upload", "processing", queued)
        self.assertEqual(status, 200)
        self.assertIn(queued, page)
        self.completed()


class TooLargeTests(StorageTestCase):
    """Beyond the limits of Zope and its server: their errors, and no trace."""

    def start_with_temporary(self):
        self.temporary = self.zope.directory / "tmp"
        self.temporary.mkdir()
        self.zope.start(TMPDIR=str(self.temporary))
        self.files = set(self.zope.blobs.rglob("*"))

    def check_no_trace(self):
        self.assertEqual(self.zope.states(), {})
        self.assertEqual(set(self.zope.blobs.rglob("*")), self.files)
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_a_form_beyond_the_limit_of_zope(self):
        with self.zope.conf_path.open("a") as conf:
            conf.write(
                "<dos_protection>\n form-disk-limit 1MB\n</dos_protection>\n"
            )
        self.start_with_temporary()
        status, _headers, text = self.zope.post(
            "/crash-upload",
            multipart({}, b"x" * 2048 * KB),
            f"multipart/form-data; boundary={BOUNDARY}",
        )
        self.assertEqual(status, 400, text)
        self.check_no_trace()

    def test_a_body_beyond_the_limit_of_waitress(self):
        ini = self.zope.ini_path
        limit = f"threads = 4\nmax_request_body_size = {1024 * KB}"
        ini.write_text(ini.read_text().replace("threads = 4", limit))
        self.start_with_temporary()
        connection = HTTPConnection(HOST, self.zope.port, timeout=WAIT_SECONDS)
        self.addCleanup(connection.close)
        connection.putrequest("POST", "/crash-quick")
        connection.putheader("Content-Length", str(2048 * KB))
        # It answers before the body is sent.
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 413)
        self.check_no_trace()


class NoBlobDirectoryTests(StorageTestCase):
    """As mkwsgiinstance makes it."""

    def test_bodies_of_any_size_are_stored_beside_the_record(self):
        conf = self.zope.conf_path
        lines = conf.read_text().splitlines()
        conf.write_text("\n".join(x for x in lines if "blob" not in x))
        self.zope.start()
        process_id = self.zope.start_job(
            "crash-large", b"x" * 400 * KB, seconds="0", size=400 * KB
        )
        self.wait_for(process_id, "completed")
        status, page = self.see("crash-large", "result", process_id)
        self.assertEqual((status, len(page)), (200, 400 * KB))
        self.assertEqual(list(self.zope.blobs.iterdir()), [])
