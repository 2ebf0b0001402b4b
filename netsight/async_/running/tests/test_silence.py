"""Runs that give no sign of life."""

import time
import unittest
from unittest import mock

import transaction

from netsight.async_.queries import health_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.lease import Hold
from netsight.async_.running import silence
from netsight.async_.running.monitor import monitor
from netsight.async_.running.silence import Silence
from netsight.async_.running.silence import stack_of
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import text_of


HOLD = Hold("a-process", "token")
MINUTES = 10
SECONDS = 60 * MINUTES


class SilenceTests(unittest.TestCase):
    def setUp(self):
        self.now = 1000.0
        for name in ("monotonic", "time"):
            patcher = mock.patch.object(silence.time, name, lambda: self.now)
            patcher.start()
            self.addCleanup(patcher.stop)
        self.silence = Silence()
        self.silence.begin(HOLD)

    def changes(self):
        return self.silence.changes(SECONDS)

    def test_who_has_just_begun_is_not_silent(self):
        self.now += SECONDS - 1
        self.assertEqual(self.changes(), {})

    def test_who_told_nothing_for_long_is(self):
        self.now += SECONDS
        self.assertEqual(self.changes(), {HOLD: 1000.0})

    def test_a_sign_counts_from_then_on(self):
        self.now += SECONDS
        self.silence.sign(HOLD)
        self.assertEqual(self.changes(), {})

    def test_it_is_stored_once(self):
        self.now += SECONDS
        with self.assertLogs(silence.logger):
            self.silence.note(self.changes())
        self.now += SECONDS
        self.assertEqual(self.changes(), {})

    def test_and_again_when_it_is_heard(self):
        self.now += SECONDS
        with self.assertLogs(silence.logger):
            self.silence.note(self.changes())
        self.silence.sign(HOLD)
        self.assertEqual(self.changes(), {HOLD: None})
        self.silence.note(self.changes())
        self.assertEqual(self.changes(), {})

    def test_it_is_logged_once(self):
        with self.assertLogs(silence.logger) as logs:
            for _time in range(2):
                self.now += SECONDS
                self.silence.note(self.changes())
                self.silence.sign(HOLD)
                self.silence.note(self.changes())
        self.assertEqual(len(logs.output), 1)
        text = "a-process has given no sign of life for 600 s"
        self.assertIn(text, logs.output[0])

    def test_what_has_ended_is_not_looked_at(self):
        self.silence.end(HOLD)
        self.now += SECONDS
        self.silence.sign(HOLD)
        self.assertEqual(self.changes(), {})
        self.silence.note({HOLD: 1.0})

    def test_a_thread_that_is_gone_has_no_stack(self):
        self.assertEqual(stack_of(None), "gone")


class SilentProcessTests(AsyncTestCase):
    def listen(self, minutes):
        """Do what the monitor does each beat, so many minutes later."""
        now = time.monotonic()
        later = mock.patch.object(
            silence.time, "monotonic", lambda: now + 60 * minutes
        )
        with later:
            monitor.listen()

    def silent(self):
        transaction.begin()
        return health_of(query_registry(self.app))["silent"]

    def test_it_is_counted_and_its_stack_is_logged(self):
        with self.held() as (_client, process_id):
            self.assertEqual(self.silent(), 0)
            with self.assertLogs(silence.logger, "WARNING") as logs:
                self.listen(MINUTES)
            self.assertEqual(self.silent(), 1)
            self.assertIsNotNone(self.process(process_id).silent_since)
        self.assertIn(process_id, logs.output[0])
        self.assertIn("in reach\n", logs.output[0])
        self.assertEqual(self.silent(), 0)

    def test_before_it_is_not(self):
        with self.held():
            self.listen(MINUTES - 1)
            self.assertEqual(self.silent(), 0)

    def test_it_is_marked_in_the_lists(self):
        with self.held() as (_client, process_id):
            with self.assertLogs(silence.logger, "WARNING"):
                self.listen(MINUTES)
            page = self.client(MANAGER).get("/@@async-processes")
        self.assertIn("No sign of life since", text_of(page))

    def test_one_that_is_heard_again_is_not_silent(self):
        first, second = Gate(), Gate()

        def work(view, process_id):
            first.reach()
            view.check_cancelled()
            second.reach()

        self.job(work)
        with self.threads():
            self.client().start("/job")
            first.wait()
            with self.assertLogs(silence.logger, "WARNING"):
                self.listen(MINUTES)
            first.open()
            second.wait()
            self.listen(0)
            self.assertEqual(self.silent(), 0)
            second.open()

    def test_the_silence_of_an_earlier_claim_is_not_that_of_the_next(self):
        with self.held() as (_client, process_id):
            with self.assertLogs(silence.logger, "WARNING"):
                self.listen(MINUTES)
            process = self.process(process_id)
            process.claim.token = "another"
            self.assertIsNone(process.silent_since)
            transaction.abort()
