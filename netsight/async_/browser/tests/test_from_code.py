"""`start_process` of views: what is started, as whom, and when."""

import os
from datetime import date
from unittest import mock

import transaction
from AccessControl import getSecurityManager
from Testing.makerequest import makerequest
from zope.component import getGlobalSiteManager
from zope.component.hooks import getSite
from zope.component.hooks import setSite
from zope.globalrequest import clearRequest
from zope.globalrequest import getRequest
from zope.globalrequest import setRequest

from netsight.async_ import page_url
from netsight.async_ import start_process
from netsight.async_.browser.tests.code_support import CodeTestCase
from netsight.async_.browser.tests.code_support import folder_in
from netsight.async_.browser.tests.code_support import seen
from netsight.async_.exceptions import AlreadyRunningError
from netsight.async_.exceptions import BadQueueError
from netsight.async_.exceptions import LoginFieldsError
from netsight.async_.exceptions import UserQueueFullError
from netsight.async_.exceptions import ViewNotFoundError
from netsight.async_.interfaces import IProcess
from netsight.async_.interfaces import IProcessQueuedEvent
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import Never
from netsight.async_.tests.views import JobView


HOST = "https://www.example.org"

VIRTUAL = "/VirtualHostBase/https/www.example.org:443/folder/VirtualHostRoot"


class StartTests(CodeTestCase):
    def test_the_view_runs_when_the_transaction_is_committed(self):
        process = start_process(self.app, "job")
        self.assertTrue(IProcess.providedBy(process))
        self.assertEqual(process.state, "queued")
        transaction.commit()
        self.assertEqual(self.result(self.process(process.id)), "done")

    def test_nothing_is_started_if_it_is_aborted(self):
        before = len(self.processes())
        start_process(self.app, "job")
        transaction.abort()
        self.assertEqual(len(self.processes()), before)

    def test_nothing_is_started_if_a_savepoint_is_rolled_back(self):
        before = len(self.processes())
        savepoint = transaction.savepoint()
        start_process(self.app, "job")
        savepoint.rollback()
        transaction.commit()
        self.assertEqual(len(self.processes()), before)

    def test_it_is_told_to_subscribers_in_that_transaction(self):
        told = []
        handler = told.append, (IProcessQueuedEvent,)
        getGlobalSiteManager().registerHandler(*handler)
        self.addCleanup(getGlobalSiteManager().unregisterHandler, *handler)
        process = start_process(self.app, "job")
        self.assertEqual([event.process for event in told], [process])

    def test_the_view_is_that_of_the_context(self):
        seen(lambda view: view.context.getPhysicalPath())
        with folder_in(self.app) as folder:
            process = self.start(folder, "job")
            self.assertEqual(self.result(process), "('', 'folder')")

    def test_what_is_not_committed_yet_is_found_as_context(self):
        self.app.manage_addFolder("new")
        self.addCleanup(self.app.manage_delObjects, ["new"])
        process = self.start(self.app.new, "job")
        self.assertEqual(self.result(process), "done")

    def test_an_at_sign_tells_a_view_from_content(self):
        process = self.start(self.app, "@@job")
        self.assertEqual(self.result(process), "done")
        page = self.client().see("/@@job", "result", process.id)
        self.assertEqual(page.text, "done")

    def test_its_page_is_where_that_of_a_post_is(self):
        process = self.start(self.app, "job")
        page = self.client().see("/job", "result", process.id)
        self.assertEqual(page.text, "done")

    def test_the_title_is_that_of_the_view_or_one_of_its_own(self):
        self.assertEqual(start_process(self.app, "job").title, "job")
        process = start_process(self.app, "job", title="All of them")
        self.assertEqual(process.title, "All of them")

    def test_choices_of_the_view_hold(self):
        process = start_process(self.app, "cancellable-job")
        self.assertTrue(process.cancellable)

    def test_all_around_it_stays_as_it_was(self):
        self.log_in(EDITOR)
        request = self.app.REQUEST
        setRequest(request)
        self.addCleanup(clearRequest)
        setSite(None)
        before = getSecurityManager()
        with self.assertRaises(ViewNotFoundError):
            start_process(self.app, "no-view", as_user=EDITOR[0])
        start_process(self.app, "job")
        self.assertIs(getSecurityManager(), before)
        self.assertIs(getRequest(), request)
        self.assertIsNone(getSite())


