"""Attempts to break in, over HTTP, on a Plone site."""

import logging
import re
import tempfile
from pathlib import Path
from urllib.parse import parse_qs
from urllib.parse import unquote
from urllib.parse import urlsplit

import transaction
from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from plone.app.testing import setRoles
from webtest import Upload
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage
from ZODB.FileStorage import FileStorage
from zope.component.hooks import setSite

from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.plone_support import ROOT_ADMIN
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import Client
from netsight.async_.tests.support import basic


SUBVIEWS = ("processing", "completed", "result", "process-status")


def whoami(view, process_id):
    return view.request["AUTHENTICATED_USER"].getId()


def without_tokens(response):
    """Return the text of a page without Plone's tokens, which are random."""
    return re.sub(r"\b[0-9a-f]{40}\b", "", response.text)


class Later:
    """An executor that runs a process when the test says so."""

    def ring(self, process_id, *choices):
        self.process_id = process_id

    def run(self):
        run(self.process_id)


class ForgedStartTests(PloneTestCase):
    """A start of somebody who is logged in needs Plone's token."""

    def setUp(self):
        super().setUp()
        self.job(whoami)

    def check_refused(self, response):
        self.assertEqual(response.status_int, 403)
        self.assertEqual(self.processes(), [])

    def test_a_post_without_a_token_starts_nothing(self):
        client = Client(EDITOR)
        self.check_refused(client.post("/plone/job", status=403))

    def test_the_refusal_tells_the_visitor_what_to_do(self):
        response = Client(EDITOR).post("/plone/job", status=403)
        self.assertIn("does not come from a form of this site", response)

    def test_the_same_with_a_login_by_cookie(self):
        client = self.client().log_in(EDITOR)
        self.check_refused(client.post("/plone/job", status=403))

    def test_a_wrong_token_starts_nothing(self):
        for token in ("", "0" * 40, "é", "x" * 5000):
            with self.subTest(token[:9]):
                self.check_refused(
                    Client(EDITOR).post(
                        "/plone/job", {"_authenticator": token}, status=403
                    )
                )

    def test_the_token_of_another_user_starts_nothing(self):
        token = self.client(READER).token()
        self.check_refused(
            Client(EDITOR).post(
                "/plone/job", {"_authenticator": token}, status=403
            )
        )

    def test_a_right_token_starts(self):
        self.client(EDITOR).start("/plone/job")
        self.assertEqual(len(self.processes()), 1)

    def test_an_anonymous_post_needs_none(self):
        Client().start("/plone/job")
        self.assertEqual(len(self.processes()), 1)

    def test_a_get_without_a_token_leads_to_plones_confirmation(self):
        client = Client(EDITOR)
        response = client.get(
            "/plone/templated-job?run=1&a=%C3%A4", status=302
        )
        self.assertEqual(self.processes(), [])
        url = urlsplit(response.location)
        self.assertEqual(url.path, "/plone/@@confirm-action")
        query = parse_qs(url.query)
        self.assertEqual(
            query["original_url"], ["http://localhost/plone/templated-job"]
        )
        self.assertEqual((query["run"], query["a"]), (["1"], ["ä"]))

    def test_a_get_with_bytes_that_are_no_text_is_confirmed_too(self):
        client = Client(EDITOR)
        response = client.get("/plone/templated-job?run=1&a=%E4", status=302)
        self.assertIn("a=%E4", response.location)

    def test_the_confirmation_starts_the_process(self):
        client = Client(EDITOR)
        page = client.get("/plone/templated-job?run=1").follow()
        form = next(
            form
            for form in page.forms.values()
            if form.action.endswith("/templated-job")
        )
        client.started(form.submit("form.button.confirm"))
        self.assertEqual(len(self.processes()), 1)

    def test_at_the_zope_root_the_token_is_asked_for_too(self):
        response = Client(ROOT_ADMIN).post("/job", status=403)
        self.check_refused(response)

    def test_a_request_with_plones_exemption_passes(self):
        client = Client(EDITOR)
        client.start("/plone/exempt-job")
        self.assertEqual(len(self.processes()), 1)


