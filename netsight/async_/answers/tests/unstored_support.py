"""The commit of a start or a cancel fails: what the visitor is told.

The tests run on Zope alone and in a Plone site: a class there has them and a
test case of its own.
"""

import logging
from contextlib import contextmanager
from unittest import mock

import transaction
from zExceptions import BadRequest
from zExceptions import NotFound
from zExceptions import Redirect
from zExceptions import Unauthorized
from ZODB.POSException import ConflictError
from ZODB.POSException import ReadOnlyError
from zope.component import getGlobalSiteManager

from netsight.async_.interfaces import IProcessQueuedEvent
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.failing_commits import Failing
from netsight.async_.tests.failing_commits import failing_cancels
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import text_of
from netsight.async_.tests.views import JobView


NOT_STORED = "could not store your request"


class Bell:
    """An executor that counts the rings."""

    rung = 0

    def ring(self, process_id, *choices):
        self.rung += 1


class UnstoredMixin:
    """What cannot be stored is told, and nothing is queued."""

    def setUp(self):
        super().setUp()
        self.job(lambda view, pid: "done")
        self.bell = Bell()
        bell = processes_run_by(self.bell)
        bell.__enter__()
        self.addCleanup(bell.__exit__, None, None, None)

    @contextmanager
    def failing_commits(self, *errors, step="tpc_vote"):
        """Let the commits of starts fail in a step, one with each error."""
        left = list(errors)

        def fail(event):
            if left:
                transaction.get().join(Failing(left.pop(0), step))

        manager = getGlobalSiteManager()
        manager.registerHandler(fail, (IProcessQueuedEvent,))
        try:
            yield
        finally:
            manager.unregisterHandler(fail, (IProcessQueuedEvent,))

    def start_in_vain(self, error, **headers):
        """POST, and have the commit fail; return the response and the log."""
        with (
            self.failing_commits(error),
            self.assertLogs("netsight.async_", logging.ERROR) as logs,
        ):
            response = self.client().post(
                self.path("job"), headers=headers, status=503
            )
        return response, logs.output[0]

    def check_not_stored(self, error):
        response, logged = self.start_in_vain(error)
        self.assertIn(NOT_STORED, text_of(response))
        self.assertNotIn("Location", response.headers)
        self.assertIn("text/html", response.headers["Content-Type"])
        self.assertEqual(
            response.headers["Cache-Control"], "no-store, private"
        )
        self.assertEqual(self.processes(), [])
        self.assertEqual(self.bell.rung, 0)
        self.assertRegex(logged, "process [-0-9a-f]{36} at .*/job")
        self.assertIn(type(error).__name__, logged)

    def test_a_full_disk(self):
        self.check_not_stored(OSError(28, "No space left on device"))

    def test_a_storage_that_has_become_read_only(self):
        self.check_not_stored(ReadOnlyError())

    def test_whatever_a_driver_of_a_database_raises(self):
        self.check_not_stored(KeyError("of the driver"))

    def test_conflicts_until_the_retries_are_used_up(self):
        self.check_not_stored(ConflictError())

    def test_a_conflict_is_repeated_and_not_shown(self):
        retry_conflicts(self)
        with (
            self.failing_commits(ConflictError(), ConflictError()),
            self.assertNoLogs("netsight.async_", logging.ERROR),
        ):
            self.client().start(self.path("job"))
        self.assertEqual(len(self.processes()), 1)
        self.assertEqual(self.bell.rung, 1)

    def test_what_is_stored_for_all_that_is_shown(self):
        with self.failing_commits(OSError("late"), step="tpc_finish"):
            process_id = self.client().start(self.path("job"))
        self.assertEqual(self.process(process_id).state, "queued")

    def test_a_program_gets_a_problem(self):
        response, _logged = self.start_in_vain(
            OSError("full"), Prefer="respond-async"
        )
        self.assertEqual(response.content_type, "application/problem+json")
        self.assertTrue(response.json["type"].endswith("#not-stored"))
        self.assertNotIn("Location", response.headers)
        self.assertNotIn("Preference-Applied", response.headers)

    def test_a_program_is_told_what_is_stored_for_all_that(self):
        with self.failing_commits(OSError("late"), step="tpc_finish"):
            response = self.client().post(
                self.path("job"), headers={"Prefer": "respond-async"}
            )
        self.assertEqual(response.status_int, 202)
        self.assertIn(response.json["id"], response.headers["Location"])
        self.assertEqual(response.json["state"], "queued")

    def test_the_next_request_is_answered_as_ever(self):
        self.check_not_stored(OSError("full"))
        self.client().start(self.path("job"))
        self.assertEqual(len(self.processes()), 1)

    def test_a_translated_sentence(self):
        response, _logged = self.start_in_vain(
            OSError("full"), **{"Accept-Language": "de"}
        )
        self.assertIn(self.german, text_of(response))

    german = "konnte Ihre Anfrage nicht speichern"

    def test_a_cancel(self):
        client = self.client()
        process_id = client.start(self.path("cancellable-job"))
        path = f"{self.path('cancellable-job')}/process-cancel"
        with (
            failing_cancels(OSError("full")),
            self.assertLogs("netsight.async_", logging.ERROR) as logs,
        ):
            response = client.post(
                path, {"process_id": process_id}, status=503
            )
        self.assertIn(NOT_STORED, text_of(response))
        self.assertIn(f"the cancel of process {process_id}", logs.output[0])
        self.assertEqual(self.process(process_id).state, "queued")

    def test_a_read_only_database_is_noticed_before_anything_else(self):
        with mock.patch(
            "ZODB.Connection.Connection.isReadOnly", lambda self: True
        ):
            response = self.client(MANAGER).post(
                self.path("job"), headers={"Origin": "forged"}, status=503
            )
        self.assertIn("can only be read", text_of(response))


class OtherErrorsMixin:
    """What is not of the commit is answered as by any other view."""

    def answer(self, error, where):
        """Return what becomes of a POST in which the view raises."""

        def before(view):
            raise error

        def after(view):
            original(view)
            raise error

        original = JobView.__call__
        place = {"run_process": before, "__call__": after}[where]
        with mock.patch.object(JobView, where, place):
            return self.client().post(self.path("job"), expect_errors=True)

    def check_statuses(self, where):
        for error, status in (
            (NotFound("no"), 404),
            (BadRequest("no"), 400),
            (Unauthorized("no"), 401),
            (Redirect("http://localhost/else"), 302),
        ):
            with self.subTest(type(error).__name__):
                response = self.answer(error, where)
                self.check_status(response, status)
                self.assertNotIn(NOT_STORED, response.text)
                self.assertEqual(self.processes(), [])

    def check_status(self, response, status):
        self.assertEqual(response.status_int, status)

    def test_before_the_start(self):
        self.check_statuses("run_process")

    def test_after_it(self):
        self.check_statuses("__call__")

    def test_an_error_of_the_view_comes_out(self):
        for where in ("run_process", "__call__"):
            with self.assertRaisesRegex(OSError, "of the view"):
                self.answer(OSError("of the view"), where)

    def test_a_redirect_of_a_hook_in_the_commit(self):
        def hook(event):
            transaction.get().addBeforeCommitHook(leave)

        def leave():
            raise Redirect("http://localhost/else")

        manager = getGlobalSiteManager()
        manager.registerHandler(hook, (IProcessQueuedEvent,))
        try:
            response = self.client().post(self.path("job"))
        finally:
            manager.unregisterHandler(hook, (IProcessQueuedEvent,))
        self.assertEqual(response.status_int, 302)
        self.assertEqual(response.location, "http://localhost/else")
