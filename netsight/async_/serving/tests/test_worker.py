"""A web Zope that runs nothing, and workers without a web server."""

import signal
import tempfile
import unittest

from netsight.async_.tests.server_support import CLUSTER_EXIT_SECONDS
from netsight.async_.tests.server_support import LONG
from netsight.async_.tests.server_support import STOP_SECONDS
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.worker_process import WorkerProcess
from netsight.async_.tests.zeo_server import ZeoServer
from netsight.async_.tests.zope_server import ZopeServer


NONE = {"NETSIGHT_ASYNC_EXECUTOR": "none"}

SLOW_BEAT = {
    "NETSIGHT_ASYNC_BEAT_SECONDS": "300",
    "NETSIGHT_ASYNC_LEASE_SECONDS": "3600",
}
"""Nothing is found in time but by polls, and nobody dies of a lease."""


RARE_POLLS = {"NETSIGHT_ASYNC_POLL_SECONDS": "3600"}

ONE_THREAD = {"NETSIGHT_ASYNC_THREADS": "1"}


class WorkerTestCase(unittest.TestCase):
    level = 2

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.zeo = ZeoServer(f"{folder.name}/zeo")
        self.web = ZopeServer(f"{folder.name}/web", self.zeo)
        self.workers = [
            WorkerProcess(f"{folder.name}/{name}", self.zeo) for name in "ab"
        ]
        for server in (self.zeo, self.web, *self.workers):
            self.addCleanup(server.kill)
        self.zeo.start()
        self.web.start(**NONE, **SLOW_BEAT)

    def start(self, *workers, **environ):
        for worker in workers:
            # It runs on threads, whatever the settings say.
            worker.start(**{**NONE, **SLOW_BEAT, **environ})

    def holder_of(self, process_id):
        """Return the worker that runs a process, or None."""
        name = self.web.states()[process_id]["worker"] or ""
        running = [
            worker
            for worker in self.workers
            if worker.os_process and f":{worker.os_process.pid}:" in name
        ]
        return running[0] if running else None

    def wait_until(self, condition):
        self.assertTrue(wait_until(condition, WAIT_SECONDS), self.logs())

    def logs(self):
        return "\n".join(each.log for each in self.workers if each.os_process)

    def stop(self, worker, within=CLUSTER_EXIT_SECONDS):
        """SIGTERM a worker; it must end in time, in order."""
        worker.terminate()
        self.assertEqual(worker.wait(within), 0)
        self.assertNotIn("Traceback", worker.log)


class RunTests(WorkerTestCase):
    def test_a_worker_runs_what_the_web_has_queued_and_the_web_serves_it(self):
        worker = self.workers[0]
        self.start(worker)
        upload = bytes(range(256)) * 1000
        process_id = self.web.start_job("crash-upload", upload)
        record = self.web.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [1])
        self.assertFalse(record["ran_here"])
        query = f"process_id={process_id}"
        answer = self.web.get_bytes(f"/crash-upload/result?{query}")
        self.assertEqual(answer, (200, upload))
        self.stop(worker)

    def test_the_web_shows_progress_and_can_cancel(self):
        self.start(self.workers[0])
        process_id = self.web.start_running("crash-slow-cancellable", LONG)
        self.assertIs(self.holder_of(process_id), self.workers[0])
        query = f"process_id={process_id}"
        self.web.post(f"/crash-slow-cancellable/process-cancel?{query}")
        self.web.wait_for(process_id, "cancelled")

    def test_a_web_zope_alone_leaves_all_queued(self):
        process_id = self.web.start_job("crash-quick")
        self.start(self.workers[0], NETSIGHT_ASYNC_QUEUES="other")
        self.assertEqual(self.web.state(process_id), "queued")
        self.start(self.workers[1])
        self.web.wait_for(process_id, "completed")


class WakeTests(WorkerTestCase):
    """Workers that look by the clock only once an hour."""

    def start(self, *workers, **environ):
        super().start(*workers, **RARE_POLLS, **environ)

    def complete(self, *ids):
        for process_id in ids:
            self.web.wait_for(process_id, "completed")

    def run_some(self):
        for _each in range(5):
            self.complete(self.web.start_job("crash-quick"))

    def test_a_worker_is_told_of_what_the_web_has_queued(self):
        self.start(self.workers[0])
        self.run_some()

    def test_it_is_told_of_more_than_fit_a_node_of_the_queue(self):
        self.start(self.workers[0])
        self.complete(
            *(self.web.start_job("crash-quick") for _each in range(70))
        )

    def test_one_that_is_full_looks_as_soon_as_it_is_not(self):
        self.start(self.workers[0], **ONE_THREAD)
        self.web.start_running("crash-slow", "2")
        self.complete(
            self.web.start_job("crash-quick"),
            self.web.start_job("crash-quick"),
        )

    def test_what_one_has_no_thread_for_is_left_to_another(self):
        self.start(*self.workers, **ONE_THREAD)
        self.web.start_running("crash-slow", LONG)
        self.run_some()

    def test_so_is_what_one_has_died_for(self):
        self.start(*self.workers)
        victim = self.holder_of(self.web.start_running("crash-slow", LONG))
        victim.kill()
        self.run_some()

    def test_a_worker_that_was_cut_off_is_told_again(self):
        self.start(self.workers[0])
        self.run_some()
        self.zeo.kill()
        self.zeo.start()
        ids = []

        def is_queued():
            ids.append(self.web.start_job("crash-quick"))
            return ids[-1] is not None

        self.wait_until(is_queued)
        self.complete(ids[-1])
        self.run_some()

    def test_one_is_stopped_in_order(self):
        self.start(self.workers[0])
        self.run_some()
        self.stop(self.workers[0])


