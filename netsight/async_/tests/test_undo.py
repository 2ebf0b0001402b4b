"""An administrator undoes transactions of ours, as the ZMI does."""

import logging
import tempfile
import time
from contextlib import suppress
from unittest import mock

import transaction
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from ZODB.POSException import UndoError

from netsight.async_.config import PROCESS_REGISTRY_ID
from netsight.async_.exceptions import ProcessCancelled
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.shards import SHARDS
from netsight.async_.running import signs
from netsight.async_.running.monitor import monitor
from netsight.async_.running.runner import run
from netsight.async_.serving.recovery import DAY_SECONDS
from netsight.async_.serving.recovery import is_expired
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.storage_support import FileStorageTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


CLAIM = "netsight.async: claim"
PROGRESS = "netsight.async: progress"


def set_title(view, process_id):
    view.context.title = "effect"
    return "done"


class UndoTestCase(FileStorageTestCase):
    def setUp(self):
        super().setUp()
        retry_conflicts(self)
        # The registry and the record of the worker are there.
        self.run_job(lambda view, pid: "first")
        self.recover()
        self.before = len(self.undoable())

    def new(self):
        """Return the ids of the test's transactions, the oldest first."""
        return [tid for tid, _note in self.undoable()[self.before :]]

    def noted(self, note):
        """Return the id of the newest transaction with that description."""
        return [tid for tid, text in self.undoable() if text == note][-1]

    def title(self):
        self.app._p_jar.sync()
        return self.app.title

    def page(self, process_id, view="job"):
        return text_of(self.client().see(f"/{view}", "processing", process_id))


class StartTests(UndoTestCase):
    def queued(self):
        with processes_run_by(Never()):
            self.job(set_title)
            return self.client().start("/job")

    def undo_before(self, work):
        """Undo the start of a process that runs, and let it do its work."""
        gate = Gate()

        def waiting(view, process_id):
            gate.reach()
            return work(view, process_id)

        self.job(waiting)
        with self.threads() as executor:
            self.client().start("/job")
            gate.wait()
            self.undo(*self.new())
            gate.open()
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))

    def test_the_process_is_gone(self):
        process_id = self.queued()
        self.undo(*self.new())
        for subview in ("processing", "completed", "result"):
            self.client().see("/job", subview, process_id, status=404)
        self.assertEqual(self.recover(), [])

    def test_it_is_not_run(self):
        process_id = self.queued()
        self.undo(*self.new())
        with self.assertNoLogs("netsight.async_", logging.ERROR):
            run(process_id)
        self.assertEqual(self.title(), "Zope")

    def test_another_that_was_started_since_goes_on(self):
        ids = [self.queued() for _start in range(3)]
        self.undo(self.new()[1])
        run(ids[2])
        self.client().see("/job", "processing", ids[1], status=404)
        self.client().see("/job", "result", ids[2])

    def test_or_is_refused_as_a_whole(self):
        first = self.queued()
        # So many that the bucket of its id has been split since then.
        transact("test", add_some, 40 * SHARDS)
        with self.assertRaises(UndoError):
            self.undo(self.new()[0])
        self.assertEqual(self.process(first).state, "queued")
        self.assertEqual(query_registry(self.app).active_ids()[0], first)

    def test_a_running_one_ends_without_effect(self):
        with self.assertNoLogs("netsight.async_", logging.ERROR):
            self.undo_before(set_title)
        self.assertEqual(self.title(), "Zope")
        self.assertEqual(len(self.processes()), 1)

    def test_a_running_one_that_swallows_errors_cannot_commit_either(self):
        def work(view, process_id):
            view.context.title = "zombie"
            for _try in range(2):
                with suppress(Exception):
                    transaction.commit()

        self.undo_before(work)
        self.assertEqual(self.title(), "Zope")

    def test_the_start_of_one_that_ended_is_refused_as_a_whole(self):
        self.job(set_title)
        process_id = self.client().start("/job")
        start, _claim, _job = self.new()
        with self.assertRaises(UndoError):
            self.undo(start)
        self.assertEqual(self.process(process_id).state, "completed")
        self.client().see("/job", "result", process_id)

    def test_all_of_a_process_can_be_undone_at_once(self):
        self.job(set_title)
        process_id = self.client().start("/job")
        self.undo(*self.new())
        self.assertEqual(self.title(), "Zope")
        self.client().see("/job", "processing", process_id, status=404)


