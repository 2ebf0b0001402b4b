"""What is tried again later, when an error says so."""

import time
from unittest import mock

import transaction
from zExceptions import Redirect

from netsight.async_.exceptions import BadChoiceError
from netsight.async_.records.database import get_process
from netsight.async_.records.database import transact
from netsight.async_.running import outcomes
from netsight.async_.running.runner import run
from netsight.async_.running.tests.retry_support import VIEW
from netsight.async_.running.tests.retry_support import RetryTestCase
from netsight.async_.running.tests.retry_support import is_away
from netsight.async_.running.tests.retry_support import show_half
from netsight.async_.running.tests.told import told_states
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.views import JobView


class RetryTests(RetryTestCase):
    def test_it_is_queued_again_for_a_later_time(self):
        before = time.time()
        process = self.process(self.put_off())
        self.assertEqual(process.state, "queued")
        self.assertEqual(process.retries, 1)
        self.assertTrue(process.is_early)
        self.assertGreaterEqual(process.not_before, before + 100)
        self.assertLess(process.not_before, time.time() + 101)
        self.assertIsNone(process.started)

    def test_the_log_has_the_error_and_when(self):
        process_id = self.put_off()
        [line] = self.logged
        self.assertIn(f"process {process_id} of /retry-job has failed", line)
        self.assertIn("tried again in 100 s", line)
        self.assertIn("the mail server is away", line)

    def test_what_it_has_written_is_rolled_back(self):
        def work(view, process_id):
            view.context.title = "half done"
            raise TimeoutError

        self.put_off(work)
        transaction.begin()
        self.assertNotEqual(self.app.title, "half done")

    def test_before_that_time_nobody_takes_it(self):
        process_id = self.put_off()
        calls = self.calls()
        with self.assertLogs("netsight.async_", "INFO"):
            run(process_id)
        self.assertEqual(calls, [])
        self.assertEqual(self.process(process_id).state, "queued")

    def test_then_it_begins_anew(self):
        process_id = self.put_off()
        self.job(lambda view, pid: "done")
        process = self.run_in_time(process_id)
        self.assertEqual(process.state, "completed")
        self.assertFalse(process.is_early)

    def test_the_delay_grows(self):
        process_id = self.put_off()
        process = self.run_failing(process_id)
        self.assertEqual(process.retries, 2)
        self.assertAlmostEqual(process.not_before, time.time() + 200, delta=9)

    def test_after_the_last_time_it_has_failed(self):
        told = told_states(self)
        process_id = self.put_off()
        self.run_failing(process_id)
        self.assertEqual(told, [])
        process = self.run_failing(process_id)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.kind, "TimeoutError")

    def test_other_errors_fail_at_once(self):
        def work(view, process_id):
            raise ValueError

        self.assertEqual(self.process(self.put_off(work)).state, "failed")

    def test_an_error_of_the_commit_counts(self):
        def work(view, process_id):
            transaction.get().addBeforeCommitHook(is_away, (view, process_id))

        self.assertEqual(self.process(self.put_off(work)).retries, 1)

    def test_a_redirect_is_an_answer_all_the_same(self):
        def work(view, process_id):
            raise Redirect("http://localhost/elsewhere")

        self.job(work)
        process_id = self.client().start(VIEW)
        self.assertEqual(self.process(process_id).state, "completed")

    def test_it_can_be_cancelled_while_it_waits(self):
        process_id = self.put_off()
        self.client().post(
            f"{VIEW}/process-cancel", {"process_id": process_id}, status=302
        )
        self.assertEqual(self.process(process_id).state, "cancelled")

    def test_one_that_somebody_wants_cancelled_is(self):
        def work(view, process_id):
            transact(
                "test",
                lambda root: get_process(root, process_id).request_cancel(),
            )
            raise TimeoutError

        told = told_states(self)
        process_id = self.put_off(work)
        self.assertEqual(self.process(process_id).state, "cancelled")
        self.assertEqual(told, ["cancelled"])

    def test_a_late_run_puts_nothing_off(self):
        """Another worker has it by then."""

        def work(view, process_id):
            transact("test", die_with_claim, process_id)
            raise TimeoutError

        self.job(work)
        with self.assertLogs("netsight.async_", "INFO") as logs:
            process_id = self.client().start(VIEW)
        self.assertIn("is not for this worker", "".join(logs.output))
        process = self.process(process_id)
        self.assertEqual(process.retries, 0)

    def test_one_that_has_ended_is_not_put_off(self):
        put_off = outcomes.put_off

        def end_before(root, hold, attempts, until):
            transact("test", outcomes.cancel, hold, 0)
            return put_off(root, hold, attempts, until)

        with mock.patch.object(outcomes, "put_off", end_before):
            process_id = self.put_off()
        self.assertEqual(self.process(process_id).state, "cancelled")

    def test_progress_of_the_failed_run_is_gone(self):
        def work(view, process_id):
            transact("test", show_half, process_id)
            raise TimeoutError

        process = self.process(self.put_off(work))
        self.assertIsNone(process.progress)
        self.assertIsNone(process.message)

    def test_what_is_no_retry_is_a_bad_choice(self):
        with mock.patch.object(JobView, "retry", (OSError,)):
            with self.assertRaises(BadChoiceError):
                self.client().get("/job")

    def calls(self):
        calls = []
        self.job(lambda view, process_id: calls.append(process_id))
        return calls