class FormTests(CodeTestCase):
    def form_of(self, form):
        seen(lambda view: view.request.form)
        return self.result(self.start(self.app, "job", form=form))

    def test_fields_have_their_values_as_they_were(self):
        form = {
            "text": "ä & b=c",
            "number": 7,
            "empty": "",
            "items": ["a", 2, {"b": [None, True]}],
            "record": {"x": 1.5, "y": ("z",)},
            "day": date(2024, 2, 29),
        }
        self.assertEqual(self.form_of(form), repr(form))

    def test_without_one_it_is_empty(self):
        self.assertEqual(self.form_of(None), "{}")

    def test_a_large_one_is_no_matter(self):
        text = "x" * 3_000_000
        self.assertEqual(self.form_of({"text": text}), repr({"text": text}))

    def test_arguments_of_run_get_fields(self):
        form = {"kind": "Document", "limit": 3}
        process = self.start(self.app, "fields-job", form=form)
        expected = f"'Document' 3 {process.id}"
        self.assertEqual(self.result(process), expected)

    def test_it_is_there_again_after_a_conflict(self):
        retry_conflicts(self)
        attempts = []

        def work(view, process_id):
            attempts.append(dict(view.request.form))
            if len(attempts) == 1:
                raise transaction.interfaces.TransientError

        self.job(work)
        self.start(self.app, "job", form={"a": [1]})
        self.assertEqual(attempts, [{"a": [1]}] * 2)

    def test_the_request_is_a_post(self):
        seen(lambda view: view.request.method)
        self.assertEqual(self.result(self.start(self.app, "job")), "'POST'")

    def test_what_is_no_plain_data_is_refused(self):
        with self.assertRaisesRegex(TypeError, r"form\['a'\] is a .*Folder"):
            with folder_in(self.app) as folder:
                start_process(self.app, "job", form={"a": folder})

    def test_so_is_what_is_no_form(self):
        for kwargs in (
            {"form": [("a", 1)]},
            {"form": {1: "a"}},
            {"fields": {}},
        ):
            with self.subTest(kwargs), self.assertRaises(TypeError):
                start_process(self.app, "job", **kwargs)
        with self.assertRaises(TypeError):
            start_process(self.app, "job", {})

    def test_a_password_is_refused_as_in_a_request(self):
        with self.assertRaises(LoginFieldsError):
            start_process(self.app, "job", form={"__ac_password": "x"})


class RefusedTests(CodeTestCase):
    def test_a_view_that_is_not_there(self):
        for name in ("no-view", "folder/job", "", "code", "acl_users"):
            with self.subTest(name), self.assertRaises(ViewNotFoundError):
                start_process(self.app, name)

    def test_a_context_without_a_path(self):
        for context in (None, object(), JobView(self.app, None)):
            with self.subTest(context), self.assertRaises(TypeError):
                start_process(context, "job")

    def test_a_context_that_is_nowhere(self):
        with folder_in(self.app) as folder:
            pass
        with self.assertRaises(Exception) as caught:
            start_process(folder, "job")
        self.assertEqual(type(caught.exception).__name__, "ContentGoneError")

    def test_a_view_that_runs_already(self):
        with processes_run_by(Never()):
            first = self.start(self.app, "single-job")
            with self.assertRaisesRegex(AlreadyRunningError, first.id):
                start_process(self.app, "single-job")

    def test_more_than_may_wait(self):
        self.log_in(EDITOR)
        settings = {"NETSIGHT_ASYNC_MAX_QUEUED_USER": "1"}
        with processes_run_by(Never()), mock.patch.dict(os.environ, settings):
            self.start(self.app, "job")
            with self.assertLogs("netsight.async_", "WARNING"):
                with self.assertRaises(UserQueueFullError):
                    start_process(self.app, "job")

    def test_bad_choices(self):
        with mock.patch.object(JobView, "queue", "not a name"):
            with self.assertRaises(BadQueueError):
                start_process(self.app, "job")

    def test_work_that_is_neither_a_name_nor_a_function(self):
        for work in (None, 5, b"job", JobView):
            with self.subTest(work), self.assertRaises(TypeError):
                start_process(self.app, work)


