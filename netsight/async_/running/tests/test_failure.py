"""Errors of any kind end the process as failed; nothing of it is kept."""

import logging
import sys
from contextlib import suppress
from unittest import mock

import transaction
from persistent import Persistent
from Products.SiteErrorLog.SiteErrorLog import manage_addErrorLog
from zExceptions import BadRequest
from zExceptions import NotFound
from zExceptions import Unauthorized
from ZODB.POSException import ConflictError
from zope.component import getGlobalSiteManager

from netsight.async_ import BaseAsyncView
from netsight.async_.interfaces import IProcessFailedEvent
from netsight.async_.records.database import TRANSACT_TRIES
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running import patience
from netsight.async_.running import runner
from netsight.async_.running import stored_request
from netsight.async_.running.failure import ERROR_CHARS
from netsight.async_.running.failure import TRACEBACK_CHARS
from netsight.async_.running.runner import run
from netsight.async_.running.tests.cut_off import AdminShutdown
from netsight.async_.running.tests.cut_off import ClientDisconnected
from netsight.async_.running.tests.cut_off import OperationalError
from netsight.async_.running.tests.cut_off import cut_off
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import text_of


RUNNING = "netsight.async_.running"
"""Logger of all that is about runs."""


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no text")


class Unserialisable:
    def __str__(self):
        raise ValueError("no text")


def recurse():
    return recurse()


def raiser(error):
    def work(view, process_id):
        raise error

    return work


class OddText(str):
    """What a library may return as text, and a database cannot store."""

    def __reduce__(self):
        raise TypeError("cannot be stored")


