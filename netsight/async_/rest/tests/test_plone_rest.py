"""@async-processes, and services that run in the background."""

import unittest
from unittest import mock

import transaction
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles
from plone.protect.interfaces import IDisableCSRFProtection

from netsight.async_ import ProcessFailed
from netsight.async_.config import CONTROL_PROCESSES
from netsight.async_.config import MANAGE_PROCESSES
from netsight.async_.config import REMOVE_PROCESSES
from netsight.async_.config import VIEW_PROCESSES
from netsight.async_.queries import is_below
from netsight.async_.records import registry
from netsight.async_.records.database import transact
from netsight.async_.rest import processes
from netsight.async_.rest.tests.plone_rest_support import REST_FUNCTIONAL
from netsight.async_.rest.tests.plone_rest_support import PloneRestTestCase
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.failing_commits import Failing
from netsight.async_.tests.plone_program_support import PloneProgramMixin
from netsight.async_.tests.plone_support import ROOT_ADMIN
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.record_support import newer_version
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never


PROCESSES = "/plone/@async-processes"
ASYNC = {"Prefer": "respond-async"}


class ViewsWithRestTests(PloneProgramMixin, PloneTestCase):
    """plone.rest traverses requests that accept JSON in its own way."""

    layer = REST_FUNCTIONAL


class ProcessesTestCase(PloneRestTestCase):
    def setUp(self):
        super().setUp()
        self.job(lambda view, process_id: "done")

    def start(self, login=EDITOR, view="job"):
        """Return the id of a process that stays queued."""
        with processes_run_by(Never()):
            client = self.client(login)
            return client.post(f"/plone/{view}", headers=ASYNC).json["id"]

    def ended(self, login=EDITOR):
        process_id = self.start(login)
        run(process_id)
        return process_id

    def list(self, login=EDITOR, query="", status=200):
        client = self.client(login)
        return client.get(f"{PROCESSES}{query}", status=status).json

    def ids(self, login=EDITOR, query=""):
        return [item["id"] for item in self.list(login, query)["items"]]


