"""A run answers as a plain view, whoever redirects or dooms, and where."""

from unittest import mock

import transaction
from zExceptions import Redirect
from zope.component import getGlobalSiteManager
from ZPublisher.interfaces import IPubAfterTraversal
from ZPublisher.interfaces import IPubBeforeCommit
from ZPublisher.interfaces import IPubStart
from ZPublisher.interfaces import IPubSuccess

from netsight.async_.interfaces import IProcessCompletedEvent
from netsight.async_.running.publishing import run_of
from netsight.async_.running.tests.told import told_states
from netsight.async_.tests.failing_commits import Failing
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.views import JobView


THERE = "http://localhost/there"


def redirect(*args):
    raise Redirect(THERE)


def is_watched(request):
    """Tell whether a request is that of the plain view, or of the run."""
    is_plain = request.method == "GET" and request["PATH_INFO"] == "/job"
    return is_plain or run_of(request) is not None


class PlainTests(AsyncTestCase):
    """Each does the same in a plain view and in a run, and compares."""

    def setUp(self):
        super().setUp()
        self.before = self.app.title
        self.states = told_states(self)

    def listen(self, interface, function):
        """Have a subscriber for both kinds of requests."""

        def handler(event):
            if is_watched(event.request):
                function(event.request)

        self.subscribe(interface, handler)

    def subscribe(self, interface, handler):
        manager = getGlobalSiteManager()
        manager.registerHandler(handler, (interface,))
        self.addCleanup(manager.unregisterHandler, handler, (interface,))

    def title(self):
        """Return the title as stored, and put it back."""
        transaction.begin()
        title, self.app.title = self.app.title, self.before
        transaction.commit()
        return title

    def plain(self, work):
        """Return how a plain view answers, and the title that it leaves."""

        def page(view):
            return work(view)

        with mock.patch.object(JobView, "initial_page", page):
            response = self.client().get("/job", status="*")
        return self.told(response)

    def ran(self, work):
        """Return the same of a run."""
        client, process_id = self.run_job(lambda view, process_id: work(view))
        process = self.process(process_id)
        self.assertEqual(process.state, "completed", process.error)
        response = client.see("/job", "result", process_id, "*")
        return self.told(response)

    def told(self, response):
        location = response.headers.get("Location")
        return response.status_int, location, self.title()

    def check(self, work, expected):
        self.assertEqual(self.plain(work), expected)
        self.assertEqual(self.ran(work), expected)
        # What is rolled back may have been told before.
        self.assertEqual(set(self.states), {"completed"})

    def write(self, view):
        view.context.title = "written"

    redirected = property(lambda self: (302, THERE, self.before))
    answered = property(lambda self: (200, None, self.before))

    # A redirect

    def test_a_redirect_of_the_view(self):
        def work(view):
            self.write(view)
            redirect()

        self.check(work, self.redirected)

    def test_a_redirect_after_traversal(self):
        self.listen(IPubAfterTraversal, redirect)
        self.check(self.write, self.redirected)

    def test_a_redirect_before_the_commit(self):
        def redirect_a_write(request):
            if request["PARENTS"][-1].title == "written":
                redirect()

        self.listen(IPubBeforeCommit, redirect_a_write)
        self.check(self.write, self.redirected)

    def test_a_redirect_in_a_hook_of_the_commit(self):
        def work(view):
            self.write(view)
            transaction.get().addBeforeCommitHook(redirect)

        self.check(work, self.redirected)

    def test_a_redirect_in_the_commit(self):
        def work(view):
            self.write(view)
            transaction.get().join(Failing(Redirect(THERE)))

        self.check(work, self.redirected)

    # A transaction that is doomed

    def test_it_is_doomed_by_the_view(self):
        def work(view):
            self.write(view)
            transaction.doom()
            return "answered"

        self.check(work, self.answered)

    def test_it_is_doomed_before_the_commit(self):
        def work(view):
            self.write(view)
            return "answered"

        self.listen(IPubBeforeCommit, lambda request: transaction.doom())
        self.check(work, self.answered)

    # What others write into it

    def write_before_the_commit(self):
        def write(request):
            request["PARENTS"][-1].title = "by a subscriber"

        self.listen(IPubBeforeCommit, write)

    def test_what_is_written_before_the_commit_is_not_kept_if_doomed(self):
        self.write_before_the_commit()

        def work(view):
            transaction.doom()
            return "answered"

        self.check(work, self.answered)

    def test_nor_is_it_after_a_redirect(self):
        self.write_before_the_commit()
        self.check(redirect, self.redirected)

    def test_the_response_may_be_changed_before_the_commit_if_doomed(self):
        def change(request):
            request.response.setHeader("Location", THERE)

        def work(view):
            transaction.doom()
            return "answered"

        self.listen(IPubBeforeCommit, change)
        self.check(work, (200, THERE, self.before))


class NotPlainTests(AsyncTestCase):
    """Where a run fails, though a plain view would answer."""

    subscribe = PlainTests.subscribe
    listen = PlainTests.listen

    def check_fails(self, error):
        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(lambda view, process_id: "x")
        process = self.process(process_id)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.kind, error)

    def test_a_redirect_of_each_request_before_it_is_published(self):
        self.listen(IPubStart, redirect)
        self.check_fails("Redirect")

    def test_a_redirect_of_each_request_before_the_commit(self):
        self.listen(IPubBeforeCommit, redirect)
        self.check_fails("Redirect")

    def test_a_redirect_of_a_subscriber_of_completed(self):
        self.subscribe(IProcessCompletedEvent, redirect)
        self.check_fails("Redirect")

    def test_an_error_after_a_transaction_that_was_doomed(self):
        self.listen(IPubBeforeCommit, lambda request: transaction.doom())
        self.subscribe(IProcessCompletedEvent, lambda event: 1 / 0)
        self.check_fails("ZeroDivisionError")


class CommittedTests(AsyncTestCase):
    def test_what_is_committed_is_completed_whatever_comes_then(self):
        PlainTests.listen(self, IPubSuccess, redirect)
        _client, process_id = self.run_job(lambda view, process_id: "x")
        self.assertEqual(self.process(process_id).state, "completed")

    subscribe = PlainTests.subscribe