class FailureTests(AsyncTestCase):
    def error_of(self, work):
        """Return the Error after a job; it must have failed."""
        _client, process_id = self.fails(work)
        process = self.process(process_id)
        self.assertEqual(process.state, "failed")
        return process.error

    def fails(self, work):
        with self.assertLogs("netsight.async_", logging.ERROR):
            return self.run_job(work)

    def test_exceptions_of_all_kinds(self):
        for error in (
            ValueError("no"),
            NotFound("no"),
            BadRequest("no"),
            KeyboardInterrupt("no"),
            SystemExit("no"),
            GeneratorExit("no"),
        ):
            with self.subTest(type(error).__name__):
                kept = self.error_of(raiser(error))
                self.assertEqual(kept.kind, type(error).__name__)
                self.assertEqual(kept.text, "no")

    def test_unauthorized_is_a_failure_and_no_redirect_to_a_login_form(self):
        error = self.error_of(raiser(Unauthorized("not you")))
        self.assertEqual((error.kind, error.text), ("Unauthorized", "not you"))

    def test_endless_recursion(self):
        error = self.error_of(lambda view, pid: recurse())
        self.assertEqual(error.kind, "RecursionError")
        self.assertLessEqual(len(error.traceback), TRACEBACK_CHARS)

    def test_a_long_text_is_cut(self):
        _client, process_id = self.fails(raiser(ValueError("<x>" * 10**6)))
        error = self.process(process_id).error
        self.assertEqual(error.text, ("<x>" * 10**6)[:ERROR_CHARS] + "…")
        self.assertLessEqual(len(error.traceback), TRACEBACK_CHARS)
        self.assertIn("in work", error.traceback)
        self.assertIn("ValueError: <x>", error.traceback)
        manager = self.client(MANAGER)
        pages = (
            manager.see("/job", "processing", process_id),
            manager.get(f"/@@async-processes?process_id={process_id}"),
        )
        for page in pages:
            self.assertIn("&lt;x&gt;", page)
            self.assertLess(len(page.body), 100_000)

    def test_a_text_of_another_class_is_stored_as_plain_text(self):
        class Odd(Exception):
            def __str__(self):
                return OddText("why")

        error = self.error_of(raiser(Odd()))
        self.assertEqual((type(error.text), error.text), (str, "why"))

    def test_an_error_without_text(self):
        error = self.error_of(raiser(Unprintable()))
        self.assertEqual(error.text, "<unprintable Unprintable>")

    def test_an_error_without_text_has_that_of_its_cause(self):
        class LoadError(Exception):
            pass

        def work(view, process_id):
            try:
                raise ValueError("the cause")
            except ValueError as exc:
                raise LoadError from exc

        error = self.error_of(work)
        self.assertEqual(error.kind, "LoadError")
        self.assertEqual(error.text, "ValueError: the cause")

    def test_errors_that_cause_each_other(self):
        def work(view, process_id):
            error = ValueError()
            error.__cause__ = KeyError()
            error.__cause__.__cause__ = error
            raise error

        self.assertEqual(self.error_of(work).text, "")

    def test_a_template_that_breaks(self):
        error = self.error_of(lambda view, pid: view.broken())
        self.assertEqual(error.kind, "ZeroDivisionError")

    def test_a_result_that_cannot_be_serialised(self):
        error = self.error_of(lambda view, pid: Unserialisable())
        self.assertEqual((error.kind, error.text), ("ValueError", "no text"))

    def test_what_the_job_wrote_is_rolled_back(self):
        before = self.app.title

        def work(view, pid):
            view.context.title = "half done"
            raise ValueError("no")

        self.error_of(work)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)

    def test_progress_that_is_no_number_is_a_value_error_in_the_job(self):
        for value in ("50", float("nan"), None):
            with self.subTest(value):
                error = self.error_of(
                    lambda view, pid, v=value: view.set_progress(pid, v)
                )
                self.assertEqual(error.kind, "ValueError")

    def test_progress_for_another_id_is_an_error_in_the_job(self):
        error = self.error_of(lambda view, pid: view.set_progress("other", 1))
        self.assertEqual(error.kind, "NoSuchProcessError")

    def test_an_error_in_tidying_up_does_not_take_its_place(self):
        class Stuck:
            def sortKey(self):
                return "stuck"

            def abort(self, txn):
                raise RuntimeError("cannot abort")

        def work(view, process_id):
            transaction.get().join(Stuck())
            raise ValueError("why")

        with self.assertLogs(runner.logger) as logs:
            _client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).error.text, "why")
        other = logs.records[0]
        self.assertIn(process_id, other.getMessage())
        self.assertEqual(str(other.exc_info[1]), "cannot abort")

    def test_the_log_has_the_traceback_with_the_process_id(self):
        with self.assertLogs("netsight.async_", logging.ERROR) as logs:
            _client, process_id = self.run_job(raiser(ValueError("why")))
        text = "\n".join(logs.output)
        self.assertIn(process_id, text)
        self.assertIn("Traceback", text)
        self.assertIn("ValueError: why", text)

    def test_the_error_log_of_the_site_has_the_traceback(self):
        manage_addErrorLog(self.app)
        transaction.commit()
        self.error_of(raiser(ValueError("why")))
        entry = self.app.error_log.getLogEntries()[0]
        self.assertEqual(
            (entry["type"], entry["value"]), ("ValueError", "why")
        )
        self.assertIn("Traceback", entry["tb_text"])
        self.assertEqual(entry["url"], "http://localhost/job")

    def test_the_error_log_names_the_user(self):
        manage_addErrorLog(self.app)
        transaction.commit()
        with self.assertLogs("netsight.async_", logging.ERROR):
            self.run_job(raiser(ValueError("why")), login=EDITOR)
        entry = self.app.error_log.getLogEntries()[0]
        self.assertEqual(entry["username"], "editor")

    def test_a_view_that_is_gone_is_a_failure(self):
        self.app.manage_addFolder("folder")
        transaction.commit()
        self.base = "/folder"
        self.job(lambda view, pid: "x")

        class Late:
            def ring(self, process_id, *choices):
                self.process_id = process_id

        with processes_run_by(Late()) as late:
            self.client().start("/folder/job")
        self.app.manage_delObjects(["folder"])
        transaction.commit()
        with self.assertLogs("netsight.async_", logging.ERROR):
            run(late.process_id)
        self.assertEqual(self.process(late.process_id).error.kind, "NotFound")

    def test_a_subscriber_that_breaks_does_not_lose_the_failure(self):
        def broken(event):
            raise RuntimeError("subscriber")

        manager = getGlobalSiteManager()
        manager.registerHandler(broken, (IProcessFailedEvent,))
        self.addCleanup(
            manager.unregisterHandler, broken, (IProcessFailedEvent,)
        )
        self.assertEqual(self.error_of(raiser(ValueError("no"))).text, "no")