class WhereTests(CodeTestCase):
    """From where it is started."""

    def start_by(self, view):
        return page_url(start_process(view.context, "job"))

    def test_a_view_starts_one_and_has_the_url_of_its_page(self):
        url = self.in_request(self.start_by, login=EDITOR).text
        process = self.last()
        self.assertEqual(process.state, "completed")
        self.assertEqual(process.owner.user_id, "editor")
        self.assertEqual(self.page_at(url, EDITOR).text, "done")

    def test_a_request_that_fails_starts_none(self):
        before = len(self.processes())

        def work(view):
            start_process(view.context, "job")
            raise ValueError("after it")

        with self.assertRaises(ValueError):
            self.in_request(work)
        self.assertEqual(len(self.processes()), before)

    def test_a_request_that_is_repeated_starts_one(self):
        retry_conflicts(self)
        before = len(self.processes())
        tries = []

        def work(view):
            start_process(view.context, "job")
            tries.append(1)
            if len(tries) == 1:
                raise transaction.interfaces.TransientError

        self.in_request(work)
        self.assertEqual(len(tries), 2)
        self.assertEqual(len(self.processes()), before + 1)

    def test_a_process_starts_another(self):
        def work(view, process_id):
            if not view.request.form:
                start_process(view.context, "job", form={"second": 1})
            return "done"

        self.job(work)
        first = self.start(self.app, "job")
        second = self.last()
        self.assertNotEqual(first.id, second.id)
        self.assertEqual(self.result(second), "done")

    def test_a_subscriber_starts_one(self):
        def handle(event):
            if event.process.view_name == "other-job":
                start_process(self.app, "job")

        handler = handle, (IProcessQueuedEvent,)
        getGlobalSiteManager().registerHandler(*handler)
        self.addCleanup(getGlobalSiteManager().unregisterHandler, *handler)
        self.start(self.app, "other-job")
        names = {each.view_name for each in self.processes()[-2:]}
        self.assertEqual(names, {"job", "other-job"})

    def test_links_are_those_of_the_request(self):
        seen(lambda view: view.context.absolute_url())
        with folder_in(self.app):
            self.in_request(
                self.start_by, "/folder/code", headers={"Host": "b.example"}
            )
            expected = "'http://b.example/folder'"
            self.assertEqual(self.result(self.last()), expected)

    def test_also_behind_a_virtual_host(self):
        seen(lambda view: view.context.absolute_url())
        for path, base in (
            (f"{VIRTUAL}/code", HOST),
            (f"{VIRTUAL}/_vh_a/_vh_b/code", f"{HOST}/a/b"),
            (
                "/VirtualHostBase/https/www.example.org:443/folder/code",
                f"{HOST}/folder",
            ),
        ):
            with self.subTest(path), folder_in(self.app):
                url = self.in_request(self.start_by, path).text
                process = self.last()
                self.assertEqual(self.result(process), repr(base))
                self.assertTrue(url.startswith(f"{HOST}/"), url)
                page = self.page_at(process.page_path)
                self.assertEqual(page.text, repr(base))

    def test_a_context_outside_of_the_virtual_root_is_found(self):
        seen(lambda view: view.context.getPhysicalPath())

        def work(view):
            start_process(view.context.getPhysicalRoot(), "job")

        with folder_in(self.app):
            self.in_request(work, f"{VIRTUAL}/code")
        self.assertEqual(self.result(self.last()), "('',)")

    def test_what_is_of_the_one_request_does_not_cross(self):
        seen(
            lambda view: [
                view.request.getHeader("Referer"),
                view.request.get("QUERY_STRING"),
                view.request.getHeader("Accept-Language"),
            ]
        )
        self.in_request(
            self.start_by,
            "/code?a=b",
            headers={"Referer": "http://localhost", "Accept-Language": "de"},
        )
        self.assertEqual(self.result(self.last()), "[None, '', 'de']")

    def test_a_script_has_no_request(self):
        seen(lambda view: view.context.absolute_url())
        clearRequest()
        root = self.app.aq_base
        process = self.start(root, "job")
        self.assertEqual(self.result(process), "'http://localhost'")
        self.assertEqual(page_url(process), process.url)

    def test_or_one_of_no_host(self):
        origin = {"NETSIGHT_ASYNC_ORIGINS": HOST}
        seen(lambda view: view.context.absolute_url())
        app = makerequest(self.app.aq_base)
        with mock.patch.dict(os.environ, origin):
            process = self.start(app, "job")
        self.assertEqual(self.result(process), repr(HOST))
