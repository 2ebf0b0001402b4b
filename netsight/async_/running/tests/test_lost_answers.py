"""Commits of a run that are done, with their answers lost on the way."""

import logging
from unittest import mock

import transaction
from Products.SiteErrorLog.SiteErrorLog import manage_addErrorLog

from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running import patience
from netsight.async_.running.tests.cut_off import ClientDisconnected
from netsight.async_.running.tests.cut_off import OperationalError
from netsight.async_.running.tests.cut_off import cut_off
from netsight.async_.running.tests.told import told_states
from netsight.async_.serving.server import Duty
from netsight.async_.tests.faults import LostAnswers
from netsight.async_.tests.storage_support import FileStorageTestCase


JOBS = 50

ERRORS = {
    "RelStorage": lambda: cut_off(OperationalError),
    "ZEO": lambda: cut_off(ClientDisconnected, "ZEO.asyncio.client"),
}


def fail(view, process_id):
    raise ValueError("why")


def be_cancelled(view, process_id):
    view.request.async_run.cancel()
    view.check_cancelled()


class LostAnswerTestCase(FileStorageTestCase):
    def setUp(self):
        super().setUp()
        patcher = mock.patch.object(patience, "FIRST_SECONDS", 0)
        patcher.start()
        self.addCleanup(patcher.stop)

    def run_job_with(self, lost, *args, **kwargs):
        """Run a job while answers are lost; return its process."""
        logger = logging.getLogger("netsight.async_")
        with lost.watched(), self.assertLogs(logger, logging.INFO):
            logger.info("begin")
            _client, process_id = self.run_job(*args, **kwargs)
        Duty()()
        return self.process(process_id)


class ClaimTests(LostAnswerTestCase):
    def test_a_job_runs_once_whose_claim_was_committed(self):
        def work(view, process_id):
            calls.append(process_id)

        calls = []
        for name, fault in ERRORS.items():
            with self.subTest(name):
                calls.clear()
                process = self.run_job_with(LostAnswers("claim", fault), work)
                self.assertEqual(process.state, "completed")
                self.assertEqual(process.claim.number, 1)
                self.assertEqual(calls, [process.id])

    def test_a_claim_that_is_undone_meanwhile_is_made_again(self):
        def release(root):
            (process_id,) = query_registry(root).active_ids()
            query_registry(root)[process_id].claim.release()

        def fault():
            transact("test", release)
            ERRORS["RelStorage"]()

        process = self.run_job_with(
            LostAnswers("claim", fault), lambda view, process_id: "done"
        )
        self.assertEqual(process.state, "completed")
        self.assertEqual(process.claim.number, 2)

    def test_one_that_was_given_away_meanwhile_is_left_alone(self):
        def give_away(root):
            registry = query_registry(root)
            (process_id,) = registry.active_ids()
            registry[process_id].claim.take(registry.worker("other"))

        def fault():
            transact("test", give_away)
            ERRORS["ZEO"]()

        calls = []
        process = self.run_job_with(
            LostAnswers("claim", fault),
            lambda view, process_id: calls.append(process_id),
        )
        self.assertEqual(calls, [])
        self.assertEqual(process.claim.worker.name, "other")

    def test_all_of_many_jobs_run(self):
        def work(view, process_id):
            calls.add(process_id)

        calls = set()
        for name, fault in ERRORS.items():
            calls.clear()
            lost = LostAnswers("claim", fault, every=2)
            for _job in range(JOBS):
                self.run_job_with(lost, work)
            with self.subTest(name):
                self.assertEqual(lost.lost, JOBS // 2)
                self.assertEqual(len(calls), JOBS)


class OutcomeTests(LostAnswerTestCase):
    """An end that is stored, with the answer lost, is told of, once."""

    def setUp(self):
        super().setUp()
        manage_addErrorLog(self.app)
        transaction.commit()
        self.ended = told_states(self)

    def check(self, work, state, note, **kwargs):
        for name, fault in ERRORS.items():
            for is_retired in (False, True):
                with self.subTest(name, is_retired=is_retired):
                    self.check_once(work, state, note, fault, is_retired)

    def check_once(self, work, state, note, fault, is_retired):
        def put_away():
            if is_retired:
                Duty()()
            fault()

        self.ended.clear()
        process = self.run_job_with(LostAnswers(note, put_away), work)
        self.assertEqual(process.state, state)
        self.assertEqual(self.ended, [state])

    def test_failed(self):
        self.check(fail, "failed", "failed")
        kinds = [e["type"] for e in self.app.error_log.getLogEntries()]
        self.assertEqual(kinds, ["ValueError"] * 2 * len(ERRORS))

    def test_cancelled(self):
        self.check(be_cancelled, "cancelled", "cancelled")