class RunTests(UndoTestCase):
    def test_the_holder_of_an_undone_claim_is_fenced_off(self):
        first, second, calls = Gate(), Gate(), []

        def work(view, process_id):
            calls.append(process_id)
            if len(calls) == 1:
                first.reach()
                view.context.title = "zombie"
                view.checkpoint()
            second.reach()
            return "second"

        self.job(work)
        with self.threads() as executor:
            process_id = self.client().start("/job")
            first.wait()
            self.undo(self.noted(CLAIM))
            self.assertEqual(self.process(process_id).state, "queued")
            executor.ring(process_id)
            second.wait()
            first.open()
            self.assertTrue(
                wait_until(
                    lambda: executor.health()["running"] == 1, WAIT_SECONDS
                )
            )
            second.open()
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(self.title(), "Zope")
        self.assertEqual(len(calls), 2, "it did not pass for the second")
        result = self.client().see("/job", "result", process_id)
        self.assertEqual(result.text, "second")

    def test_progress_goes_back_and_on(self):
        gate = Gate()

        def work(view, process_id):
            view.set_progress(process_id, 30)
            gate.reach()
            view.set_progress(process_id, 40)
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))

        self.job(work)
        with self.threads() as executor:
            process_id = self.client().start("/job")
            gate.wait()
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
            self.undo(self.noted(PROGRESS))
            self.assertIsNone(self.process(process_id).progress)
            gate.open()
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        process = self.process(process_id)
        self.assertEqual(process.state, "completed")
        self.assertEqual(process.notes.progress_of(process_id).number, 40)

    def test_a_worker_beats_on_when_the_registry_is_gone(self):
        transact("test", drop_registry)
        with self.assertNoLogs("netsight.async_", logging.ERROR):
            transact("heartbeat", signs.beat)


