"""When a run may be interrupted from outside, and what comes of it."""

import sys
import threading
from contextlib import suppress
from unittest import mock

import transaction
import ZEO
from persistent import Persistent
from zExceptions import Redirect
from ZODB.POSException import ConflictError

from netsight.async_.exceptions import TimeLimitExceeded
from netsight.async_.records import database
from netsight.async_.records.database import transact
from netsight.async_.running import window
from netsight.async_.running.publishing import run_of
from netsight.async_.running.runner import run
from netsight.async_.running.window import Window
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.views import JobView


def is_open_here(window):
    return window.is_open(sys._getframe())


class Witness:
    """A data manager that looks at a window in each step of a commit."""

    def __init__(self, window, seen):
        self._look = lambda *args: seen.add(is_open_here(window))

    def sortKey(self):
        return "~"

    def __getattr__(self, name):
        if name.startswith(("tpc_", "commit", "abort")):
            return self._look
        raise AttributeError(name)


class Loading(Persistent):
    """Looks at a window while the database gives it its state."""

    look = None

    def __setstate__(self, state):
        Loading.look()
        super().__setstate__(state)


class WindowTestCase(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.window = Window()
        self.seen = set()

    def run_in_window(self, work):
        """Run a job to its end, and return its process."""
        with processes_run_by(Never()):
            _client, process_id = self.run_job(work)
        thread = threading.Thread(target=run, args=(process_id, self.window))
        thread.start()
        thread.join()
        return self.process(process_id)

    def join(self):
        transaction.get().join(Witness(self.window, self.seen))

    def look(self, *args):
        self.seen.add(is_open_here(self.window))

    def assert_completed(self, process):
        self.assertEqual(process.state, "completed", process.error)


class WindowTests(WindowTestCase):
    def test_it_is_open_while_the_job_works(self):
        self.assert_completed(
            self.run_in_window(lambda view, process_id: self.look())
        )
        self.assertEqual(self.seen, {True})

    def test_it_is_closed_in_the_commit_that_ends_the_process(self):
        self.assert_completed(
            self.run_in_window(lambda view, process_id: self.join())
        )
        self.assertEqual(self.seen, {False})
        self.assertFalse(is_open_here(self.window))

    def test_it_is_closed_in_commits_of_the_job_and_open_after_them(self):
        def work(view, process_id):
            for end in (transaction.commit, transaction.abort):
                self.join()
                end()
                opened.append(is_open_here(self.window))
            self.join()
            view.checkpoint()
            opened.append(is_open_here(self.window))

        opened = []
        self.assert_completed(self.run_in_window(work))
        self.assertEqual(self.seen, {False})
        self.assertEqual(opened, [True, True, True])

    def test_it_is_open_again_after_a_commit_that_fails(self):
        class Failing(Witness):
            def tpc_vote(self, txn):
                raise ValueError("no vote")

        def work(view, process_id):
            transaction.get().join(Failing(self.window, set()))
            with self.assertRaises(ValueError):
                transaction.commit()
            transaction.abort()
            self.look()

        self.assert_completed(self.run_in_window(work))
        self.assertEqual(self.seen, {True})

    def test_it_is_closed_in_hooks_and_synchronizers_of_a_commit(self):
        class Synchronizer:
            newTransaction = lambda *args: None  # noqa: E731
            beforeCompletion = afterCompletion = self.look

        def work(view, process_id):
            synchronizer = Synchronizer()
            transaction.manager.registerSynch(synchronizer)
            transaction.get().addAfterCommitHook(self.look)
            transaction.commit()
            transaction.manager.unregisterSynch(synchronizer)

        self.assert_completed(self.run_in_window(work))
        self.assertEqual(self.seen, {False})

    def test_it_is_closed_in_commits_of_other_transaction_managers(self):
        def work(view, process_id):
            manager = transaction.TransactionManager()
            manager.begin().join(Witness(self.window, self.seen))
            manager.commit()

        self.assert_completed(self.run_in_window(work))
        self.assertEqual(self.seen, {False})

    def test_it_is_closed_while_an_object_is_loaded(self):
        def work(view, process_id):
            view.context.loading._p_deactivate()
            self.assertEqual(view.context.loading.text, "loaded")

        self.app.loading = Loading()
        self.app.loading.text = "loaded"
        transaction.commit()
        Loading.look = self.look
        self.assert_completed(self.run_in_window(work))
        self.assertEqual(self.seen, {False})

    def test_it_is_closed_in_short_transactions_of_ours(self):
        self.assert_completed(
            self.run_in_window(
                lambda view, process_id: transact("", self.look)
            )
        )
        self.assertEqual(self.seen, {False})

    def test_it_is_closed_in_whatever_a_storage_calls(self):
        for name in database.STORAGES:
            with self.subTest(name):
                module = {"__name__": f"{name}.storage", "look": self.look}
                exec("def load(): look()", module)
                self.assert_completed(
                    self.run_in_window(lambda view, pid, m=module: m["load"]())
                )
        self.assertEqual(self.seen, {False})

    def test_storages_have_the_names_of_their_packages(self):
        self.assertIn(ZEO.__name__, database.STORAGES)

    def test_it_is_closed_while_progress_is_handed_over(self):
        class Text(str):
            __eq__ = lambda *args: self.look()  # noqa: E731
            __hash__ = None

        def work(view, process_id):
            run_of(view.request).set_progress(None, Text("at work"))

        self.assert_completed(self.run_in_window(work))
        self.assertEqual(self.seen, {False})


class TimeLimitTests(WindowTestCase):
    def test_a_job_that_is_interrupted_fails_with_a_clear_text(self):
        def work(view, process_id):
            view.context.title = "changed"
            try:
                raise TimeLimitExceeded("It ran for too long.")
            except Exception:
                self.look()

        with self.assertLogs("netsight.async_.running.runner"):
            process = self.run_in_window(work)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.kind, "TimeLimitExceeded")
        self.assertEqual(process.error.text, "It ran for too long.")
        self.assertEqual(self.seen, set())
        self.assertNotEqual(self.app.title, "changed")

    def check_swallowed(self, work):
        """Do what swallows the time limit, in a job that changes something."""

        def change(view, process_id):
            view.context.title = "changed"
            with suppress(BaseException):
                self.window.interrupt(TimeLimitExceeded("It ran too long."))
            self.look()
            return work(view)

        with self.assertLogs("netsight.async_.running.runner"):
            process = self.run_in_window(change)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.kind, "TimeLimitExceeded")
        self.assertEqual(process.error.text, "It ran too long.")
        self.assertEqual(process.attempts, 1)
        self.assertEqual(self.seen, {False})
        self.app._p_jar.sync()
        self.assertNotEqual(self.app.title, "changed")

    def test_a_limit_that_is_swallowed(self):
        self.check_swallowed(lambda view: "caught")

    def test_a_limit_that_is_swallowed_and_committed(self):
        def work(view):
            with suppress(BaseException):
                transaction.commit()

        self.check_swallowed(work)

    def test_a_limit_that_is_swallowed_and_doomed(self):
        self.check_swallowed(lambda view: transaction.doom())

    def test_a_limit_that_is_swallowed_and_redirected(self):
        def work(view):
            raise Redirect("http://nohost/")

        self.check_swallowed(work)

    def test_a_limit_that_is_swallowed_for_a_conflict(self):
        def work(view):
            raise ConflictError("conflict")

        retry_conflicts(self)
        self.check_swallowed(work)