class ListTests(ProcessesTestCase):
    def test_users_see_their_own_the_newest_first(self):
        ids = [self.start(EDITOR) for _ in range(3)]
        self.start(READER)
        self.start(None)
        self.assertEqual(self.ids(), ids[::-1])

    def test_managers_see_those_of_all(self):
        ids = [self.start(login) for login in (EDITOR, READER, None)]
        self.assertEqual(self.ids(MANAGER), ids[::-1])

    def test_anonymous_visitors_see_no_list(self):
        self.start(None)
        answer = self.list(None, status=401)
        self.assertEqual(answer["type"], "Unauthorized")

    def test_who_may_not_use_the_api_may_not_use_this(self):
        self.portal.manage_permission("plone.restapi: Use REST API", [])
        transaction.commit()
        self.list(EDITOR, status=401)

    def test_processes_of_another_site_are_not_shown(self):
        with processes_run_by(Never()):
            root = self.client(ROOT_ADMIN)
            root_id = root.post("/job", headers=ASYNC).json["id"]
        own = self.start(ROOT_ADMIN)
        self.assertEqual(self.ids(ROOT_ADMIN), [own])
        root.get(f"{PROCESSES}/{root_id}", status=404)
        root.delete(f"{PROCESSES}/{root_id}", status=404)

    def test_a_name_that_only_begins_with_that_of_the_site_is_another(self):
        process = mock.Mock(view_path="/plone2/job")
        self.assertFalse(is_below(process, "/plone"))

    def test_what_a_newer_version_has_stored_is_refused_and_not_listed(self):
        with newer_version():
            process_id = self.start()
        own = self.start()
        self.assertEqual(self.ids(), [own])
        url = f"{PROCESSES}/{process_id}"
        answer = self.client(EDITOR).get(url, status=503).json
        self.assertIn("newer version", answer["message"])
        self.client(EDITOR).delete(url, status=503)

    def test_what_is_told_of_each(self):
        process_id = self.ended()
        (item,) = self.list()["items"]
        url = f"http://localhost{PROCESSES}/{process_id}"
        self.assertEqual(item["@id"], url)
        self.assertEqual(item["state"], "completed")
        self.assertEqual(item["progress"], 100)
        self.assertEqual(item["user"], "editor")
        self.assertEqual(item["view"], "job")
        self.assertEqual(item["path"], "/job")
        self.assertEqual(item["cancellable"], False)
        self.assertEqual(item["links"]["result"], f"{url}/result")

    def test_links_are_by_the_host_of_who_asks(self):
        evil, virtual = {"Host": "evil.example"}, "https://www.example.org"
        with processes_run_by(Never()):
            service = self.client().post_json(
                "/plone/@job", {}, headers=evil
            ).json["id"]  # fmt: skip
            view = self.client(MANAGER).post(
                "/plone/job", headers=ASYNC | evil
            ).json["id"]  # fmt: skip
        for base, site in (
            ("/plone", "http://localhost/plone"),
            (
                "/VirtualHostBase/https/www.example.org:443/plone"
                "/VirtualHostRoot/_vh_x",
                f"{virtual}/x",
            ),
        ):
            answer = self.client(MANAGER).get(f"{base}/@async-processes")
            self.assertNotIn("evil.example", answer)
            links = [each["links"] for each in answer.json["items"]]
            pages = [
                f"{site}/@@async-process/processing?process_id={view}",
                f"{site}/@async-processes/{service}",
            ]
            self.assertEqual([each["processing"] for each in links], pages)

    def test_filter_by_state(self):
        queued, ended = self.start(), self.ended()
        self.assertEqual(self.ids(query="?state=queued"), [queued])
        self.assertEqual(self.ids(query="?state=completed"), [ended])
        self.assertEqual(self.ids(query="?state=failed"), [])
        self.assertEqual(self.ids(MANAGER, "?state=queued"), [queued])
        self.assertEqual(self.ids(READER, "?state=queued"), [])

    def test_filter_by_user(self):
        editors, _readers = self.start(EDITOR), self.start(READER)
        self.assertEqual(self.ids(MANAGER, "?user=editor"), [editors])
        self.assertEqual(self.ids(READER, "?user=editor"), [])

    def test_filter_by_view(self):
        self.start()
        other = self.start(view="other-job")
        self.assertEqual(self.ids(query="?view=other-job"), [other])

    def test_bad_filters_are_refused_as_plone_restapi_does(self):
        for query in (
            "?state=x",
            "?state=",
            "?user=a&user=b",
            "?b_size=x",
            "?b_size=0",
            "?b_start=x",
        ):
            with self.subTest(query):
                answer = self.list(query=query, status=400)
                self.assertEqual(answer["type"], "BadRequest")

    def test_odd_sizes_of_a_batch_are_no_error(self):
        self.start()
        for query in ("?b_size=9999", "?b_start=-5", "?b_start=9"):
            with self.subTest(query):
                self.list(query=query)

    def test_batches(self):
        ids = [self.start() for _ in range(5)][::-1]
        answer = self.list(query="?b_size=2&state=queued")
        self.assertEqual(answer["items_total"], 5)
        batching = answer["batching"]
        self.assertEqual(set(batching), {"@id", "first", "next", "last"})
        seen = answer["items"]
        while "next" in answer["batching"]:
            answer = self.client(EDITOR).get(answer["batching"]["next"]).json
            seen += answer["items"]
        self.assertEqual([item["id"] for item in seen], ids)
        self.assertNotIn("batching", self.list())

    def test_a_long_list_is_looked_at_in_parts(self):
        ids = [self.start() for _ in range(5)][::-1]
        seen = []
        with mock.patch.object(processes, "SCAN_MOST", 2):
            answer = self.list()
            while "older" in answer.get("batching", {}):
                seen += answer["items"]
                older = answer["batching"]["older"]
                answer = self.client(EDITOR).get(older).json
            seen += answer["items"]
            active = self.list(query="?state=queued")
            older = self.client(EDITOR).get(active["batching"]["older"]).json
        self.assertEqual([item["id"] for item in seen], ids)
        self.assertEqual([i["id"] for i in older["items"]], ids[2:4])

    def test_a_batch_loads_the_processes_it_has_and_no_others(self):
        for _ in range(6):
            self.ended()
        client = self.client(EDITOR)
        # Each that is loaded is asked for the format that it is stored in.
        with mock.patch.object(
            registry, "_is_newer", side_effect=registry._is_newer
        ) as is_newer:
            client.get(f"{PROCESSES}?b_size=2")
        self.assertEqual(is_newer.call_count, 2)

    def test_a_permission_in_the_site_makes_a_manager(self):
        process_id = self.start(EDITOR)
        self.assertEqual(self.ids(READER), [])
        self.portal.manage_permission(MANAGE_PROCESSES, ["Member"])
        transaction.commit()
        self.assertEqual(self.ids(READER), [process_id])