class FailedPageTests(AsyncTestCase):
    """Visitors see a sentence and a number, managers the traceback."""

    evil = ValueError("<script>alert('s3cret-cause')</script>")

    def pages(self, login=None, viewer=None):
        with self.assertLogs("netsight.async_", logging.ERROR):
            _client, process_id = self.run_job(raiser(self.evil), login=login)
        client = self.client(viewer or login)
        return process_id, [
            client.see("/job", "processing", process_id, status=200),
            client.see("/job", "result", process_id, status=500),
            client.see("/job", "completed", process_id, status=500),
        ]

    def test_a_visitor_sees_a_sentence_and_the_number(self):
        process_id, pages = self.pages()
        for page in pages:
            text = text_of(page)
            self.assertIn("Something went wrong. What was not finished", text)
            self.assertIn(process_id, text)
            self.assertNotIn("Traceback", text)
            self.assertNotIn("s3cret-cause", text)
            self.assertNotIn("ValueError", text)

    def test_the_owner_is_a_visitor(self):
        _process_id, pages = self.pages(login=EDITOR)
        for page in pages:
            self.assertNotIn("Traceback", page)

    def test_a_manager_sees_the_traceback_escaped(self):
        _process_id, pages = self.pages(login=EDITOR, viewer=MANAGER)
        for page in pages:
            self.assertIn("Traceback (most recent call last)", page)
            self.assertIn("&lt;script&gt;alert", page)
            self.assertNotIn("<script>alert", page)

    def test_the_page_leads_back_to_the_form(self):
        _process_id, pages = self.pages()
        self.assertIn('href="http://localhost/job"', pages[0])


class ConflictTests(AsyncTestCase):
    """A conflict runs `__run__` again, in the same process."""

    def conflicting(self, times, error=ConflictError):
        calls = []

        def work(view, process_id):
            calls.append(process_id)
            view.context.title = f"{view.context.title}+"
            if len(calls) <= times:
                raise error("conflict")
            return f"call {len(calls)}"

        return calls, work

    def setUp(self):
        super().setUp()
        retry_conflicts(self)

    def test_run_is_called_again_and_counted(self):
        calls, work = self.conflicting(2)
        client, process_id = self.run_job(work)
        self.assertEqual(calls, [process_id] * 3)
        self.assertEqual(self.process(process_id).attempts, 3)
        self.assertEqual(
            client.see("/job", "result", process_id).text, "call 3"
        )

    def test_there_is_never_a_second_process(self):
        _calls, work = self.conflicting(2)
        self.run_job(work)
        self.assertEqual(len(self.processes()), 1)

    def test_the_effect_happens_once(self):
        before = self.app.title
        _calls, work = self.conflicting(2)
        self.run_job(work)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, f"{before}+")

    def test_the_output_of_a_lost_attempt_is_dropped(self):
        calls = []

        def work(view, process_id):
            calls.append(1)
            view.request.response.write(b"attempt %d" % len(calls))
            if len(calls) == 1:
                raise ConflictError("conflict")

        self.assertEqual(self.result_of(work).body, b"attempt 2")

    def test_the_form_is_whole_in_each_attempt(self):
        seen = []

        def work(view, process_id):
            seen.append(view.request.form["a"])
            if len(seen) == 1:
                raise ConflictError("conflict")

        self.run_job(work, params={"a": "1"})
        self.assertEqual(seen, ["1", "1"])

    def test_a_real_conflict_at_the_commit_is_run_again(self):
        def work(view, process_id):
            view.context.title = f"{view.context.title}+"
            if not calls:
                calls.append(1)
                manager = transaction.TransactionManager()
                connection = view.context._p_jar.db().open(manager)
                connection.root()["Application"].title = "other"
                manager.commit()
                connection.close()

        calls = []
        _client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).attempts, 2)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, "other+")

    def test_when_the_retries_are_used_up_it_is_failed(self):
        calls, work = self.conflicting(sys.maxsize)
        with self.assertLogs("netsight.async_", logging.ERROR):
            _client, process_id = self.run_job(work)
        process = self.process(process_id)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.kind, "ConflictError")
        self.assertEqual(process.attempts, 4)
        self.assertEqual(len(calls), 4)

    def test_a_conflict_of_the_start_makes_one_process(self):
        self.job(lambda view, pid: "x")
        tries = []
        start = BaseAsyncView._start

        def conflict_once(view):
            answer = start(view)
            tries.append(1)
            if len(tries) == 1:
                raise ConflictError("conflict")
            return answer

        with mock.patch.object(BaseAsyncView, "_start", conflict_once):
            self.client().start("/job")
        self.assertEqual(len(tries), 2)
        self.assertEqual(len(self.processes()), 1)


