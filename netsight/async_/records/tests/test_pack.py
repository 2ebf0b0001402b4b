"""The database is packed while processes run, and when they have expired."""

import logging
import os
import threading
import time
from contextlib import closing
from unittest import mock

import transaction
from OFS.Folder import Folder
from webtest import Upload

from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.downloads import Download
from netsight.async_.running.monitor import monitor
from netsight.async_.running.runner import run
from netsight.async_.serving import recovery
from netsight.async_.serving.recovery import DAY_SECONDS
from netsight.async_.serving.server import _sweep
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.storage_support import BLOB_STORAGE_FUNCTIONAL
from netsight.async_.tests.storage_support import FileStorageTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.waiting import WAIT_SECONDS


DATA = os.urandom(300_000)


class PackTestCase(FileStorageTestCase):
    def setUp(self):
        super().setUp()
        retry_conflicts(self)

    def pack(self):
        """Pack up to now, in a thread of its own."""
        thread = threading.Thread(target=self.database.pack)
        thread.start()
        thread.join(WAIT_SECONDS)
        self.assertFalse(thread.is_alive(), "the pack did not end")

    def start(self, client):
        """Start the job with an upload; return the process id."""
        form = {"upload": Upload("a.bin", DATA)}
        return client.start("/job", form)

    def check_completed(self, process_id):
        self.assertEqual(self.process(process_id).state, "completed")
        result = self.client().see("/job", "result", process_id)
        self.assertEqual(result.body, DATA)


class RunningTests(PackTestCase):
    def test_at_every_moment_of_a_process(self):
        gates = [Gate(), Gate(), Gate()]

        def work(view, process_id):
            gates[0].reach()
            view.set_progress(process_id, 30)
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
            gates[1].reach()
            view.context.title = "effect"
            view.checkpoint()
            gates[2].reach()
            return view.request.form["upload"].read()

        self.job(work)
        with self.assertNoLogs("netsight.async_", logging.WARNING):
            with processes_run_by(Never()):
                process_id = self.start(self.client())
            self.pack()
            with self.threads() as executor:
                executor.ring(process_id)
                for gate in gates:
                    gate.wait()
                    self.pack()
                    gate.open()
                self.assertTrue(executor.wait_idle(WAIT_SECONDS))
            self.pack()
            self.check_completed(process_id)
            self.recover()
            self.pack()
            self.check_completed(process_id)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, "effect")

    def test_again_and_again_while_many_run(self):
        self.job(lambda view, pid: view.request.form["upload"].read())
        done = threading.Event()
        packs = []

        def pack_on():
            while not done.is_set():
                self.database.pack()
                packs.append(1)

        packer = threading.Thread(target=pack_on)
        packer.start()
        try:
            with (
                self.assertNoLogs("netsight.async_", logging.WARNING),
                self.threads() as executor,
            ):
                ids = [self.start(self.client()) for _start in range(10)]
                self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        finally:
            done.set()
            packer.join(WAIT_SECONDS)
        self.assertGreater(len(packs), 1)
        for process_id in ids:
            self.check_completed(process_id)

    def test_what_a_process_has_yet_to_read(self):
        """It is repeated, since its view of the database is gone."""
        self.app._setObject("other", Folder("other"))
        self.app.other.title = "before"
        transaction.commit()
        gate, seen = Gate(), []

        def work(view, process_id):
            if not seen:
                gate.reach()
            seen.append("read")
            return view.context.other.title

        self.job(work)
        with (
            self.assertNoLogs("netsight.async_", logging.ERROR),
            self.threads() as executor,
        ):
            self.app._p_jar.cacheMinimize()
            process_id = self.client().start("/job")
            gate.wait()
            self.app._p_jar.sync()
            self.app.other.title = "after"
            transaction.commit()
            self.pack()
            gate.open()
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        result = self.client().see("/job", "result", process_id)
        self.assertIn(result.text, ("before", "after"))

    def test_a_result_that_is_being_sent(self):
        _client, process_id = self.run_job(lambda view, pid: DATA)
        transaction.begin()
        stream = self.process(process_id).response.body.publish()
        self.assertIsInstance(stream, Download)
        begun = stream.read(1000)
        transaction.abort()
        transact("test", remove, process_id)
        self.pack()
        with closing(stream):
            self.assertEqual(begun + stream.read(), DATA)
        self.assertEqual(self.processes(), [])