class ProcessTests(ProcessesTestCase):
    def get(self, process_id, login=EDITOR, status=200, behind=""):
        client = self.client(login)
        url = f"{PROCESSES}/{process_id}{behind}"
        return client.get(url, status=status)

    def test_it_is_for_its_owner_and_for_managers(self):
        process_id = self.start(EDITOR)
        for login, status in (
            (EDITOR, 200),
            (MANAGER, 200),
            (READER, 404),
            (None, 404),
        ):
            for behind in ("", "/result"):
                with self.subTest(login=login, behind=behind):
                    if behind and status == 200:
                        status = 202
                    self.get(process_id, login, status, behind)

    def test_of_an_anonymous_process_the_id_is_the_key(self):
        process_id = self.start(None)
        self.assertEqual(self.get(process_id, None).json["state"], "queued")

    def test_unknown_and_odd_ids_are_not_found(self):
        self.start()
        for name in ("unknown", "%20", "x" * 65, "%0A", "a/b/c"):
            with self.subTest(name):
                answer = self.get(name, status=404).json
                self.assertEqual(answer["type"], "NotFound")

    def test_what_is_behind_an_id_is_not_found(self):
        process_id = self.start()
        self.get(process_id, status=404, behind="/other")
        self.get(process_id, status=404, behind="/result/other")

    def test_the_cause_of_a_failure_is_for_managers(self):
        self.job(lambda view, process_id: 1 / 0)
        with self.assertLogs("netsight.async_", "ERROR"):
            process_id = self.ended()
        self.assertNotIn("error", self.get(process_id).json)
        error = self.get(process_id, MANAGER).json["error"]
        self.assertEqual(error["kind"], "ZeroDivisionError")
        self.assertIn("Traceback", error["traceback"])

    def test_a_long_cause_is_cut(self):
        def work(view, process_id):
            raise ValueError("x" * 3 * 10**6)

        self.job(work)
        with self.assertLogs("netsight.async_", "ERROR"):
            process_id = self.ended()
        answer = self.get(process_id, MANAGER)
        self.assertLess(len(answer.body), 30_000)
        self.assertIn("in work", answer.json["error"]["traceback"])

    def test_a_result_that_is_not_there_yet_is_accepted(self):
        response = self.get(self.start(), status=202, behind="/result")
        self.assertEqual(response.headers["Retry-After"], "5")
        self.assertEqual(response.json["state"], "queued")

    def test_a_result_is_the_whole_response(self):
        def work(view, process_id):
            view.request.response.setStatus(201)
            view.request.response.setHeader("Content-Type", "text/csv")
            return "a,b"

        self.job(work)
        response = self.get(self.ended(), status=201, behind="/result")
        self.assertEqual(response.content_type, "text/csv")
        self.assertEqual(response.text, "a,b")

    def test_a_part_of_a_result(self):
        process_id = self.ended()
        answer = self.client(EDITOR).get(
            f"{PROCESSES}/{process_id}/result",
            headers={"Range": "bytes=1-2"},
            status=206,
        )
        self.assertEqual(answer.body, b"on")
        self.assertEqual(answer.headers["Content-Range"], "bytes 1-2/4")

    def secret(self):
        """Return the id of a process that only its owner could start."""
        self.job(lambda view, process_id: "secret")
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        self.portal.invokeFactory("Folder", "folder")
        self.portal.folder.manage_setLocalRoles(EDITOR[0], ["Manager"])
        transaction.commit()
        client = self.client(EDITOR)
        answer = client.post("/plone/folder/manager-job", headers=ASYNC)
        return answer.json["id"]

    def test_of_others_a_result_needs_the_permission_of_the_view(self):
        process_id = self.secret()
        self.portal.manage_permission(MANAGE_PROCESSES, ["Member"])
        transaction.commit()
        answer = self.get(process_id, READER, 401, "/result")
        self.assertNotIn("secret", answer.text)

    def test_ones_own_is_there_also_when_one_is_locked_out(self):
        process_id = self.secret()
        self.portal.folder.manage_delLocalRoles([EDITOR[0]])
        transaction.commit()
        result = self.get(process_id, behind="/result")
        self.assertEqual(result.body, b"secret")

    def test_without_a_result_it_is_an_error(self):
        self.job(lambda view, process_id: 1 / 0)
        with self.assertLogs("netsight.async_", "ERROR"):
            process_id = self.ended()
        answer = self.get(process_id, status=500, behind="/result").json
        self.assertEqual(answer["type"], "ProcessFailed")
        self.assertEqual(answer["state"], "failed")
        self.assertNotIn("ZeroDivision", answer["message"])

    def test_the_reason_of_a_process_is_told(self):
        def work(view, process_id):
            raise ProcessFailed("Line 310 has no street.")

        self.job(work)
        process_id = self.ended()
        answer = self.get(process_id, status=500, behind="/result").json
        self.assertEqual(answer["message"], "Line 310 has no street.")
        self.assertEqual(
            self.get(process_id).json["reason"], answer["message"]
        )

    def test_a_result_that_cannot_be_read_is_an_error(self):
        process_id = self.ended()
        with (
            mock.patch(
                "netsight.async_.answers.result.replay",
                side_effect=OSError("gone"),
            ),
            self.assertLogs("netsight.async_", "ERROR") as log,
        ):
            answer = self.get(process_id, status=500, behind="/result").json
        self.assertEqual(answer["type"], "InternalServerError")
        self.assertIn(process_id, answer["message"])
        self.assertIn(process_id, log.output[0])