class StrangerTests(PloneTestCase):
    """Others get the answer for an unknown id."""

    def setUp(self):
        super().setUp()
        self.owner, self.process_id = self.run_job(whoami, login=EDITOR)

    def check_unknown(self, client, path="/plone/job"):
        unknown = "00000000-0000-4000-8000-000000000000"
        for subview in SUBVIEWS:
            with self.subTest(subview):
                theirs = client.see(path, subview, self.process_id, 404)
                none = client.see(path, subview, unknown, 404)
                self.assertEqual(
                    without_tokens(theirs).replace(self.process_id, ""),
                    without_tokens(none).replace(unknown, ""),
                )

    def test_the_owner_sees_it(self):
        for subview in SUBVIEWS[1:]:
            self.owner.see("/plone/job", subview, self.process_id)

    def test_another_user_does_not(self):
        self.check_unknown(self.client(READER))

    def test_anonymous_does_not(self):
        self.check_unknown(self.client())

    def test_managers_of_the_site_and_of_the_root_do(self):
        for login in (MANAGER, ROOT_ADMIN):
            client = self.client(login)
            result = client.see("/plone/job", "result", self.process_id)
            self.assertEqual(result.text, "editor")

    def test_a_user_of_another_folder_with_the_same_id_does_not(self):
        root = self.app.acl_users
        root.userFolderAddUser(EDITOR[0], "another-secret", [], [])
        transaction.commit()
        self.check_unknown(Client((EDITOR[0], "another-secret")))

    def test_a_failed_id_of_another_is_not_told_to_json_either(self):
        for subview in ("completed", "result"):
            response = self.client(READER).see(
                "/plone/job", subview, self.process_id, 404, output_json=1
            )
            self.assertEqual(response.json, {"completed": "ERROR"})

    def test_an_id_of_an_anonymous_process_is_the_key(self):
        _client, process_id = self.run_job(whoami)
        other = self.client(READER)
        other.see("/plone/job", "completed", process_id)


class BindingTests(PloneTestCase):
    """An id works only at the view and context that made it."""

    def setUp(self):
        super().setUp()
        setRoles(self.portal, "test_user_1_", ["Manager"])
        self.portal.invokeFactory("Document", "page", title="A page")
        transaction.commit()
        self.owner, self.process_id = self.run_job(whoami, login=MANAGER)

    def test_another_view_does_not_know_it(self):
        for subview in SUBVIEWS:
            self.owner.see("/plone/other-job", subview, self.process_id, 404)

    def test_another_context_does_not_know_it(self):
        for subview in SUBVIEWS:
            self.owner.see("/plone/page/job", subview, self.process_id, 404)
            self.owner.see("/job", subview, self.process_id, 404)

    def test_a_view_with_a_permission_protects_its_subviews(self):
        owner, process_id = self.run_job(
            whoami, login=MANAGER, view="manager-job"
        )
        path = "/plone/manager-job"
        owner.see(path, "result", process_id)
        for client in (self.client(), self.client(READER)):
            for subview in SUBVIEWS:
                response = client.see(path, subview, process_id, "*")
                self.assertIn(response.status_int, (302, 401))
                self.assertNotIn("manager\n", response.text)


class OddInputTests(PloneTestCase):
    """Odd input is 4xx, never 500."""

    def check(self, query, statuses=(400,)):
        client = self.client(EDITOR)
        for subview in SUBVIEWS:
            for json in ("", "&output_json=1"):
                with self.subTest(subview=subview, json=json):
                    url = f"/plone/job/{subview}?{query}{json}"
                    response = client.get(url, status="*")
                    self.assertIn(response.status_int, statuses)
                    self.assertNotIn("<script>alert", response.text)

    def test_no_id(self):
        self.check("")

    def test_an_empty_id(self):
        self.check("process_id=")

    def test_a_doubled_id(self):
        self.check("process_id=a&process_id=b")

    def test_an_id_of_5000_characters(self):
        self.check("process_id=" + "a" * 5000)

    def test_an_id_with_nul_bytes(self):
        self.check("process_id=a%00b")

    def test_an_id_that_is_no_utf8(self):
        self.check("process_id=%ff%fe")

    def test_an_id_of_another_type(self):
        self.check("process_id:int=7")
        self.check("process_id:list=a")
        self.check("process_id.a:record=a")

    def test_an_id_with_markup(self):
        self.check("process_id=%3Cscript%3Ealert(1)%3C/script%3E", (404,))

    def test_an_unknown_id(self):
        self.check("process_id=abcde-f01234", (404,))

    def test_an_id_in_other_letters(self):
        self.check("process_id=%E6%97%A5%E6%9C%AC", (404,))


