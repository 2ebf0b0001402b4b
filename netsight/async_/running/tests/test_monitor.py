"""The heartbeat goes on, whatever else the monitor has to do."""

import threading
from unittest import mock

from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import Hold
from netsight.async_.records.lease import this_worker
from netsight.async_.running import signs
from netsight.async_.running.monitor import Monitor
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import WAIT_SECONDS
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.waiting import wait_until


HOLD = Hold("a-process", "token")

EACH_SECOND = {"NETSIGHT_ASYNC_BEAT_SECONDS": "1"}


class HeartbeatTests(AsyncTestCase):
    def setUp(self):
        super().setUp()
        transact("test", make_worker)
        self.monitor = Monitor()
        self.addCleanup(self.end)

    def end(self):
        self.monitor.unwatch(HOLD)
        self.assertTrue(self.monitor.stop(WAIT_SECONDS))

    def beats(self):
        return transact("test", beats)

    def wait_for_a_beat(self):
        before = self.beats()
        self.assertTrue(
            wait_until(lambda: self.beats() > before, WAIT_SECONDS)
        )

    def test_it_goes_on_while_a_recovery_takes_long(self):
        begun, over = threading.Event(), threading.Event()
        self.addCleanup(over.set)

        def duty():
            begun.set()
            over.wait(WAIT_SECONDS)

        with mock.patch.dict("os.environ", EACH_SECOND):
            self.monitor.serve(duty)
            self.monitor.watch(HOLD)
            self.assertTrue(begun.wait(WAIT_SECONDS))
            self.wait_for_a_beat()
            self.wait_for_a_beat()
            self.assertFalse(over.is_set())

    def test_what_it_has_loaded_is_not_loaded_again(self):
        self.monitor.beat()
        connection = self.monitor._own._connection
        self.addCleanup(self.monitor._own.close)
        connection.getTransferCounts(clear=True)
        self.monitor.beat()
        self.assertIs(self.monitor._own._connection, connection)
        self.assertEqual(connection.getTransferCounts(), (0, 1))

    def test_a_beat_that_fails_takes_a_new_connection(self):
        self.monitor.beat()
        with (
            mock.patch.object(signs, "beat", side_effect=OSError("away")),
            self.assertRaises(OSError),
        ):
            self.monitor.beat()
        self.assertIsNone(self.monitor._own._connection)


class OneBadTests(AsyncTestCase):
    """Progress that cannot be stored, beside some that can."""

    def claimed(self):
        """Return the Hold of a process that this worker has claimed."""
        with processes_run_by(Never()):
            process_id = self.client().start("/job")
        return Hold(process_id, transact("test", claim, process_id))

    def test_one_does_not_hinder_the_others(self):
        bad, good = self.claimed(), self.claimed()
        monitor = Monitor()
        # No thread: the test does the task.
        monitor._routine.start = monitor._heart.start = lambda: None
        for hold in bad, good:
            monitor.watch(hold)
        monitor.put(bad, 1, threading.Lock())
        monitor.put(good, 6, "fine")
        with self.assertRaises(TypeError):
            monitor.flush()
        process = self.process(good.process_id)
        self.assertEqual((process.progress, process.message), (6, "fine"))
        self.assertIsNone(self.process(bad.process_id).message)

    def test_a_job_with_a_bad_message_fails(self):
        def work(view, process_id):
            view.set_progress(process_id, 1, threading.Lock())

        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).error.kind, "TypeError")


def claim(root, process_id):
    registry = query_registry(root)
    return registry[process_id].claim_for(registry.worker(this_worker()))


def make_worker(root):
    getProcessRegistry(root).worker(this_worker())


def beats(root):
    return query_registry(root).worker(this_worker()).beats