class Nested(Persistent):
    """Is cut off when it is loaded first, as what it loads then itself."""

    loads = 0

    def __setstate__(self, state):
        Nested.loads += 1
        if Nested.loads == 1:
            cut_off()
        super().__setstate__(state)


class CutOffTests(AsyncTestCase):
    """RelStorage loses its database, and hands on the error of its driver."""

    def setUp(self):
        super().setUp()
        patch = mock.patch.object(patience, "FIRST_SECONDS", 0)
        patch.start()
        self.addCleanup(patch.stop)
        self.forms = []

    def cut_once(self, view, process_id):
        self.forms.append(view.request.form["name"])
        view.context.title = f"changed {len(self.forms)}"
        if len(self.forms) == 1:
            cut_off()
        return "done"

    def test_it_is_run_again_with_the_whole_form(self):
        with self.assertLogs(RUNNING, logging.WARNING):
            _client, process_id = self.run_job(
                self.cut_once, params={"name": "x"}
            )
        process = self.process(process_id)
        self.assertEqual(process.state, "completed", process.error)
        self.assertEqual(self.app.title, "changed 2")
        self.assertEqual(self.forms, ["x", "x"])

    def test_it_is_run_again_when_the_driver_has_a_special_error(self):
        def work(view, process_id):
            self.forms.append("x")
            if len(self.forms) == 1:
                cut_off(AdminShutdown)

        with self.assertLogs(RUNNING, logging.WARNING):
            _client, process_id = self.run_job(work)
        process = self.process(process_id)
        self.assertEqual(process.state, "completed", process.error)

    def test_it_is_run_again_when_a_nested_load_was_cut_off(self):
        self.app.nested = Nested()
        self.app.nested.text = "loaded"
        transaction.commit()

        def work(view, process_id):
            self.forms.append("x")
            view.context.nested._p_deactivate()
            view.context.title = view.context.nested.text

        Nested.loads = 0
        with self.assertLogs(RUNNING, logging.WARNING):
            _client, process_id = self.run_job(work)
        process = self.process(process_id)
        self.assertEqual(process.state, "completed", process.error)
        self.assertEqual(process.attempts, 2)
        self.assertEqual(self.app.title, "loaded")

    def test_it_is_run_again_when_an_old_object_has_the_id_of_a_new_one(self):
        def work(view, process_id):
            self.forms.append("x")
            if len(self.forms) == 1:
                connection = view.context._p_jar
                oid = view.context._p_oid
                with mock.patch.object(connection, "new_oid", lambda: oid):
                    connection.add(Persistent())
                # As in a commit with ZEO, which asks the server later.
                transaction.savepoint()

        with self.assertLogs(RUNNING, logging.WARNING) as logs:
            _client, process_id = self.run_job(work)
        self.assertIn("already has the same oid", logs.output[0])
        process = self.process(process_id)
        self.assertEqual(process.state, "completed", process.error)

    def test_it_is_run_again_when_the_job_raises_its_own_error_for_that(self):
        def work(view, process_id):
            try:
                return self.cut_once(view, process_id)
            except OperationalError as exc:
                raise RuntimeError("the import") from exc

        with self.assertLogs(RUNNING, logging.WARNING):
            _client, process_id = self.run_job(work, params={"name": "x"})
        self.assertEqual(self.process(process_id).state, "completed")

    def cut_always(self, view="job"):
        """Run a job that is always cut off; return its process."""
        with self.assertLogs(RUNNING, logging.WARNING) as logs:
            _client, process_id = self.run_job(
                lambda view, process_id: cut_off(), view=view
            )
        process = self.process(process_id)
        self.assertEqual(len(logs.records), process.attempts)
        return process

    def test_one_that_may_not_be_repeated_is_begun_anew_only_once(self):
        self.assertEqual(self.cut_always().attempts, 2)

    def test_one_that_may_is_begun_as_often_as_after_crashes(self):
        process = self.cut_always("again-job")
        self.assertEqual(process.attempts, process.max_attempts)

    def test_the_cause_says_what_may_end_sessions(self):
        error = self.cut_always().error
        self.assertEqual(error.kind, "SessionEndedError")
        self.assertIn("idle_in_transaction_session_timeout", error.text)
        self.assertIn("OperationalError", error.traceback)

    def test_an_outcome_that_was_stored_nevertheless_stands(self):
        def publish_and_lose_the_answer(*args, **kwargs):
            publish_environ(*args, **kwargs)
            cut_off()

        publish_environ = runner.publish_environ
        with (
            mock.patch.object(
                runner, "publish_environ", publish_and_lose_the_answer
            ),
            self.assertLogs(RUNNING, logging.WARNING),
        ):
            _client, process_id = self.run_job(
                lambda view, process_id: self.forms.append("once")
            )
        self.assertEqual(self.forms, ["once"])
        self.assertEqual(self.process(process_id).state, "completed")

    def test_a_server_of_zeo_may_be_away_when_the_input_is_read(self):
        def be_away_first(request):
            tries.append(request)
            # Once with the claim, and then in a transaction of its own.
            if len(tries) <= 1 + TRANSACT_TRIES:
                cut_off(ClientDisconnected, "ZEO.asyncio.client")
            return open_environ(request)

        tries, open_environ = [], stored_request.open_environ
        with (
            mock.patch.object(stored_request, "open_environ", be_away_first),
            self.assertLogs(RUNNING, logging.WARNING),
        ):
            _client, process_id = self.run_job(lambda view, pid: "done")
        process = self.process(process_id)
        self.assertEqual(process.state, "completed", process.error)

    def check_waits(self, target, name, work, state):
        """Run a job with a database that is away when a function is called."""

        def be_away(*args):
            tries.append(args)
            if len(tries) <= 2 * runner.CUT_OFF_RUNS:
                cut_off()
            return function(*args)

        tries, function = [], getattr(target, name)
        with (
            mock.patch.object(target, name, be_away),
            self.assertLogs(RUNNING, logging.WARNING),
        ):
            _client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).state, state)

    def test_it_waits_as_long_as_the_database_is_away(self):
        self.check_waits(
            stored_request,
            "open_environ",
            lambda view, pid: "done",
            "completed",
        )

    def test_it_waits_so_long_also_to_write_how_it_has_ended(self):
        self.check_waits(
            runner.outcomes, "fail", raiser(ValueError("why")), "failed"
        )

    def test_such_an_error_of_the_job_itself_fails_it(self):
        with self.assertLogs(runner.logger, logging.ERROR):
            _client, process_id = self.run_job(
                raiser(OperationalError("another database"))
            )
        self.assertEqual(self.process(process_id).attempts, 1)


