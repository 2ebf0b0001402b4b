"""The record and its transitions, without Zope."""

import doctest
import math
import unittest
from decimal import Decimal
from fractions import Fraction
from unittest import mock

from zope.interface.verify import verifyObject

from netsight.async_ import interfaces
from netsight.async_.exceptions import ClaimLostError
from netsight.async_.exceptions import NotRepeatableError
from netsight.async_.records import progress
from netsight.async_.records import texts
from netsight.async_.records.lease import Worker
from netsight.async_.records.parts import Error
from netsight.async_.records.progress import checked_percentage
from netsight.async_.tests.record_support import make_process


KEEP = "NETSIGHT_ASYNC_KEEP_REQUEST_HOURS"


class ProcessTests(unittest.TestCase):
    def setUp(self):
        # One that was made long ago would pass for dead.
        self.worker = Worker("worker")

    def test_it_provides_its_interface(self):
        verifyObject(interfaces.IProcess, make_process())

    def test_the_states_are_a_closed_list(self):
        self.assertEqual(
            interfaces.STATES,
            ("queued", "running", "completed", "failed", "cancelled", "lost"),
        )

    def test_a_new_one_is_queued(self):
        new = make_process()
        self.assertEqual(new.state, "queued")
        self.assertFalse(new.is_final)
        self.assertIsNone(new.started)
        self.assertIsNone(new.progress)

    def test_a_claim_makes_it_running(self):
        claimed = make_process()
        claimed.claim_for(self.worker)
        self.assertEqual(claimed.state, "running")
        self.assertGreaterEqual(claimed.started, claimed.created)

    def test_a_second_claim_is_refused(self):
        claimed = make_process()
        claimed.claim_for(self.worker)
        with self.assertRaises(ClaimLostError):
            claimed.claim_for(Worker("another"))
        self.assertIs(claimed.claim.worker, self.worker)

    def test_the_claim_of_another_worker_is_not_mine(self):
        claimed = make_process()
        token = claimed.claim_for(self.worker)
        claimed.check_claim("worker", token)
        with self.assertRaises(ClaimLostError):
            claimed.check_claim("another", token)
        with self.assertRaises(ClaimLostError):
            claimed.check_claim("worker", "another token")

    def test_a_closed_claim_tells_who_had_it_and_is_held_by_nobody(self):
        done = make_process()
        token = done.claim_for(self.worker)
        done.complete(1, None)
        done.claim.close()
        self.assertEqual(done.claim.ran_by, "worker")
        self.assertIsNone(done.claim.worker)
        self.assertFalse(done.is_abandoned)
        for name in ("worker", None):
            self.assertFalse(done.claim.is_held_by(name, token))
            with self.assertRaises(ClaimLostError):
                done.check_running(name, token)

    def test_of_one_that_nobody_ran_a_closed_claim_tells_nothing(self):
        cancelled = make_process()
        cancelled.cancel()
        cancelled.claim.close()
        self.assertIsNone(cancelled.claim.ran_by)

    def test_completion_keeps_the_response_and_drops_the_request(self):
        done = make_process()
        done.claim_for(self.worker)
        done.complete(2, "the response")
        self.assertEqual(done.state, "completed")
        self.assertTrue(done.is_final)
        self.assertEqual(done.response, "the response")
        self.assertEqual(done.attempts, 2)
        self.assertIsNone(done.request)
        self.assertGreaterEqual(done.finished, done.started)

    def test_completion_is_100_percent_whatever_was_shown(self):
        done = make_process()
        done.show(12, "working")
        self.assertEqual(done.progress, 12)
        self.assertEqual(done.message, "working")
        done.complete(1, None)
        self.assertEqual(done.progress, 100)

    def test_failure_keeps_the_error(self):
        failed = make_process()
        failed.fail(1, Error("ValueError", "no", "Traceback"))
        self.assertEqual(failed.state, "failed")
        self.assertEqual(failed.error.text, "no")
        self.assertIsNone(failed.response)

    def test_the_outcome_is_settled_once(self):
        done = make_process()
        done.complete(1, "first")
        with self.assertRaises(ClaimLostError):
            done.fail(1, None)
        with self.assertRaises(ClaimLostError):
            done.claim_for(self.worker)
        self.assertEqual(done.response, "first")


