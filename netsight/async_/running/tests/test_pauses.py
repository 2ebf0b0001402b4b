"""Pauses between the tries of a run that conflicts."""

import threading
import unittest
from unittest import mock

from ZODB.POSException import ConflictError

from netsight.async_.actions import cancel
from netsight.async_.records.database import get_process
from netsight.async_.records.database import transact
from netsight.async_.running import pauses
from netsight.async_.running import runner
from netsight.async_.running.pauses import Pauses
from netsight.async_.running.pauses import pause_after
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


FOR_EVER = 10 * WAIT_SECONDS


class PauseAfterTests(unittest.TestCase):
    def bounds(self, retries):
        """Return the shortest and the longest pause that may come."""
        with mock.patch.object(pauses, "random") as random:
            pause_after(retries)
        return random.uniform.call_args.args

    def test_the_longest_that_may_come_grows_up_to_a_limit(self):
        longest = [self.bounds(retries)[1] for retries in range(1000)]
        self.assertEqual(longest, sorted(longest))
        self.assertEqual(longest[0], pauses.FIRST_SECONDS)
        self.assertEqual(longest[-1], pauses.MOST_SECONDS)

    def test_those_who_conflicted_do_not_all_wait_for_as_long(self):
        self.assertEqual(self.bounds(5)[0], 0)
        self.assertEqual(len({pause_after(5) for _ in range(20)}), 20)


class PausesTests(unittest.TestCase):
    def setUp(self):
        self.pauses = Pauses()
        self.asked = threading.Semaphore(0)
        self.is_over = False

    def waiting(self):
        """Return a thread that waits, and would do so for ever."""

        def is_over():
            self.asked.release()
            return self.is_over

        thread = threading.Thread(
            target=self.pauses.wait, args=(FOR_EVER, is_over), daemon=True
        )
        thread.start()
        self.check_asked()
        return thread

    def check_asked(self):
        self.assertTrue(self.asked.acquire(timeout=WAIT_SECONDS))

    def check_ended(self, thread):
        thread.join(WAIT_SECONDS)
        self.assertFalse(thread.is_alive())

    def test_a_pause_ends_by_itself(self):
        self.pauses.wait(0.01, lambda: False)

    def test_it_ends_when_it_is_over_at_the_next_look(self):
        thread = self.waiting()
        self.is_over = True
        self.pauses.look_again()
        self.check_ended(thread)

    def test_a_look_at_another_one_does_not_end_it(self):
        thread = self.waiting()
        self.pauses.look_again()
        self.check_asked()
        self.assertTrue(thread.is_alive())
        self.pauses.end()
        self.check_ended(thread)

    def test_a_stop_ends_it(self):
        thread = self.waiting()
        self.pauses.end()
        self.check_ended(thread)

    def test_nobody_pauses_after_a_stop(self):
        self.pauses.end()
        self.pauses.wait(FOR_EVER, lambda: False)


class RunPauseTests(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.calls = 0
        self.times = 0
        self.pauses = []

    def pause_for(self, seconds):
        """Have all pauses be so long; they are noted."""

        def pause(retries):
            self.pauses.append(retries)
            return seconds

        patcher = mock.patch.object(runner, "pause_after", pause)
        patcher.start()
        self.addCleanup(patcher.stop)

    def conflict(self, view, process_id):
        self.calls += 1
        if self.calls <= self.times:
            raise ConflictError("conflict")

    def test_ten_conflicts_are_not_too_many(self):
        self.pause_for(0)
        self.times = 10
        _client, process_id = self.run_job(self.conflict)
        self.assertEqual(self.process(process_id).state, "completed")
        self.assertEqual(self.pauses, list(range(10)))

    def test_one_more_is(self):
        self.pause_for(0)
        self.times = 11
        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(self.conflict)
        self.assertEqual(self.process(process_id).error.kind, "ConflictError")
        self.assertEqual(self.calls, 11)

    def test_a_setting_says_how_many(self):
        self.pause_for(0)
        self.times = 2
        retries = {"NETSIGHT_ASYNC_CONFLICT_RETRIES": "1"}
        with (
            mock.patch.dict("os.environ", retries),
            self.assertLogs("netsight.async_", "ERROR"),
        ):
            _client, process_id = self.run_job(self.conflict)
        self.assertEqual(self.process(process_id).state, "failed")

    def test_a_cancel_ends_the_pause(self):
        self.pause_for(FOR_EVER)
        self.times = 1
        self.job(self.conflict)
        with self.threads() as executor:
            process_id = self.client().start("/cancellable-job")
            wait_until(lambda: self.pauses, WAIT_SECONDS)
            transact(
                "test", lambda root: cancel(get_process(root, process_id))
            )
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(self.process(process_id).state, "cancelled")
        self.assertEqual(self.calls, 1)
