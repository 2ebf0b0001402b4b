"""Programs that start processes in a Plone site, and forged requests.

The tests run with plone.restapi and without it: a class there has them and a
test case of its own.
"""

from plone.protect.authenticator import check
from plone.protect.interfaces import IDisableCSRFProtection

from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Client


JSON = {"Accept": "application/json"}
ASYNC = {"Prefer": "respond-async", "Accept": "*/*"}


class PloneProgramMixin:
    """Programs need no token of plone.protect, and browsers do."""

    def setUp(self):
        super().setUp()
        self.job(lambda view, pid: view.request["AUTHENTICATED_USER"].getId())

    def test_a_program_that_prefers_async_needs_no_token(self):
        client = Client(EDITOR)
        for headers in (ASYNC, {**JSON, **ASYNC}, {**ASYNC, **JSON}):
            with self.subTest(headers):
                started = client.post("/plone/job", headers=headers)
                self.assertEqual(started.status_int, 202)
                status = client.get(started.location, headers=JSON).json
                self.assertEqual(status["state"], "completed")
                result = client.get(status["links"]["result"], headers=JSON)
                self.assertEqual(result.text, "editor")

    def test_one_that_only_accepts_json_needs_the_token(self):
        # A page of another site may send this header.
        response = Client(EDITOR).post("/plone/job", headers=JSON, status=403)
        self.assertEqual(response.content_type, "application/problem+json")
        self.assertIn("Prefer: respond-async", response.json["detail"])
        self.assertEqual(self.processes(), [])
        token = self.client(EDITOR).token()
        response = Client(EDITOR).post(
            "/plone/job", {"_authenticator": token}, headers=JSON
        )
        self.assertEqual(response.status_int, 202)

    def test_a_page_of_another_site_that_may_send_the_header_is_refused(self):
        headers = {**ASYNC, "Origin": "http://evil.example"}
        Client(EDITOR).post("/plone/job", headers=headers, status=403)
        self.assertEqual(self.processes(), [])

    def test_a_page_of_this_site_may_send_it(self):
        headers = {**ASYNC, "Origin": "http://localhost"}
        Client(EDITOR).post("/plone/job", headers=headers, status=202)

    def test_a_get_that_would_start_is_refused_instead_of_confirmed(self):
        response = Client(EDITOR).get(
            "/plone/templated-job?run=1", headers=JSON, status=403
        )
        self.assertEqual(response.content_type, "application/problem+json")

    def test_the_exemption_is_for_this_request_alone(self):
        seen = []
        self.job(
            lambda view, pid: seen.append(
                IDisableCSRFProtection.providedBy(view.request)
            )
        )
        Client(EDITOR).post("/plone/job", headers=ASYNC)
        self.assertEqual(seen, [False])

    def test_its_work_passes_a_check_of_its_own(self):
        self.job(lambda view, pid: check(view.request) or "passed")
        token = self.client(EDITOR).token()
        for headers in (ASYNC, {**JSON, "X-CSRF-TOKEN": token}):
            with self.subTest(headers):
                started = Client(EDITOR).post("/plone/job", headers=headers)
                self.assertEqual(started.status_int, 202)
                (*_before, process) = self.processes()
                self.assertEqual(process.state, "completed", process.error)

    def test_a_view_on_content_below_the_site(self):
        self.job(
            lambda view, pid: view.context.invokeFactory("Folder", "made")
        )
        client = Client(MANAGER)
        client.post("/plone/job", headers=ASYNC)
        self.job(lambda view, pid: "/".join(view.context.getPhysicalPath()))
        both = {**ASYNC, **JSON}
        started = client.post("/plone/made/job", headers=both)
        result = client.get(started.json["links"]["result"], headers=JSON)
        self.assertEqual(result.text, "/plone/made")
