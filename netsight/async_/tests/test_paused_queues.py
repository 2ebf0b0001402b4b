"""Queues that somebody pauses: what begins, and when."""

import threading
from contextlib import contextmanager
from unittest import mock

import transaction
from zope.interface import alsoProvides

from netsight.async_ import actions
from netsight.async_.exceptions import BadQueueError
from netsight.async_.executors.thread import ThreadExecutor
from netsight.async_.interfaces import IBrokerExecutor
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.running.monitor import monitor
from netsight.async_.running.runner import run
from netsight.async_.serving.polling import Poll
from netsight.async_.serving.server import Duty
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import WAIT_SECONDS
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Bell
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never


def far():
    """Return the seconds until something that no test waits for."""
    return 3600.0


class PausedTestCase(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.job(lambda view, process_id: "done")
        self.bell = Bell()

    def registry(self):
        return getProcessRegistry(self.app)

    def pause(self, queue="default"):
        actions.pause_queue(self.registry(), queue)
        self.commit("paused")

    def resume(self, queue="default"):
        actions.resume_queue(self.registry(), queue)
        self.commit("resumed")

    def commit(self, word):
        """Commit; check that the log tells of it."""
        with self.assertLogs("netsight.async_.actions", "WARNING") as logs:
            transaction.commit()
        self.assertIn(f"code has {word} the queue", logs.output[0])

    def queued(self):
        with processes_run_by(Never()):
            return self.client().start("/job")

    def rung(self, function):
        """Return the ids that something rings for."""
        self.bell.rung.clear()
        with processes_run_by(self.bell):
            while function() is True:
                pass
        return self.bell.rung

    def state(self, process_id):
        return self.process(process_id).state


class RunTests(PausedTestCase):
    def test_what_waits_does_not_begin(self):
        process_id = self.queued()
        self.pause()
        with self.assertLogs("netsight.async_", "INFO") as logs:
            run(process_id)
        self.assertIn("the queue 'default' is paused", logs.output[0])
        self.assertEqual(self.state(process_id), "queued")

    def test_what_is_started_then_does_not_begin(self):
        self.pause()
        with self.threads():
            process_id = self.client().start("/job")
        self.assertEqual(self.state(process_id), "queued")

    def test_what_runs_goes_on_to_its_end(self):
        gate = Gate()
        self.job(lambda view, process_id: gate.reach())
        with self.threads():
            process_id = self.client().start("/job")
            gate.wait()
            self.pause()
            gate.open()
        self.assertEqual(self.state(process_id), "completed")

    def test_it_runs_after_a_resume(self):
        process_id = self.queued()
        self.pause()
        self.resume()
        run(process_id)
        self.assertEqual(self.state(process_id), "completed")

    def test_the_name_of_a_queue_must_be_one(self):
        with self.assertRaises(BadQueueError):
            actions.pause_queue(self.registry(), "not a name")
        self.assertEqual(self.registry().pauses(), [])

    def test_code_without_a_user_is_nobody(self):
        self.pause()
        (pause,) = self.registry().pauses()
        self.assertEqual(pause.owner, ANONYMOUS)

    def test_a_pause_that_is_rolled_back_is_none(self):
        actions.pause_queue(self.registry(), "default")
        with self.assertNoLogs("netsight.async_"):
            transaction.abort()
        self.assertFalse(self.registry().is_paused("default"))


class RingTests(PausedTestCase):
    def test_a_beat_rings_for_nothing_that_is_paused(self):
        process_id = self.queued()
        duty = Duty()
        self.assertEqual(self.rung(duty), [process_id])
        self.pause()
        self.assertEqual(self.rung(duty), [])
        self.assertEqual(self.rung(duty), [])

    def test_the_next_beat_after_a_resume_rings_for_it(self):
        process_id = self.queued()
        self.pause()
        duty = Duty()
        self.assertEqual(self.rung(duty), [])
        self.resume()
        self.assertEqual(self.rung(duty), [process_id])

    def reminded(self, duty):
        """Return the ids that a broker is reminded of at a beat."""
        broker = mock.Mock(spec=["ring", "remind"])
        alsoProvides(broker, IBrokerExecutor)
        with processes_run_by(broker):
            duty()
        ((queued,), _kwargs) = broker.remind.call_args
        return [each.process_id for each in queued]

    def test_a_broker_is_reminded_of_nothing_that_is_paused(self):
        self.queued()
        self.pause()
        self.assertEqual(self.reminded(Duty()), [])

    def test_what_a_worker_has_refused_it_is_reminded_of_after_a_resume(self):
        process_id = self.queued()
        self.pause()
        duty = Duty()
        # Its message is used up by that.
        run(process_id)
        self.assertEqual(self.reminded(duty), [])
        self.resume()
        self.assertEqual(self.reminded(duty), [process_id])

    def test_a_poll_rings_for_nothing_that_is_paused(self):
        self.queued()
        self.pause()
        poll = Poll()
        self.addCleanup(poll.close)
        self.assertEqual(self.rung(poll), [])

    def test_a_poll_that_finds_a_queue_resumed_has_the_duty_done(self):
        process_id = self.queued()
        self.pause()
        poll = Poll()
        self.addCleanup(poll.close)
        with processes_run_by(self.bell):
            self.assertFalse(poll())
            self.resume()
            self.assertTrue(poll())
            self.assertFalse(poll())
        self.assertEqual(self.bell.rung, [process_id])

    def test_so_does_one_in_a_zope_that_runs_nothing(self):
        self.pause()
        poll = Poll()
        self.addCleanup(poll.close)
        with processes_run_by(Never()):
            self.assertFalse(poll())
            self.resume()
            self.assertTrue(poll())


class ResumeTests(PausedTestCase):
    """A server, whose next beat is far away."""

    @contextmanager
    def serving(self, executor):
        beaten = threading.Event()
        duty = Duty()

        def beat():
            goes_on = duty()
            beaten.set()
            return goes_on

        with processes_run_by(executor):
            monitor.serve(beat)
            try:
                self.assertTrue(beaten.wait(WAIT_SECONDS))
                yield
            finally:
                monitor.stop(WAIT_SECONDS)
                executor.stop(WAIT_SECONDS)

    def test_what_waits_begins_at_once(self):
        process_id = self.queued()
        self.pause()
        done = threading.Event()
        self.job(lambda view, process_id: done.set())
        with (
            mock.patch("netsight.async_.running.monitor._beat_seconds", far),
            self.serving(ThreadExecutor()),
        ):
            self.assertFalse(done.is_set())
            self.resume()
            self.assertTrue(done.wait(WAIT_SECONDS))
        self.assertEqual(self.state(process_id), "completed")

    def test_a_resume_that_is_rolled_back_hastens_nothing(self):
        self.pause()
        with mock.patch.object(monitor, "do_duty_soon") as soon:
            actions.resume_queue(self.registry(), "default")
            transaction.abort()
            soon.assert_not_called()
            self.resume()
            soon.assert_called_once_with()

    def test_one_of_what_is_not_paused_hastens_nothing(self):
        with mock.patch.object(monitor, "do_duty_soon") as soon:
            actions.resume_queue(self.registry(), "default")
            transaction.commit()
        soon.assert_not_called()