class WrappedRunningTests(RunningTests):
    layer = BLOB_STORAGE_FUNCTIONAL

    # <blobstorage> of ZODB removes the blobs of a commit that is under way.
    test_again_and_again_while_many_run = None


class ExpiredTests(PackTestCase):
    def sizes(self):
        """Return the bytes of Data.fs and of all blobs."""
        folder = self.layer["folder"]
        blobs = (folder / "blobs").rglob("*.blob")
        return (
            (folder / "Data.fs").stat().st_size,
            sum(path.stat().st_size for path in blobs),
        )

    def run_one(self, work):
        self.job(work)
        process_id = self.start(self.client())
        self.recover()
        return process_id

    def sweep_later(self):
        """Sweep in a time when all that has ended is expired."""
        later = time.time() + 8 * DAY_SECONDS
        clock = mock.Mock(time=lambda: later)
        with mock.patch.object(recovery, "time", clock):
            while transact("test", _sweep, None) is not None:
                pass

    def check_all_is_given_back(self, *process_ids):
        self.sweep_later()
        transaction.begin()
        for process_id in process_ids:
            self.assertNotIn(process_id, query_registry(self.app))
        self.pack()
        data, blobs = self.sizes()
        self.assertEqual(blobs, 0)
        self.assertLess(data, self.empty + 4096)

    def setUp(self):
        super().setUp()
        self.run_one(lambda view, pid: "makes the registry")
        self.sweep_later()
        self.pack()
        self.empty, blobs = self.sizes()
        self.assertEqual(blobs, 0)

    def test_completed_ones(self):
        ids = [self.run_one(lambda view, pid: DATA) for _run in range(3)]
        # The input of each is dropped, and a pack gives it back.
        self.assertGreater(self.sizes()[1], 3 * 2 * len(DATA))
        self.pack()
        self.assertEqual(self.sizes()[1], 3 * len(DATA))
        self.check_all_is_given_back(*ids)

    def test_small_results_in_the_records(self):
        text = "x" * 60_000
        ids = [self.run_one(lambda view, pid: text) for _run in range(3)]
        self.assertGreater(self.sizes()[0], self.empty + 3 * len(text))
        self.check_all_is_given_back(*ids)

    def test_failed_ones(self):
        def fail(view, process_id):
            raise ValueError("failed")

        with self.assertLogs("netsight.async_", logging.ERROR):
            process_id = self.run_one(fail)
        self.assertEqual(self.process(process_id).state, "failed")
        self.check_all_is_given_back(process_id)

    def test_cancelled_ones(self):
        with processes_run_by(Never()):
            client = self.client()
            form = {"upload": Upload("a.bin", DATA)}
            process_id = client.start("/cancellable-job", form)
        client.post(
            "/cancellable-job/process-cancel", {"process_id": process_id}
        )
        self.recover()
        self.assertEqual(self.process(process_id).state, "cancelled")
        self.check_all_is_given_back(process_id)

    def test_lost_ones(self):
        self.job(lambda view, pid: DATA)
        with processes_run_by(Never()):
            process_id = self.start(self.client())
        transact("test", die_with_claim, process_id)
        self.recover()
        self.recover()
        self.assertEqual(self.process(process_id).state, "lost")
        self.check_all_is_given_back(process_id)

    def test_undone_ones(self):
        process_id = self.run_one(lambda view, pid: DATA)
        job = [i for i, note in self.undoable() if note == "/job"][-1]
        self.undo(job)
        self.assertEqual(self.process(process_id).state, "lost")
        self.check_all_is_given_back(process_id)

    def test_what_is_queued_or_running_is_kept(self):
        self.job(lambda view, pid: view.request.form["upload"].read())
        with processes_run_by(Never()):
            queued = self.start(self.client())
        self.sweep_later()
        self.pack()
        run(queued)
        self.check_completed(queued)


class WrappedExpiredTests(ExpiredTests):
    layer = BLOB_STORAGE_FUNCTIONAL


def remove(root, process_id):
    query_registry(root).remove(process_id)
