"""Several transactions in one run, and commits that fail in the middle."""

from contextlib import suppress
from unittest import mock

import transaction
from zExceptions import Redirect
from ZODB.POSException import ConflictError

from netsight.async_.exceptions import ProcessCancelled
from netsight.async_.records.database import own_transaction
from netsight.async_.running import fence
from netsight.async_.running import patience
from netsight.async_.running import runner
from netsight.async_.running.tests.cut_off import OperationalError
from netsight.async_.running.tests.cut_off import cut_off
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.storage_support import FileStorageTestCase
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import AsyncTestCase


class Refusing:
    """Joins a transaction, and lets it not commit."""

    sortKey = lambda self: ""  # noqa: E731
    abort = tpc_abort = lambda self, txn: None  # noqa: E731

    def tpc_begin(self, txn):
        raise ValueError("refused")


def is_away(run):
    """What `Run.process` does while the database is away."""
    cut_off()


class UndoLogTests(FileStorageTestCase):
    """Whose a transaction is, and of which view."""

    def check(self, work, count):
        """Run a job as the editor; it commits `count` transactions."""
        self.run_job(work, EDITOR)
        infos = self.database.undoInfo(0, 10_000)
        mine = [each for each in infos if each["description"] == "/job"]
        users = [each["user_name"].split()[-1] for each in mine]
        # The first is that of the start request.
        self.assertEqual(users, ["editor"] * (1 + count))

    def test_of_each_part_that_checkpoint_commits(self):
        def work(view, process_id):
            for number in range(2):
                view.context.title = f"part {number}"
                view.checkpoint()
            view.context.title = "done"

        self.check(work, 3)

    def test_of_a_redirect_that_is_raised(self):
        def work(view, process_id):
            raise Redirect("http://nohost/")

        self.check(work, 1)

    def test_of_a_transaction_that_is_doomed(self):
        def work(view, process_id):
            transaction.doom()

        self.check(work, 1)


class RolledBackTests(AsyncTestCase):
    """A job that ends its own transaction loses what it has done."""

    def warnings(self, work):
        """Run a job; return (process id, texts of its warnings)."""
        with self.assertLogs(fence.logger, "WARNING") as logs:
            # There must be one.
            fence.logger.warning("the first")
            _client, process_id = self.run_job(work)
        process = self.process(process_id)
        self.assertEqual(process.state, "completed", process.error)
        return process_id, [r.getMessage() for r in logs.records[1:]]

    def check(self, end):
        def work(view, process_id):
            view.context.title = "lost"
            end(view)
            view.context.title = "lost as well"
            end(view)

        process_id, (text,) = self.warnings(work)
        self.assertIn(process_id, text)
        code = end.__code__
        self.assertIn(f"{code.co_filename}:{code.co_firstlineno}", text)

    def test_it_aborts(self):
        self.check(lambda view: transaction.abort())

    def test_it_begins(self):
        self.check(lambda view: transaction.begin())

    def test_it_syncs(self):
        self.check(lambda view: view.context._p_jar.sync())

    def test_it_aborts_while_the_database_is_away(self):
        def work(view, process_id):
            with mock.patch.object(runner.Run, "process", is_away):
                transaction.abort()
            return "done"

        # Nothing is to be committed, so nothing has failed.
        with self.assertNoLogs("txn", "ERROR"):
            _client, process_id = self.run_job(work)
        process = self.process(process_id)
        self.assertEqual(process.state, "completed", process.error)
        self.assertEqual(process.attempts, 1)

    def check_silent(self, work):
        _process_id, texts = self.warnings(work)
        self.assertEqual(texts, [])

    def test_it_has_changed_nothing(self):
        def work(view, process_id):
            transaction.begin()

        self.check_silent(work)

    def test_it_has_committed_before(self):
        def work(view, process_id):
            view.context.title = "kept"
            for commit in (transaction.commit, view.checkpoint):
                view.context.title = "kept"
                commit()
                transaction.begin()
                view.context._p_jar.sync()

        self.check_silent(work)

    def test_a_commit_has_failed_before(self):
        def work(view, process_id):
            transaction.get().join(Refusing())
            with suppress(ValueError):
                transaction.commit()
            transaction.abort()

        self.check_silent(work)

    def test_it_fails_or_conflicts_or_redirects(self):
        retry_conflicts(self)
        calls = []

        def work(view, process_id):
            calls.append(view)
            view.context.title = "changed"
            if len(calls) == 1:
                raise ConflictError("conflict")
            raise Redirect("http://nohost/")

        self.check_silent(work)