class OutcomeTests(UndoTestCase):
    """What was committed together is undone together, and for good."""

    def completed_and_undone(self, view="job"):
        _client, process_id = self.run_job(set_title, view=view)
        job = self.new()[-1]
        self.recover()
        self.assertEqual(self.title(), "effect")
        self.undo(job)
        return process_id

    def test_effects_and_result_are_gone(self):
        process_id = self.completed_and_undone()
        self.assertEqual(self.title(), "Zope")
        self.assertEqual(self.process(process_id).state, "lost")
        self.assertIsNone(self.process(process_id).response)

    def test_every_reader_is_told(self):
        process_id = self.completed_and_undone()
        client = self.client()
        self.assertIn("undone this process", self.page(process_id))
        client.see("/job", "result", process_id, status=500)
        completed = client.see("/job", "completed", process_id, output_json=1)
        self.assertEqual(completed.json, {"completed": "ERROR"})
        status = client.see("/job", "process-status", process_id)
        self.assertEqual(status.json["state"], "lost")

    def test_it_is_never_run_again(self):
        for view in ("job", "again-job"):
            with self.subTest(view):
                process_id = self.completed_and_undone(view)
                self.assertEqual(self.recover(), [])
                run(process_id)
                self.assertEqual(self.process(process_id).state, "lost")
                self.assertEqual(self.title(), "Zope")

    def test_it_expires_when_it_would_have_without_being_fetched(self):
        process_id = self.completed_and_undone()
        process = self.process(process_id)
        process.note_fetched(time.time() - 7 * DAY_SECONDS)
        week_later = process.finished + 7 * DAY_SECONDS
        self.assertFalse(is_expired(process, week_later - 60))
        self.assertTrue(is_expired(process, week_later + 60))

    def test_one_that_failed_is_not_run_again_either(self):
        _client, process_id = self.run_job(raise_error, view="again-job")
        self.recover()
        self.undo(self.noted("netsight.async: failed"))
        self.assertEqual(self.process(process_id).state, "lost")
        self.assertEqual(self.recover(), [])

    def test_a_cancel_is_not_undone_later(self):
        _client, process_id = self.run_job(raise_cancelled)
        self.recover()
        with self.assertRaises(UndoError):
            self.undo(self.noted("netsight.async: cancelled"))
        self.assertEqual(self.process(process_id).state, "cancelled")

    def test_what_recovery_has_ended_stays_lost(self):
        with processes_run_by(Never()):
            self.job(set_title)
            process_id = self.client().start("/job")
        transact("test", die_with_claim, process_id)
        self.recover()
        ended = self.noted("netsight.async: recovery")
        self.recover()
        with self.assertRaises(UndoError):
            self.undo(ended)
        self.assertEqual(self.process(process_id).state, "lost")

    def test_a_cancel_that_is_undone_at_once_queues_it_again(self):
        with processes_run_by(Never()):
            process_id = self.client().start("/cancellable-job")
        path = "/cancellable-job"
        query = {"process_id": process_id}
        self.client().post(f"{path}/process-cancel", query)
        self.undo(self.new()[-1])
        self.assertEqual(self.recover(), [process_id])

    def test_an_outcome_that_is_undone_at_once_is_as_a_death(self):
        for view, state in (("job", "lost"), ("again-job", "queued")):
            with self.subTest(view):
                _client, process_id = self.run_job(set_title, view=view)
                self.undo(self.new()[-1])
                self.recover()
                self.assertEqual(self.process(process_id).state, state)
                self.assertEqual(self.title(), "Zope")

    def test_effects_that_were_changed_since_stay_with_their_outcome(self):
        _client, process_id = self.run_job(set_title)
        job = self.new()[-1]
        transaction.begin()
        self.app.title = "changed since"
        transaction.commit()
        with self.assertRaises(UndoError):
            self.undo(job)
        self.assertEqual(self.title(), "changed since")
        self.assertEqual(self.process(process_id).state, "completed")


class OwnDatabaseTests(UndoTestCase):
    """With the setting `database`, each database undoes what is its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.main = self.layer["zodbDB"]
        self.own = DB(
            FileStorage(f"{folder.name}/Data.fs"),
            database_name="async",
            databases=self.main.databases,
        )
        setting = mock.patch.dict(
            "os.environ", NETSIGHT_ASYNC_DATABASE="async"
        )
        setting.start()
        self.addCleanup(setting.stop)
        super().setUp()

    def tearDown(self):
        super().tearDown()
        transaction.abort()
        del self.main.databases["async"]
        self.own.close()

    @property
    def database(self):
        return self.own

    def test_an_outcome_goes_without_its_effects(self):
        _client, process_id = self.run_job(set_title, view="again-job")
        outcome = self.new()[-1]
        self.recover()
        self.undo(outcome)
        self.assertEqual(self.process(process_id).state, "lost")
        self.assertIn("undone", self.page(process_id, "again-job"))
        self.assertEqual(self.recover(), [])
        self.assertEqual(self.title(), "effect")

    def test_a_start_is_gone(self):
        with processes_run_by(Never()):
            process_id = self.client().start("/job")
        self.undo(*self.new())
        self.client().see("/job", "processing", process_id, status=404)


def raise_error(view, process_id):
    raise ValueError("failed")


def raise_cancelled(view, process_id):
    raise ProcessCancelled(process_id)


def drop_registry(root):
    root._delObject(PROCESS_REGISTRY_ID, suppress_events=True)


def add_some(root, count):
    """Add queued processes that are started from now on."""
    registry, later = query_registry(root), int(time.time()) + 1
    for number in range(count):
        add(registry, later + number)