class ImpersonationTests(PloneTestCase):
    """A process runs as its owner, with the roles of that moment."""

    def started_later(self, login=EDITOR, view="job", work=whoami):
        self.job(work)
        later = Later()
        with processes_run_by(later):
            self.client(login).start(self.path(view))
        return later

    def failed_with(self, later):
        with self.assertLogs("netsight.async_", logging.ERROR):
            later.run()
        process = self.process(later.process_id)
        self.assertEqual(process.state, "failed")
        return process.error.kind

    def test_a_user_of_the_site_by_basic_auth(self):
        result = self.result_of(whoami, login=EDITOR)
        self.assertEqual(result.text, "editor")

    def test_a_user_of_the_site_by_cookie(self):
        self.job(whoami)
        client = self.client().log_in(EDITOR)
        process_id = client.start("/plone/job")
        result = client.see("/plone/job", "result", process_id)
        self.assertEqual(result.text, "editor")

    def test_a_user_of_the_root_in_the_site(self):
        result = self.result_of(whoami, login=ROOT_ADMIN)
        self.assertEqual(result.text, ROOT_ADMIN[0])

    def test_a_user_of_the_root_at_the_root(self):
        self.base = ""
        result = self.result_of(whoami, login=ROOT_ADMIN)
        self.assertEqual(result.text, ROOT_ADMIN[0])

    def test_an_anonymous_visitor(self):
        result = self.result_of(lambda view, pid: str(whoami(view, pid)))
        self.assertEqual(result.text, "None")

    def test_local_roles_and_groups_count(self):
        self.portal.portal_groups.addGroup("staff", roles=["Reviewer"])
        self.portal.portal_groups.addPrincipalToGroup("editor", "staff")
        transaction.commit()
        roles = self.seen_by(
            lambda view: view.request["AUTHENTICATED_USER"].getRoles(),
            login=EDITOR,
        )
        self.assertIn("Reviewer", roles)

    def test_a_user_who_was_deleted_meanwhile(self):
        later = self.started_later()
        self.portal.acl_users.userFolderDelUsers(["editor"])
        transaction.commit()
        self.assertEqual(self.failed_with(later), "Unauthorized")

    def test_a_user_who_lost_the_role_meanwhile(self):
        later = self.started_later(MANAGER, "manager-job")
        setSite(self.portal)
        self.portal.acl_users.userFolderEditUser(*MANAGER, ["Member"], [])
        transaction.commit()
        self.assertEqual(self.failed_with(later), "Unauthorized")

    def test_a_user_with_fewer_roles_runs_with_fewer_roles(self):
        seen = []
        later = self.started_later(
            work=lambda view, pid: seen.extend(
                view.request["AUTHENTICATED_USER"].getRoles()
            )
        )
        setSite(self.portal)
        self.portal.acl_users.userFolderEditUser(*EDITOR, ["Member"], [])
        transaction.commit()
        later.run()
        self.assertEqual(set(seen), {"Member", "Authenticated"})

    def test_the_thread_forgets_the_user(self):
        later = self.started_later()
        later.run()
        user = getSecurityManager().getUser()
        self.assertEqual(user.getUserName(), "Anonymous User")