class CaughtTests(AsyncTestCase):
    """The error of a commit that the job catches begins it anew all the same.

    Nothing could be committed after it.
    """

    def setUp(self):
        super().setUp()
        retry_conflicts(self)
        self.calls = 0

    def change_meanwhile(self):
        with own_transaction("meanwhile") as root:
            root.title = f"{root.title}, meanwhile"

    def conflict_once(self, view, commit):
        """Conflict in the first attempt, and catch it."""
        self.calls += 1
        view.context.title = f"{view.context.title}, changed"
        if self.calls == 1:
            self.change_meanwhile()
        with suppress(Exception):
            commit()

    def check(self, work, state="completed", attempts=2):
        before = self.app.title
        _client, process_id = self.run_job(work)
        process = self.process(process_id)
        self.assertEqual(process.state, state, process.error)
        self.assertEqual(process.attempts, attempts)
        return process, self.app.title.removeprefix(before)

    def test_a_conflict_at_a_checkpoint(self):
        def work(view, process_id):
            self.conflict_once(view, view.checkpoint)
            view.checkpoint()
            return "done"

        _process, change = self.check(work)
        self.assertEqual(change, ", meanwhile, changed")

    def test_a_conflict_at_a_commit_of_the_job(self):
        def work(view, process_id):
            self.conflict_once(view, transaction.commit)
            return "done"

        _process, change = self.check(work)
        self.assertEqual(change, ", meanwhile, changed")

    def test_a_conflict_and_an_error_of_the_job(self):
        def work(view, process_id):
            self.conflict_once(view, view.checkpoint)
            if self.calls == 1:
                raise ValueError("the import failed")

        self.check(work)

    def test_a_conflict_and_a_redirect(self):
        def work(view, process_id):
            self.conflict_once(view, view.checkpoint)
            raise Redirect("http://nohost/")

        process, change = self.check(work)
        self.assertEqual(process.response.status, 302)
        self.assertEqual(change, ", meanwhile, changed")

    def test_a_job_that_repeats_by_itself_is_not_repeated(self):
        def work(view, process_id):
            self.conflict_once(view, view.checkpoint)
            transaction.abort()
            view.context.title = f"{view.context.title}, again"
            return "done"

        _process, change = self.check(work, attempts=1)
        self.assertEqual(change, ", meanwhile, again")

    def test_a_database_that_is_cut_off(self):
        class Storage:
            sortKey = lambda self: ""  # noqa: E731
            abort = tpc_abort = lambda self, txn: None  # noqa: E731

            def tpc_begin(self, txn):
                cut_off()

        def work(view, process_id):
            self.calls += 1
            if self.calls == 1:
                transaction.get().join(Storage())
            with suppress(Exception):
                view.checkpoint()
            return "done"

        with self.assertLogs(patience.logger, "WARNING"):
            self.check(work)

    def test_a_database_that_is_cut_off_before_the_commit(self):
        def work(view, process_id):
            self.calls += 1
            if self.calls == 1:
                with (
                    mock.patch.object(runner.Run, "process", is_away),
                    suppress(OperationalError),
                ):
                    view.checkpoint()
            return "done"

        with self.assertLogs(patience.logger, "WARNING"):
            self.check(work)

    def test_a_cancel(self):
        def work(view, process_id):
            view.request.async_run.cancel()
            with suppress(ProcessCancelled):
                view.set_progress(process_id, 50)
            view.context.title = "changed after that"
            with suppress(ProcessCancelled):
                transaction.commit()

        # A commit that is refused is no error of the database.
        with self.assertNoLogs("txn", "ERROR"):
            _process, change = self.check(work, "cancelled", attempts=1)
        self.assertEqual(change, "")

    def test_another_error_is_the_cause_that_is_stored(self):
        def work(view, process_id):
            transaction.get().join(Refusing())
            with suppress(Exception):
                view.checkpoint()
            view.checkpoint()

        with self.assertLogs(runner.logger, "ERROR"):
            process, _change = self.check(work, "failed", attempts=1)
        self.assertEqual(process.error.text, "refused")