class DeleteTests(ProcessesTestCase):
    def delete(self, process_id, login=EDITOR, status=204):
        client = self.client(login)
        return client.delete(f"{PROCESSES}/{process_id}", status=status)

    def test_one_that_has_ended_is_removed(self):
        process_id = self.ended()
        self.assertEqual(self.delete(process_id).body, b"")
        self.assertEqual(self.processes(), [])
        self.delete(process_id, status=404)

    def test_who_may_only_see_it_changes_nothing(self):
        self.portal.manage_permission(VIEW_PROCESSES, ["Member"])
        transaction.commit()
        for process_id, permission in (
            (self.ended(), REMOVE_PROCESSES),
            (self.start(view="cancellable-job"), CONTROL_PROCESSES),
        ):
            before = self.process(process_id).state
            response = self.delete(process_id, READER, status=403)
            self.assertIn(permission, response.json["message"])
            self.assertEqual(self.process(process_id).state, before)

    def test_who_may_remove_it_does(self):
        for permission in (VIEW_PROCESSES, REMOVE_PROCESSES):
            self.portal.manage_permission(permission, ["Member"])
        transaction.commit()
        self.delete(self.ended(), READER)
        self.assertEqual(self.processes(), [])

    def test_one_that_is_active_is_cancelled(self):
        process_id = self.start(view="cancellable-job")
        response = self.delete(process_id, status=200)
        self.assertEqual(response.json["state"], "cancelled")
        self.assertNotIn("Retry-After", response.headers)
        self.assertEqual(self.process(process_id).state, "cancelled")
        self.delete(process_id)
        self.assertEqual(self.processes(), [])

    def test_the_cancel_of_one_that_runs_is_accepted(self):
        gate = Gate()
        self.job(lambda view, process_id: gate.reach())
        with self.threads():
            client = self.client(EDITOR)
            started = client.post("/plone/cancellable-job", headers=ASYNC)
            gate.wait()
            response = self.delete(started.json["id"], status=202)
            gate.open()
        self.assertEqual(response.json["state"], "running")
        self.assertEqual(response.headers["Retry-After"], "5")

    def test_one_that_cannot_be_cancelled_stays(self):
        process_id = self.start()
        answer = self.delete(process_id, status=409).json
        self.assertEqual(answer["type"], "Conflict")
        self.assertEqual(self.process(process_id).state, "queued")

    def test_it_is_for_owners_and_managers(self):
        process_id = self.ended()
        self.delete(process_id, READER, 404)
        self.delete(process_id, None, 404)
        self.delete(process_id, MANAGER)

    def test_a_removal_that_is_not_stored_is_said_to_be_none(self):
        process_id = self.ended()

        def fail(self, process_id):
            transaction.get().join(Failing(OSError("full")))

        with (
            mock.patch.object(registry.ProcessRegistry, "remove", fail),
            self.assertLogs("netsight.async_", "ERROR"),
        ):
            answer = self.delete(process_id, status=503).json
        self.assertEqual(answer["type"], "ServiceUnavailable")
        self.assertEqual(len(self.processes()), 1)

    def test_nothing_is_removed_from_a_read_only_database(self):
        process_id = self.ended()
        with mock.patch(
            "ZODB.Connection.Connection.isReadOnly", lambda self: True
        ):
            answer = self.delete(process_id, status=503).json
        self.assertEqual(answer["type"], "ServiceUnavailable")

    def test_the_list_cannot_be_deleted(self):
        self.start()
        self.client(EDITOR).delete(PROCESSES, status=404)
        self.assertEqual(len(self.processes()), 1)

    def test_one_of_a_dead_worker_is_fenced_before_it_is_removed(self):
        process_id = self.start()
        transact("test", die_with_claim, process_id)
        claim = self.process(process_id).claim
        self.assertIsNotNone(claim.token)
        self.delete(process_id)
        transaction.begin()
        self.assertIsNone(claim.token)
        self.assertEqual(self.processes(), [])


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class RecipeTests(ProcessesTestCase):
    """The service of docs/reference/rest.rst, which the layer registers."""

    def test_it_runs_in_the_background(self):
        setRoles(self.portal, "test_user_1_", ["Manager"])
        self.portal.invokeFactory("Document", "page", title="A page")
        transaction.commit()
        client = self.client(MANAGER)
        started = client.post_json("/plone/@report", {"month": "2026-01"})
        result = client.get(started.json["links"]["result"]).json
        self.assertEqual(result["month"], "2026-01")
        self.assertEqual(result["titles"], ["A page"])


