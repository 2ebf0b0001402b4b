"""The promises of the 1.x README, one by one."""

import json

import transaction
from Products.Five import BrowserView

from netsight.async_ import NoSuchProcessError
from netsight.async_ import ThreadDiedBeforeCompletionError
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate


class TimelineTests(AsyncTestCase):
    """'Example timeline' of the README."""

    def test_1_a_visit_shows_the_form(self):
        self.assertEqual(self.client().get("/job").text, "the form")
        self.assertEqual(self.processes(), [])

    def test_2_submitting_starts_the_process_in_the_background(self):
        gate = Gate()
        self.job(lambda view, process_id: gate.reach())
        with self.threads():
            process_id = self.client().start("/job")
            gate.wait()
            self.assertEqual(self.process(process_id).state, "running")
            gate.open()

    def test_3_the_user_is_redirected_to_the_processing_page(self):
        self.job(lambda view, process_id: "x")
        response = self.client().post("/job")
        self.assertEqual(response.status_int, 302)
        self.assertRegex(
            response.headers["Location"],
            r"^http://localhost/job/processing\?process_id=[0-9a-f-]{36}$",
        )

    def test_3_the_processing_page_shows_that_work_goes_on(self):
        with self.held() as (client, process_id):
            page = client.see("/job", "processing", process_id)
        self.assertIn("Processing...", page)
        self.assertRegex(page.text, r"<progress max=\"100\"[^>]*>")
        client.get("/++resource++netsight.async.images/spinner.svg")

    def test_4_the_page_polls_by_script_or_else_by_refresh(self):
        with self.held() as (client, process_id):
            page = client.see("/job", "processing", process_id)
        self.assertIn("/++resource++netsight.async.js/waiting.js", page)
        body = page.text.partition("<body")[2]
        self.assertIn('<meta http-equiv="refresh" content="5; url=', body)
        self.assertIn("Check again", body)

    def test_5_when_completed_the_user_is_redirected_to_the_result(self):
        client, process_id = self.run_job(lambda view, process_id: "Hello!")
        page = client.see("/job", "processing", process_id, status=302)
        self.assertEqual(
            page.headers["Location"],
            f"http://localhost/job/result?process_id={process_id}",
        )
        self.assertEqual(page.follow().text, "Hello!")


class TemplateTests(AsyncTestCase):
    """'Using with page templates'."""

    def test_the_template_in_zcml_is_shown_first(self):
        page = self.client().get("/templated-job")
        self.assertIn("the template", page)

    def test_run_process_decides_what_starts_a_process(self):
        client = self.client()
        self.assertIn("the template", client.post("/templated-job"))
        self.assertEqual(self.processes(), [])
        client.start("/templated-job", {"run": "1"})
        client.started(client.get("/templated-job?run=1"))
        self.assertEqual(len(self.processes()), 2)

    def test_initial_page_may_be_a_template(self):
        page = self.client().get("/attribute-page-job")
        self.assertIn("the template", page)

    def test_initial_page_may_be_a_method(self):
        self.assertEqual(self.client().get("/job").text, "the form")

    def test_processing_page_may_be_a_template_of_the_view(self):
        with self.held("own-page-job") as (client, process_id):
            page = client.see("/own-page-job", "processing", process_id)
        self.assertIn("waiting, False", page)

    def test_processing_page_may_be_a_method_of_the_view(self):
        with self.held("own-method-job") as (client, process_id):
            page = client.see("/own-method-job", "processing", process_id)
        self.assertEqual(page.text, "wait for it")

    def test_no_process_renders_the_page_within_run(self):
        for view in ("templated-job", "attribute-page-job"):
            with self.subTest(view):
                client = self.client()
                process_id = client.start(f"/{view}", {"run": "1"})
                result = client.see(f"/{view}", "result", process_id)
                self.assertIn("from the process", result)

    def test_a_call_within_run_never_starts_another_process(self):
        result = self.result_of(lambda view, process_id: view())
        self.assertEqual(result.text, "the form")
        self.assertEqual(len(self.processes()), 1)


class RunSignatureTests(AsyncTestCase):
    """`__run__` gets what it has parameters for."""

    def test_a_named_argument_gets_the_id(self):
        client, process_id = self.run_job(lambda view, process_id: process_id)
        result = client.see("/job", "result", process_id)
        self.assertEqual(result.text, process_id)

    def test_the_request_has_the_id(self):
        client, process_id = self.run_job(
            lambda view, pid: view.request["process_id"],
            params={"process_id": "forged"},
        )
        result = client.see("/job", "result", process_id)
        self.assertEqual(result.text, process_id)

    def test_keywords_get_the_id(self):
        client = self.client()
        process_id = client.start("/keywords-job")
        result = client.see("/keywords-job", "result", process_id)
        self.assertEqual(result.text, "process_id")

    def test_named_arguments_get_fields_of_the_form(self):
        client = self.client()
        form = {"kind:list": ["news", "event"], "limit:int": "3"}
        process_id = client.start("/fields-job", form)
        result = client.see("/fields-job", "result", process_id)
        self.assertEqual(result.text, f"['news', 'event'] 3 {process_id}")

    def test_the_id_is_none_of_them(self):
        client = self.client()
        form = {"kind": "news", "process_id": "forged"}
        process_id = client.start("/fields-job", form)
        result = client.see("/fields-job", "result", process_id)
        self.assertEqual(result.text, f"'news' 10 {process_id}")

    def test_without_a_field_that_it_needs_the_process_fails(self):
        with self.assertLogs("netsight.async_.running", "ERROR"):
            process_id = self.client().start("/fields-job")
        error = self.process(process_id).error
        self.assertEqual(error.kind, "BadRequest")
        self.assertIn("kind", error.text)

    def test_a_method_without_arguments_runs(self):
        client = self.client()
        process_id = client.start("/no-id-job")
        result = client.see("/no-id-job", "result", process_id)
        self.assertEqual(result.text, "ran without an id")


