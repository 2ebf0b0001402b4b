"""Async views for programs: 202, JSON and problems."""

import threading
import unittest
from contextlib import suppress

from waitress.server import create_server
from zope.component.hooks import setSite
from ZPublisher.httpexceptions import HTTPExceptionHandler
from ZPublisher.WSGIPublisher import publish_module

from netsight.async_.answers.programs import PROBLEMS
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import blocks
from netsight.async_.tests.documents import read
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import basic
from netsight.async_.tests.waiting import WAIT_SECONDS


RECIPE = "howto/use-from-programs.rst"

JSON = {"Accept": "application/json"}
ASYNC = {"Prefer": "respond-async", "Accept": "*/*"}


class ProgramTestCase(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.job(lambda view, process_id: "done")

    def queued(self, view="job", login=None, headers=JSON):
        """Start a process that stays queued, and return the answer."""
        with processes_run_by(Never()):
            return self.client(login).post(f"/{view}", headers=headers)

    def check_problem(self, response, status, name, **more):
        self.assertEqual(response.status_int, status, response)
        self.assertEqual(response.content_type, "application/problem+json")
        self.assertEqual(response.headers["Vary"], "Accept, Prefer")
        self.assertIn("no-store", response.headers["Cache-Control"])
        problem = dict(response.json)
        self.assertEqual(problem.pop("type"), f"{PROBLEMS}#{name}")
        self.assertEqual(problem.pop("title"), response.status[4:])
        self.assertEqual(problem.pop("status"), status)
        self.assertTrue(problem.pop("detail").endswith("."))
        self.assertTrue(problem.pop("instance").startswith("http://localhost"))
        self.assertEqual(problem, more)


class RecipeTests(ProgramTestCase):
    """The program of docs/howto/use-from-programs.rst, over a socket."""

    def setUp(self):
        super().setUp()
        setSite(None)
        server = create_server(
            HTTPExceptionHandler(publish_module), host="127.0.0.1", port=0
        )
        thread = threading.Thread(target=server.run, name="server")
        thread.start()
        self.addCleanup(thread.join, WAIT_SECONDS)
        self.addCleanup(server.task_dispatcher.shutdown)
        self.addCleanup(self.close, server)
        self.root = f"http://127.0.0.1:{server.effective_port}"

    def close(self, server):
        """Have the thread of the server close it."""
        # The thread may be awake, and close what wakes it before it is used.
        with suppress(OSError):
            server.trigger.pull_trigger(server.close)

    @unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
    def test_it_gets_the_response_of_the_process(self):
        names = {}
        for _line, _language, code in blocks(read(RECIPE)):
            if code.startswith("# my/program/background.py"):
                exec(code, names)
        self.job(lambda view, process_id: view.request.form["n"])
        headers = {
            "Authorization": basic(EDITOR),
            "Idempotency-Key": '"a"',
        }
        for _ in "ab":
            url = f"{self.root}/job"
            with names["run"](url, b"n=5", headers) as answer:
                self.assertEqual(answer.read(), b"5")
        self.assertEqual(len(self.processes()), 1)


class StartTests(ProgramTestCase):
    def test_a_start_is_accepted_with_the_address_of_the_status(self):
        for headers in (JSON, ASYNC):
            with self.subTest(headers):
                response = self.queued(headers=headers)
                self.assertEqual(response.status_int, 202)
                self.assertEqual(response.content_type, "application/json")
                self.assertEqual(response.headers["Retry-After"], "5")
                self.assertEqual(response.headers["Vary"], "Accept, Prefer")
                status = response.json
                self.assertEqual(status["state"], "queued")
                self.assertIsNone(status["progress"])
                location = response.headers["Location"]
                self.assertEqual(location, status["links"]["process-status"])
                again = self.client().get(location).json
                self.assertEqual(again["id"], status["id"])

    def test_a_preference_that_was_asked_for_is_said_to_be_applied(self):
        self.assertEqual(
            self.queued(headers=ASYNC).headers["Preference-Applied"],
            "respond-async",
        )
        self.assertNotIn("Preference-Applied", self.queued().headers)

    def test_a_time_to_wait_is_ignored(self):
        response = self.queued(headers={"Prefer": "respond-async, wait=60"})
        self.assertEqual(
            response.headers["Preference-Applied"], "respond-async"
        )

    def test_a_browser_is_redirected(self):
        response = self.queued(headers=None)
        self.assertEqual(response.status_int, 302)
        self.assertIn("/job/processing?", response.location)
        self.assertEqual(response.headers["Vary"], "Accept, Prefer")

    def test_the_form_of_a_view_is_shown_to_programs_too(self):
        page = self.client().get("/job", headers=JSON)
        self.assertEqual(page.text, "the form")


class RefusedStartTests(ProgramTestCase):
    def test_without_a_page_it_is_405(self):
        response = self.client().get("/no-id-job", headers=JSON, status=405)
        self.check_problem(response, 405, "post-only")
        self.assertEqual(response.headers["Allow"], "POST")

    def test_a_forged_one_is_403(self):
        response = self.client(EDITOR).post(
            "/job", headers={**ASYNC, "Origin": "http://evil.example"},
            status=403,
        )  # fmt: skip
        self.check_problem(response, 403, "forged-start")
        self.assertEqual(self.processes(), [])

    def test_with_login_fields_it_is_400(self):
        response = self.client().post(
            "/job", {"__ac_password": "x"}, headers=JSON, status=400
        )
        self.check_problem(response, 400, "login-fields")

    def test_a_second_one_of_a_single_view_is_409(self):
        self.queued("single-job", EDITOR)
        response = self.client(READER).post(
            "/single-job", headers=JSON, status=409
        )
        self.check_problem(response, 409, "single")

    def test_a_second_one_for_the_same_user_leads_to_the_first(self):
        first = self.queued("single-job", EDITOR)
        second = self.queued("single-job", EDITOR)
        self.assertEqual(second.status_int, 202)
        self.assertEqual(second.location, first.location)

    def test_the_detail_is_translated(self):
        response = self.client().get(
            "/no-id-job", headers={**JSON, "Accept-Language": "de"}, status=405
        )
        self.assertIn("keine Seite", response.json["detail"])

    def test_what_is_asked_for_is_not_taken_over_as_markup(self):
        url = "/job/process-status?process_id=%3Cscript%3E"
        response = self.client().get(url, headers=JSON, status=404)
        self.assertNotIn("<", response.text)


class ResultTests(ProgramTestCase):
    def result(self, process_id, status, headers=JSON, view="job"):
        url = f"/{view}/result?process_id={process_id}"
        return self.client().get(url, headers=headers, status=status)

    def test_before_the_end_it_is_accepted(self):
        process_id = self.queued().json["id"]
        response = self.result(process_id, 202)
        self.assertEqual(response.headers["Retry-After"], "5")
        self.assertEqual(response.json["state"], "queued")

    def test_at_the_end_it_is_the_response_of_the_process(self):
        def work(view, process_id):
            view.request.response.setStatus(201)
            view.request.response.setHeader("Content-Type", "text/csv")
            return "a,b"

        self.job(work)
        process_id = self.queued().json["id"]
        run(process_id)
        response = self.result(process_id, 201)
        self.assertEqual(response.content_type, "text/csv")
        self.assertEqual(response.text, "a,b")

    def test_of_a_failed_process_it_is_a_problem(self):
        self.job(lambda view, process_id: 1 / 0)
        process_id = self.queued().json["id"]
        with self.assertLogs("netsight.async_", "ERROR"):
            run(process_id)
        response = self.result(process_id, 500)
        self.check_problem(response, 500, "failed", state="failed")
        self.assertIn(process_id, response.json["instance"])
        self.assertNotIn("ZeroDivision", response.text)

    def test_the_contract_of_1_x_stays_as_it_is(self):
        self.job(lambda view, process_id: 1 / 0)
        queued, failed = self.queued().json["id"], self.queued().json["id"]
        with self.assertLogs("netsight.async_", "ERROR"):
            run(failed)
        for process_id, page, status, text in (
            (queued, "completed", 200, '{"completed": false}'),
            (queued, "result", 202, '{"completed": false}'),
            (failed, "completed", 200, '{"completed": "ERROR"}'),
            (failed, "result", 200, '{"completed": "ERROR"}'),
            ("unknown", "completed", 404, '{"completed": "ERROR"}'),
            ("", "result", 400, '{"completed": "ERROR"}'),
        ):
            with self.subTest(page=page, text=text):
                response = self.client().get(
                    f"/job/{page}?process_id={process_id}&output_json=1",
                    headers=JSON, status=status,
                )  # fmt: skip
                self.assertEqual(response.text, text)
                self.assertEqual(response.content_type, "application/json")


class SubViewTests(ProgramTestCase):
    def test_odd_and_unknown_ids_are_problems(self):
        for page in ("processing", "completed", "result", "process-status"):
            with self.subTest(page):
                url = f"/job/{page}?process_id="
                client = self.client()
                response = client.get(url, headers=JSON, status=400)
                self.check_problem(response, 400, "process-id")
                response = client.get(url + "x", headers=JSON, status=404)
                self.check_problem(response, 404, "no-such-process")

    def cancel(self, process_id, status, view="cancellable-job", **more):
        return self.client().post(
            f"/{view}/process-cancel", {"process_id": process_id},
            headers=JSON, status=status, **more,
        )  # fmt: skip

    def test_a_queued_process_is_cancelled_at_once(self):
        process_id = self.queued("cancellable-job").json["id"]
        response = self.cancel(process_id, 200)
        self.assertEqual(response.json["state"], "cancelled")
        self.assertNotIn("Location", response.headers)
        self.assertNotIn("Retry-After", response.headers)

    def test_the_cancel_of_a_running_process_is_accepted(self):
        gate = Gate()
        self.job(lambda view, process_id: gate.reach())
        with self.threads():
            client = self.client()
            started = client.post("/cancellable-job", headers=JSON)
            gate.wait()
            response = self.cancel(started.json["id"], 202)
            gate.open()
        self.assertEqual(response.json["state"], "running")
        self.assertEqual(response.headers["Retry-After"], "5")

    def test_a_cancel_that_is_refused_is_a_problem(self):
        process_id = self.queued("job").json["id"]
        response = self.cancel(process_id, 409, "job")
        self.check_problem(response, 409, "not-cancellable")
        response = self.client().get(
            f"/job/process-cancel?process_id={process_id}",
            headers=JSON, status=405,
        )  # fmt: skip
        self.check_problem(response, 405, "cancel-by-post")

    def test_browsers_get_pages(self):
        response = self.client().get("/job/result?process_id=x", status=404)
        self.assertEqual(response.content_type, "text/html")
        self.assertEqual(response.headers["Vary"], "Accept, Prefer")