class ServiceTests(ProcessesTestCase):
    def post(self, body, login=EDITOR, name="@job", status=202, **kwargs):
        client = self.client(login)
        return client.post_json(
            f"/plone/{name}", body, status=status, **kwargs
        )

    def test_a_service_runs_in_the_background_from_end_to_end(self):
        def work(service, body):
            user = service.request["AUTHENTICATED_USER"].getId()
            service.context.invokeFactory("Document", **body)
            return {"user": user, "@id": service.context.absolute_url()}

        self.job(work)
        for name, client in (
            ("basic", self.client(MANAGER)),
            ("bearer", self.client().get_token(MANAGER)),
        ):
            with self.subTest(name):
                body = {"id": name, "title": "A title"}
                started = client.post_json("/plone/@job", body)
                self.assertEqual(started.status_int, 202)
                status = client.get(started.location).json
                self.assertEqual(status["state"], "completed")
                self.assertEqual(status["view"], "@job")
                self.assertEqual(status["path"], "/@job")
                result = client.get(status["links"]["result"])
                self.assertEqual(result.content_type, "application/json")
                self.assertEqual(
                    result.json,
                    {"user": "manager", "@id": "http://localhost/plone"},
                )
                transaction.begin()
                self.assertEqual(self.portal[name].title, "A title")

    def test_the_answer_to_a_start(self):
        with processes_run_by(Never()):
            response = self.post({})
        answer = response.json
        self.assertEqual(answer["state"], "queued")
        self.assertEqual(answer["@id"], response.headers["Location"])
        self.assertEqual(response.headers["Retry-After"], "5")

    def test_without_a_json_accept_the_namespace_of_the_api_does(self):
        self.job(lambda service, body: body)
        client = self.client(EDITOR)
        client.extra_environ["HTTP_ACCEPT"] = "*/*"
        started = client.post_json("/plone/++api++/@job", {"a": 1})
        self.assertEqual(started.status_int, 202)
        result = client.get(f"{started.location}/result")
        self.assertEqual(result.json, {"a": 1})

    def test_on_content_below_the_site(self):
        self.job(lambda service, body: service.context.getId())
        setRoles(self.portal, "test_user_1_", ["Manager"])
        self.portal.invokeFactory("Folder", "folder")
        transaction.commit()
        client = self.client(EDITOR)
        started = client.post_json("/plone/folder/@job", {}).json
        self.assertEqual(started["path"], "/folder/@job")
        self.assertTrue(
            started["@id"].startswith(f"http://localhost{PROCESSES}")
        )
        self.assertEqual(client.get(started["links"]["result"]).json, "folder")

    def test_names_behind_that_of_the_service(self):
        self.job(lambda service, body: list(service.names))
        client = self.client(EDITOR)
        started = client.patch_json("/plone/@named-job/a/b", {})
        result = client.get(started.json["links"]["result"])
        self.assertEqual(result.json, ["a", "b"])

    def test_it_may_answer_at_once(self):
        self.job(lambda service, body: body)
        answer = self.post({"a": 1}, name="@sometimes-job", status=200)
        self.assertEqual(answer.json, {"a": 1})
        self.assertEqual(self.processes(), [])
        self.post({"background": 1}, name="@sometimes-job")
        self.assertEqual(len(self.processes()), 1)

    def test_status_and_headers_of_the_reply_are_kept(self):
        def work(service, body):
            service.request.response.setHeader("X-Mine", "1")
            return service.reply_no_content(201)

        self.job(work)
        started = self.post({}).json
        result = self.client(EDITOR).get(started["links"]["result"])
        self.assertEqual(result.status_int, 201)
        self.assertEqual(result.headers["X-Mine"], "1")

    def test_progress_is_told(self):
        def work(service, body):
            service.set_progress(None, 50, "half")
            raise ValueError("no")

        self.job(work)
        with self.assertLogs("netsight.async_", "ERROR"):
            self.post({})
        (process,) = self.processes()
        self.assertEqual(process.state, "failed")

    def test_a_reason_is_told(self):
        def work(service, body):
            raise ProcessFailed("Line 310 has no street.")

        self.job(work)
        started = self.post({}).json
        status = self.client(EDITOR).get(started["@id"]).json
        self.assertEqual(status["reason"], "Line 310 has no street.")

    def test_the_permission_of_the_service_counts(self):
        answer = self.post({}, READER, "@cancellable-job", 401).json
        self.assertEqual(answer["type"], "Unauthorized")
        self.post({}, None, "@cancellable-job", 401)
        self.assertEqual(self.processes(), [])

    def test_errors_have_the_shape_of_plone_restapi(self):
        headers = {"Idempotency-Key": '"'}
        answer = self.post({}, status=400, headers=headers).json
        self.assertEqual(set(answer), {"type", "message"})
        self.assertEqual(answer["type"], "BadRequest")

    def test_an_idempotency_key_is_honoured(self):
        headers = {"Idempotency-Key": '"key"'}
        first = self.post({"a": 1}, headers=headers).json
        again = self.post({"a": 1}, headers=headers).json
        self.assertEqual(again["id"], first["id"])
        answer = self.post({"a": 2}, status=422, headers=headers).json
        self.assertEqual(answer["type"], "UnprocessableEntity")

    def test_choices_of_the_view_hold(self):
        with processes_run_by(Never()):
            first = self.post({}, name="@cancellable-job").json
            again = self.post({}, name="@cancellable-job").json
        self.assertEqual(again["id"], first["id"])
        self.client(EDITOR).delete(first["@id"], status=200)
        self.assertEqual(self.process(first["id"]).state, "cancelled")

    def test_what_waits_is_limited(self):
        with (
            processes_run_by(Never()),
            mock.patch.dict("os.environ", NETSIGHT_ASYNC_MAX_QUEUED_USER="1"),
            self.assertLogs("netsight.async_.records.limits", "WARNING"),
        ):
            self.post({})
            answer = self.post({}, status=429)
        self.assertEqual(answer.json["type"], "TooManyRequests")
        self.assertIn("are waiting", answer.json["message"])
        self.assertEqual(answer.headers["Retry-After"], "60")
        self.assertEqual(len(self.processes()), 1)

    def test_an_anonymous_start_is_read_by_its_id(self):
        self.job(lambda service, body: "mine")
        started = self.post({}, None).json
        result = self.client().get(started["links"]["result"])
        self.assertEqual(result.json, "mine")

    def test_it_is_exempt_from_tokens_as_all_services_are(self):
        seen = []
        self.job(
            lambda service, body: seen.append(
                IDisableCSRFProtection.providedBy(service.request)
            )
        )
        self.post({})
        self.assertEqual(seen, [False], "only the start")

    def test_there_are_no_pages_below_it(self):
        started = self.post({}).json
        self.post(
            {}, name=f"@job/result?process_id={started['id']}", status=404
        )