class RegistrationTests(AsyncTestCase):
    """All ways to register a view serve the whole timeline."""

    def check(self, view):
        result = self.result_of(lambda view, process_id: "done", view=view)
        self.assertEqual(result.text, "done")

    def test_browser_page_with_class(self):
        self.check("job")

    def test_browser_page_with_allowed_attributes(self):
        self.check("allowed-job")

    def test_browser_view(self):
        self.check("browser-view-job")

    def test_an_unknown_subpath_is_not_found(self):
        for view in (
            "job",
            "allowed-job",
            "browser-view-job",
            "templated-job",
        ):
            with self.subTest(view):
                self.client().get(f"/{view}/nonsense", status=404)
                self.client().get(f"/{view}/processing/more", status=404)

    def test_the_methods_are_not_published_under_other_names(self):
        for name in (
            "set_progress", "run_process", "processing_page", "initial_page",
            "process_status", "ended_page", "process_url", "_start",
            "__run__", "async_view_path", "__allow_groups__",
        ):  # fmt: skip
            with self.subTest(name):
                self.client(MANAGER).get(f"/job/{name}", status=404)


class StatusTests(AsyncTestCase):
    """'Checking the status & retrieving the result'."""

    def completed(self, client, process_id, **form):
        return client.see("/job", "completed", process_id, **form).text

    def completed_json(self, client, process_id):
        text = self.completed(client, process_id, output_json="1")
        return json.loads(text)

    def during(self, work, look):
        """Return what `look(client, process_id)` sees while `work` waits."""
        with self.held(work=work) as (client, process_id):
            return look(client, process_id)

    def test_before_any_progress_completed_is_false(self):
        seen = self.during(lambda view, pid: None, self.completed_json)
        self.assertEqual(seen, {"completed": False})

    def test_after_the_end_completed_is_true(self):
        client, process_id = self.run_job(lambda view, pid: "x")
        self.assertEqual(
            self.completed_json(client, process_id), {"completed": True}
        )
        self.assertEqual(self.completed(client, process_id), "True")

    def test_after_the_end_completed_is_100_where_progress_was_set(self):
        client, process_id = self.run_job(
            lambda view, pid: view.set_progress(pid, 42)
        )
        self.assertEqual(
            self.completed_json(client, process_id), {"completed": 100}
        )
        self.assertEqual(self.completed(client, process_id), "100")
        client.see("/job", "processing", process_id, status=302)

    def test_the_json_has_its_media_type_and_is_not_cached(self):
        client, process_id = self.run_job(lambda view, pid: "x")
        response = client.see("/job", "completed", process_id, output_json="1")
        self.assertEqual(response.content_type, "application/json")
        self.assertEqual(
            response.headers["Cache-Control"], "no-store, private"
        )

    def test_a_failed_process_is_an_error_in_json(self):
        client, process_id = self.run_job(lambda view, pid: 1 / 0)
        self.assertEqual(
            self.completed_json(client, process_id), {"completed": "ERROR"}
        )
        result = client.see("/job", "result", process_id, output_json="1")
        self.assertEqual(result.json, {"completed": "ERROR"})

    def test_a_failed_process_is_a_500_otherwise(self):
        client, process_id = self.run_job(lambda view, pid: 1 / 0)
        client.see("/job", "completed", process_id, status=500)
        client.see("/job", "result", process_id, status=500)

    def test_before_completion_result_answers_202_and_the_waiting_page(self):
        response = self.during(
            lambda view, pid: None,
            lambda client, pid: client.see("/job", "result", pid, status=202),
        )
        self.assertIn("Processing...", response)
        self.assertEqual(response.headers["Retry-After"], "5")

    def test_before_completion_result_answers_202_and_json_on_request(self):
        response = self.during(
            lambda view, pid: None,
            lambda client, pid: client.see(
                "/job", "result", pid, status=202, output_json=1
            ),
        )
        self.assertEqual(response.json, {"completed": False})