class DeathTests(WorkerTestCase):
    def test_what_a_killed_worker_ran_goes_to_another_in_seconds(self):
        self.start(*self.workers)
        process_id = self.web.start_running("crash-slow-again", "5")
        victim = self.holder_of(process_id)
        victim.kill()
        self.wait_until(
            lambda: self.holder_of(process_id) not in (victim, None)
        )
        record = self.web.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [2])

    def test_so_does_what_a_stopped_one_hands_back(self):
        self.start(*self.workers, NETSIGHT_ASYNC_STOP_SECONDS="1")
        process_id = self.web.start_running("crash-slow-again", "5")
        leaving = self.holder_of(process_id)
        self.stop(leaving)
        record = self.web.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [2])

    def test_a_short_one_is_completed_before_its_worker_stops(self):
        worker = self.workers[0]
        self.start(worker)
        process_id = self.web.start_running("crash-slow-again", "2")
        self.stop(worker, within=STOP_SECONDS + CLUSTER_EXIT_SECONDS)
        record = self.web.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [1])

    def test_an_interrupt_is_an_orderly_stop(self):
        worker = self.workers[0]
        self.start(worker, NETSIGHT_ASYNC_STOP_SECONDS="0")
        process_id = self.web.start_running("crash-slow", LONG)
        worker.os_process.send_signal(signal.SIGINT)
        self.assertEqual(worker.wait(CLUSTER_EXIT_SECONDS), 0)
        self.assertEqual(self.web.states()[process_id]["stored"], "lost")


class DrainTests(WorkerTestCase):
    def setUp(self):
        super().setUp()
        self.worker = self.workers[0]
        self.worker.options = ("--drain",)

    def test_it_ends_when_nothing_is_left(self):
        ids = [self.web.start_job("crash-quick") for _number in range(6)]
        ids.append(self.web.start_job("crash-slow", seconds="2"))
        self.start(self.worker)
        self.assertEqual(self.worker.wait(WAIT_SECONDS), 0)
        states = self.web.states()
        self.assertEqual({states[i]["stored"] for i in ids}, {"completed"})

    def test_it_does_not_wait_for_what_it_does_not_run(self):
        queued = self.web.start_job("crash-quick")
        self.start(self.worker, NETSIGHT_ASYNC_QUEUES="other")
        self.assertEqual(self.worker.wait(WAIT_SECONDS), 0)
        self.start(self.workers[1])
        running = self.web.start_running("crash-slow", LONG)
        self.worker.launch(**NONE, **SLOW_BEAT)
        self.assertEqual(self.worker.wait(WAIT_SECONDS), 0)
        self.assertEqual(self.web.state(running), "running")
        self.assertEqual(self.web.state(queued), "completed")


class AloneTests(unittest.TestCase):
    """With a FileStorage, which only one process can open."""

    level = 2

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.web = ZopeServer(f"{folder.name}/web")
        self.addCleanup(self.web.kill)
        self.worker = WorkerProcess(f"{folder.name}/worker")
        self.addCleanup(self.worker.kill)
        # Both have one zope.conf.
        self.worker.conf_path.unlink()
        self.worker.conf_path.symlink_to(self.web.conf_path)
        self.web.start(**NONE)

    def test_beside_a_zope_it_says_what_is_wrong(self):
        self.worker.launch()
        self.assertEqual(self.worker.wait(WAIT_SECONDS), 1)
        self.assertIn("ZEO or RelStorage", self.worker.log)

    def test_after_a_zope_it_drains_what_that_has_left(self):
        process_id = self.web.start_job("crash-quick")
        self.web.kill()
        self.worker.options = ("--drain",)
        self.worker.launch()
        self.assertEqual(self.worker.wait(WAIT_SECONDS), 0)
        self.web.start(**NONE)
        record = self.web.states()[process_id]
        self.assertEqual(record["stored"], "completed")