class DoomedTests(AsyncTestCase):
    def test_a_doomed_transaction_answers_without_effects(self):
        before = self.app.title

        def work(view, pid):
            view.context.title = "written"
            transaction.doom()
            return "answered"

        self.assertEqual(self.result_of(work).text, "answered")
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)


class FenceTests(AsyncTestCase):
    """A worker whose claim was given to another cannot commit."""

    def take_away(self, process_id):
        def take(root):
            claim = get_process(root, process_id).claim
            claim.take(query_registry(root).worker("w2"))

        transact("test", take)

    def check_rolled_back(self, work):
        before = self.app.title
        _client, process_id = self.run_job(work)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)
        process = self.process(process_id)
        self.assertEqual(process.state, "running")
        self.assertEqual(process.claim.worker.name, "w2")

    def test_the_final_commit_is_refused(self):
        def work(view, process_id):
            view.context.title = "zombie"
            self.take_away(process_id)

        self.check_rolled_back(work)

    def test_a_commit_midway_is_refused(self):
        def work(view, process_id):
            self.take_away(process_id)
            view.context.title = "zombie"
            transaction.commit()

        self.check_rolled_back(work)

    def test_a_commit_midway_after_another_commit_is_refused(self):
        def work(view, process_id):
            transaction.commit()
            self.take_away(process_id)
            transaction.begin()
            view.context.title = "zombie"
            transaction.commit()

        self.check_rolled_back(work)

    def test_a_commit_in_a_transaction_that_nobody_began_is_refused(self):
        def work(view, process_id):
            transaction.commit()
            self.take_away(process_id)
            view.context.title = "zombie"
            transaction.commit()

        self.check_rolled_back(work)

    def test_that_is_no_error(self):
        def work(view, process_id):
            view.context.title = "zombie"
            self.take_away(process_id)

        def give_up(view, process_id):
            work(view, process_id)
            raise ValueError("zombie")

        retry_conflicts(self)
        for each in (work, give_up):
            with self.assertNoLogs("txn", level="ERROR"):
                self.check_rolled_back(each)

    def test_it_is_none_before_the_input_was_read(self):
        calls = []

        def late(note, *args):
            if note == "input":
                (process,) = self.processes()
                transact("test", lambda root: end(root, process.id))
            return transact(note, *args)

        def end(root, process_id):
            get_process(root, process_id).recover()

        with (
            mock.patch.object(stored_request.StoredRequest, "open_early"),
            mock.patch.object(stored_request, "transact", late),
            self.assertNoLogs(level="ERROR"),
        ):
            self.run_job(lambda view, pid: calls.append(pid))
        self.assertEqual(calls, [])
        self.assertEqual(self.processes()[0].state, "lost")

    def test_who_swallows_the_refusal_cannot_commit_either(self):
        def work(view, process_id):
            self.take_away(process_id)
            transaction.begin()
            view.context.title = "zombie"
            for _ in range(2):
                with suppress(Exception):
                    transaction.commit()

        self.check_rolled_back(work)

    def test_a_failure_of_a_zombie_is_not_stored(self):
        def work(view, process_id):
            self.take_away(process_id)
            raise ValueError("zombie")

        self.check_rolled_back(work)

    def test_commits_midway_of_the_holder_succeed(self):
        def work(view, process_id):
            view.context.title = "first"
            transaction.commit()
            view.context.title = "second"
            return "done"

        self.assertEqual(self.result_of(work).text, "done")
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, "second")

    def test_a_second_ring_does_nothing(self):
        calls = []
        _client, process_id = self.run_job(
            lambda view, pid: calls.append(process_id_of(view))
        )
        run(process_id)
        run("no-such-process")
        self.assertEqual(calls, [process_id])


def process_id_of(view):
    return view.request.async_run.process_id