class ViewLimitTests(AsyncTestCase):
    """The time limit of a view, which a thread is told of when it calls."""

    LIMIT = 60

    def setUp(self):
        super().setUp()
        self.now = 0.0
        for patcher in (
            mock.patch.object(window, "time", mock.Mock(monotonic=self.clock)),
            mock.patch.object(JobView, "time_limit", self.LIMIT),
        ):
            patcher.start()
            self.addCleanup(patcher.stop)

    def clock(self):
        return self.now

    def check_failed(self, work):
        """Run a job that changes something and comes to its limit."""

        def run_late(view, process_id):
            view.context.title = "changed"
            self.now += self.LIMIT
            return work(view)

        with self.assertLogs("netsight.async_.running.runner"):
            _client, process_id = self.run_job(run_late)
        process = self.process(process_id)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.kind, "TimeLimitExceeded")
        self.assertIn("time limit of its view, 60 s", process.error.text)
        self.app._p_jar.sync()
        self.assertNotEqual(self.app.title, "changed")

    def test_each_sign_of_life_raises(self):
        for name, sign in (
            ("set_progress", lambda view: view.set_progress(None, 1)),
            ("track", lambda view: list(view.track([1]))),
            ("check_cancelled", lambda view: view.check_cancelled()),
            ("checkpoint", lambda view: view.checkpoint()),
        ):
            with self.subTest(name):
                self.check_failed(sign)

    def test_one_that_is_swallowed(self):
        def work(view):
            with suppress(BaseException):
                view.check_cancelled()
            with suppress(BaseException):
                transaction.commit()
            return "caught"

        self.check_failed(work)

    def test_the_tries_after_conflicts_count(self):
        def work(view):
            self.calls += 1
            raise ConflictError("conflict")

        self.calls = 0
        retry_conflicts(self)
        self.check_failed(work)
        self.assertEqual(self.calls, 1)

    def test_who_is_quicker_is_not_told(self):
        def work(view, process_id):
            self.now += self.LIMIT - 1
            view.check_cancelled()
            self.now += 1

        _client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).state, "completed")

    def test_one_that_is_run_again_has_the_same(self):
        with mock.patch.object(JobView, "restart_after_crash", True):
            with processes_run_by(Never()):
                _client, process_id = self.run_job(None)
        process = self.process(process_id)
        process.cancel()
        self.assertEqual(process.again("new").time_limit, self.LIMIT)