class AgainTests(unittest.TestCase):
    """A process that failed may be done again, while its request is kept."""

    def failed(self, **kwargs):
        process = make_process(single_key="key", **kwargs)
        process.fail(1, None)
        return process

    def test_the_request_is_kept_for_as_long_as_the_setting_says(self):
        self.assertTrue(self.failed().may_run_again)
        with mock.patch.dict("os.environ", {KEEP: "0"}):
            self.assertIsNone(self.failed().request)
            self.assertIsNotNone(self.failed(max_attempts=3).request)

    def test_it_is_dropped_with_a_result(self):
        done = make_process(max_attempts=3)
        done.complete(1, "the response")
        self.assertIsNone(done.request)
        self.assertFalse(done.may_run_again)

    def test_it_is_kept_when_cancelled_or_killed_too_often(self):
        cancelled, killed = (make_process(max_attempts=2) for _ in range(2))
        cancelled.cancel()
        killed.claim.deaths = 1
        killed.claim_for(Worker("worker"))
        killed.recover()
        self.assertEqual(killed.state, "failed")
        for process in (cancelled, killed):
            self.assertTrue(process.may_run_again)

    def test_the_new_one_does_the_same(self):
        failed = self.failed(max_attempts=3, cancellable=True)
        new = failed.again("a-new-id")
        self.assertEqual((new.id, new.state), ("a-new-id", "queued"))
        self.assertEqual(new.request.environ, {"PATH_INFO": "/view"})
        for name in (
            "view_path", "view_name", "title", "owner", "cancellable",
            "max_attempts", "single_key",
        ):  # fmt: skip
            self.assertEqual(getattr(new, name), getattr(failed, name))

    def test_the_old_one_stays_and_cannot_be_done_a_third_time(self):
        failed = self.failed(max_attempts=3)
        failed.again("a-new-id")
        self.assertEqual(failed.state, "failed")
        with self.assertRaises(NotRepeatableError):
            failed.again("another")

    def test_others_cannot_be_done_again(self):
        done = make_process(max_attempts=3)
        done.complete(1, "the response")
        for process in (done, make_process(max_attempts=3)):
            with self.assertRaises(NotRepeatableError):
                process.again("a-new-id")


class CheckedPercentageTests(unittest.TestCase):
    def test_one_decimal_is_kept(self):
        self.assertEqual(checked_percentage(33.3333), 33.3)
        self.assertEqual(checked_percentage(66.66), 66.7)

    def test_whole_numbers_are_int(self):
        for value in (50, 50.0, 49.99, 50.04, Fraction(50)):
            with self.subTest(value):
                shown = checked_percentage(value)
                self.assertEqual(shown, 50)
                self.assertIsInstance(shown, int)

    def test_it_is_clamped(self):
        self.assertEqual(checked_percentage(-0.1), 0)
        self.assertEqual(checked_percentage(100.01), 100)
        self.assertEqual(checked_percentage(10**300), 100)

    def test_what_is_no_number_is_a_value_error(self):
        for value in (
            "50", None, [], True, math.nan, math.inf, -math.inf, 1j, 10**400,
        ):  # fmt: skip
            with self.subTest(value=str(value)[:10]):
                with self.assertRaises(ValueError):
                    checked_percentage(value)

    def test_decimals_of_any_type_are_numbers(self):
        self.assertEqual(checked_percentage(Decimal("12.5")), 12.5)


def load_tests(loader, tests, pattern):
    for module in (progress, texts):
        tests.addTests(doctest.DocTestSuite(module))
    return tests