class ForgedMarkTests(PloneTestCase):
    """Nothing in a request makes it look like the runner's."""

    def setUp(self):
        super().setUp()
        self.calls = []
        self.job(lambda view, pid: self.calls.append(pid))
        _client, self.process_id = self.run_job(
            lambda view, pid: "x", login=MANAGER, view="manager-job"
        )
        self.job(lambda view, pid: self.calls.append(pid))

    def check(self, headers=None, params=None, extra_environ=None):
        client = Client()
        for path in ("/plone/manager-job", "/plone/manager-job/result"):
            response = client.get(
                path,
                {"process_id": self.process_id, **(params or {})},
                headers=headers,
                extra_environ=extra_environ,
                status="*",
            )
            self.assertIn(response.status_int, (302, 401), path)
        self.assertEqual(self.calls, [])

    def test_form_fields(self):
        for name in ("async_run", "run", "__allow_groups__", "owner"):
            self.check(params={name: self.process_id})

    def test_headers(self):
        for name in ("Async-Run", "Netsight-Async", "Async_Run"):
            self.check(headers={name: self.process_id})

    def test_environ_keys(self):
        for name in ("async_run", "netsight.async", "netsight.async.run"):
            self.check(extra_environ={name: self.process_id})

    def test_remote_user(self):
        self.check(extra_environ={"REMOTE_USER": "manager"})


class NothingPublishedTests(PloneTestCase):
    """The registry and what it holds have no URL."""

    def test_registry_processes_and_parts(self):
        _client, process_id = self.run_job(whoami, login=EDITOR)
        registry = "/netsight_async_process_registry"
        for path in (
            "",
            f"/{process_id}",
            f"/{process_id}/outcome",
            f"/{process_id}/request/environ",
            "/_processes",
            "/process_ids",
            "/get?process_id=x",
            "/title",
        ):
            for base in ("", "/plone"):
                for client in (Client(), Client(EDITOR), Client(ROOT_ADMIN)):
                    with self.subTest(path):
                        client.get(
                            base + registry + path, status=[401, 403, 404, 302]
                        )

    def test_the_pages_of_a_process_are_not_published_elsewhere(self):
        for name in ("netsight.async.processing", "netsight.async.ended"):
            for client in (Client(), Client(ROOT_ADMIN)):
                client.get(f"/plone/@@{name}", status=[401, 404, 302])


class NoCredentialsAtRestTests(PloneTestCase):
    """Neither Data.fs nor blobs nor logs hold what logs in."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        storage = DemoStorage(
            base=self.layer["zodbDB"].storage,
            changes=FileStorage(
                str(self.folder / "Data.fs"),
                blob_dir=str(self.folder / "blobs"),
            ),
        )
        before, self.layer["zodbDB"] = self.layer["zodbDB"], DB(storage)
        self.addCleanup(self.layer.__setitem__, "zodbDB", before)

    def tearDown(self):
        super().tearDown()
        self.layer["zodbDB"].storage.changes.close()

    def run_all(self, client):
        """Leave a queued, a completed and a failed process; return the log."""
        upload = {"file": Upload("f", b"find me" * 20_000)}
        with self.assertLogs(level=logging.DEBUG) as logs:
            with processes_run_by(Later()):
                client.start("/plone/job", upload)
            for work in (whoami, lambda view, pid: 1 / 0):
                self.job(work)
                client.start("/plone/job", upload)
        return "\n".join(logs.output).encode()

    def check(self, logs, *secrets):
        files = [each for each in self.folder.rglob("*") if each.is_file()]
        stored = b"".join(each.read_bytes() for each in files)
        self.assertIn(b"PATH_INFO", stored)
        self.assertIn(b"find me", stored)
        self.assertIn(b"ZeroDivisionError", logs)
        for secret in secrets:
            self.assertNotIn(secret.encode(), stored + logs)

    def test_after_basic_auth(self):
        logs = self.run_all(self.client(EDITOR))
        self.check(logs, EDITOR[1], basic(EDITOR).split()[1])

    def test_after_a_cookie(self):
        client = self.client().log_in(EDITOR)
        ticket = client.cookies["__ac"].strip('"')
        self.assertGreater(len(ticket), 20)
        logs = self.run_all(client)
        self.check(logs, EDITOR[1], ticket, unquote(ticket))


class RestrictedCodeTests(PloneTestCase):
    """Python scripts and templates in the ZODB do not reach our objects."""

    def test_the_registry_is_private(self):
        self.run_job(whoami, login=EDITOR)
        with self.assertRaises(Unauthorized):
            self.app.restrictedTraverse("netsight_async_process_registry")