class PythonTests(AsyncTestCase):
    """The same by calls in Python."""

    def view(self):
        transaction.begin()
        view = self.app.restrictedTraverse("job")
        self.assertIsInstance(view, BrowserView)
        return view

    def test_completed_and_result_of_a_completed_process(self):
        _client, process_id = self.run_job(lambda view, pid: "Hello world!")
        self.assertIs(self.view().completed(process_id), True)
        self.assertEqual(
            self.view().completed(process_id, output_json=True),
            '{"completed": true}',
        )
        self.assertEqual(self.view().result(process_id), b"Hello world!")

    def test_result_is_none_before_completion(self):
        with self.held() as (_client, process_id):
            self.assertIsNone(self.view().result(process_id))
            self.assertIsNone(self.view().result(process_id, True))
            self.assertIs(self.view().completed(process_id), False)

    def test_a_failed_process_raises(self):
        _client, process_id = self.run_job(lambda view, pid: 1 / 0)
        for method in (self.view().completed, self.view().result):
            with self.assertRaises(ThreadDiedBeforeCompletionError):
                method(process_id)
            self.assertEqual(
                method(process_id, True), '{"completed": "ERROR"}'
            )

    def test_an_unknown_process_raises(self):
        for process_id in ("abcde-f01234", None, "", 7, ["a", "b"]):
            with self.subTest(process_id):
                with self.assertRaises(NoSuchProcessError):
                    self.view()._get_process(process_id)
                with self.assertRaises(NoSuchProcessError):
                    self.view().completed(process_id)
                with self.assertRaises(NoSuchProcessError):
                    self.view().result(process_id)

    def test_completed_is_100_where_progress_was_set(self):
        _client, process_id = self.run_job(
            lambda view, pid: view.set_progress(pid, 42)
        )
        self.assertEqual(self.view().completed(process_id), 100)
        self.assertEqual(self.view().result(process_id), b"")

    def test_in_json_an_unknown_process_is_an_error(self):
        for process_id in ("abcde-f01234", None, "", 7, ["a", "b"]):
            for method in (self.view().completed, self.view().result):
                with self.subTest(process_id):
                    self.assertEqual(
                        method(process_id, True), '{"completed": "ERROR"}'
                    )

    def test_the_id_is_taken_from_the_request_if_it_is_not_given(self):
        _client, process_id = self.run_job(lambda view, pid: "x")
        view = self.view()
        view.request.form["process_id"] = process_id
        self.assertIs(view.completed(), True)
        self.assertEqual(view._get_process().id, process_id)


class MethodTests(AsyncTestCase):
    """GET, HEAD, and views that have no page."""

    def test_a_view_without_any_page_gets_one_with_a_button(self):
        self.app.manage_addFolder("folder")
        transaction.commit()
        page = self.client().get("/folder/no-id-job?a=1")
        self.assertEqual(self.processes(), [])
        self.assertIn("<h1", page)
        self.assertIn(">no-id-job</h1>", page)
        self.assertRegex(page.text, "<title>\\s*no-id-job")
        self.assertIn("Accept", page.headers["Vary"])
        self.assertEqual(page.form.action, "http://localhost/folder/no-id-job")
        started = page.form.submit()
        self.assertIn("/folder/no-id-job/processing", started.location)

    def test_but_not_if_it_says_itself_what_starts_it(self):
        response = self.client().get("/choosy-job", status=405)
        self.assertIn("A POST to this address starts a process", response)
        self.assertEqual(response.headers["Allow"], "POST")

    def test_head_of_the_view_is_like_get_and_starts_nothing(self):
        self.app.manage_addFolder("folder")
        transaction.commit()
        response = self.client().head("/folder/job")
        self.assertEqual(response.status_int, 200)
        self.client().head("/folder/templated-job?run=1")
        self.assertEqual(self.processes(), [])

    def test_head_of_a_result_has_the_headers_of_get(self):
        # Zope's application root answers HEAD for views with @@ only.
        client, process_id = self.run_job(lambda view, pid: "Hello!")
        url = f"/@@job/result?process_id={process_id}"
        get, head = client.get(url), client.head(url)
        self.assertEqual(head.status_int, 200)
        self.assertEqual(head.content_type, get.content_type)
        self.assertEqual(head.headers["Content-Length"], "6")

    def test_a_view_without_run_fails_with_a_clear_error(self):
        client, process_id = self.run_job(None, view="no-run-job")
        error = self.process(process_id).error
        self.assertEqual(error.kind, "NotImplementedError")


class AnyContextTests(AsyncTestCase):
    """A context need be no Zope object."""

    def test_a_plain_object_reached_by_traversal(self):
        self.base = "/things/d%C3%A4mmerung"
        self.job(lambda view, process_id: view.context.__name__)
        client = self.client()
        response = client.post(self.path("job"))
        self.assertTrue(
            response.location.startswith(
                "http://localhost/@@things/d%C3%A4mmerung/job/processing?"
            ),
            response.location,
        )
        process_id = client.started(response)
        result = client.see(self.path("job"), "result", process_id)
        self.assertEqual(result.text, "dämmerung")

    def test_an_id_of_one_plain_object_is_unknown_at_another(self):
        self.base = "/things/one"
        client, process_id = self.run_job(lambda view, pid: "x")
        client.see("/things/one/job", "result", process_id)
        client.see("/things/two/job", "result", process_id, status=404)
