"""Links keep ++api++ when the request came by it."""

import json
from urllib.parse import urlsplit

import transaction
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles

from netsight.async_ import page_url
from netsight.async_ import start_process
from netsight.async_.rest.tests.plone_rest_support import PloneRestTestCase
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Never


ASYNC = {"Prefer": "respond-async"}

HTML = {"Accept": "text/html"}


def nothing(context):
    """Be started by a process."""


class ApiMixin:
    """A site that is reached at `outside`, by a proxy that sends `inside`."""

    outside = "https://example.org/++api++"
    inside = ""
    """What the proxy has in the place of `outside`."""

    def setUp(self):
        super().setUp()
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        self.portal.invokeFactory("Document", "page", title="A page")
        transaction.commit()
        self.job(lambda view, context: "done")

    def ask(self, method, url, body=None, headers=ASYNC, **kwargs):
        """Send a request for a URL as seen from outside."""
        self.assert_by_api(url)
        client = self.client(MANAGER)
        path = self.inside + url.removeprefix(self.outside)
        params = {} if body is None else {"params": json.dumps(body)}
        return getattr(client, method)(
            path, headers=headers, **params, **kwargs
        )

    def assert_by_api(self, url):
        self.assertEqual(
            url.partition("/++api++")[0] + "/++api++", self.outside
        )
        self.assertEqual(url.count("++api++"), 1, url)

    def start(self, path, **kwargs):
        with processes_run_by(Never()):
            return self.ask("post", f"{self.outside}{path}", **kwargs)

    def test_each_link_of_a_view_can_be_followed(self):
        started = self.start("/page/cancellable-job")
        self.assertEqual(started.status_int, 202)
        links = started.json["links"]
        expected = {"process-status", "processing", "result", "process-cancel"}
        self.assertEqual(set(links), expected)
        for url in (started.location, links["process-status"]):
            status = self.ask("get", url).json
            self.assertEqual(status["state"], "queued")
            self.assertEqual(status["links"], links)
        self.assertEqual(self.ask("get", links["result"]).status_int, 202)
        waiting = self.ask("get", links["processing"], headers=HTML)
        self.assertIn(started.json["id"], waiting.text)
        run(started.json["id"])
        self.assertEqual(self.ask("get", links["result"]).text, "done")

    def test_a_process_of_a_view_is_cancelled(self):
        started = self.start("/page/cancellable-job")
        self.ask("post", started.json["links"]["process-cancel"])
        (process,) = self.processes()
        self.assertEqual(process.state, "cancelled")

    def test_a_browser_is_led_on_by_it(self):
        started = self.start("/page/job")
        run(started.json["id"])
        links = started.json["links"]
        led = self.ask("get", links["processing"], headers=HTML)
        while led.status_int == 302:
            led = self.ask("get", led.location, headers=HTML)
        self.assertEqual(led.text, "done")

    def test_each_link_of_a_service_can_be_followed(self):
        started = self.start("/@cancellable-job", body={})
        url = started.json["@id"]
        self.assertEqual(started.location, url)
        links = started.json["links"]
        for each in (url, links["processing"]):
            self.assertEqual(self.ask("get", each).json["@id"], url)
        cancelled = self.ask("delete", url).json
        self.assertEqual(cancelled["state"], "cancelled")
        self.assertEqual(cancelled["@id"], url)
        gone = self.ask("get", links["result"], status=500)
        self.assertEqual(gone.json["type"], "ProcessCancelled")

    def test_the_list(self):
        for _ in "abc":
            self.start("/page/job")
        url = f"{self.outside}/@async-processes"
        found = self.ask("get", f"{url}?b_size=2").json
        self.assertEqual(found["@id"], url)
        self.assert_by_api(found["batching"]["next"])
        for item in found["items"]:
            listed = self.ask("get", item["@id"]).json
            self.assertEqual(listed["links"], item["links"])
            page = self.ask("get", listed["links"]["processing"], headers=HTML)
            self.assertIn(item["id"], page.text)

    def test_a_problem_names_it(self):
        started = self.start("/page/job")
        url = started.json["links"]["result"].replace(
            started.json["id"], "abcde"
        )
        told = self.ask("get", url, status=404)
        self.assertEqual(told.content_type, "application/problem+json")
        self.assert_by_api(told.json["instance"])

    def test_who_comes_by_another_way_is_led_that_way(self):
        started = self.start("/page/job")
        item = self.client(MANAGER).get(
            f"/plone/@async-processes/{started.json['id']}"
        )
        self.assertNotIn("++api++", item.text)
        (process,) = self.processes()
        self.assertNotIn("++api++", process.page_path + process.url)

    def test_code_starts_a_process_as_for_a_browser(self):
        urls = []

        def work(view, process_id):
            process = start_process(view.context, "other-job")
            urls.append(page_url(process))

        self.job(work)
        started = self.start("/page/job")
        with processes_run_by(Never()):
            run(started.json["id"])
        first, second = self.processes()
        self.assertEqual(first.state, "completed", first.error)
        self.assertNotIn("++api++", second.request.environ["PATH_INFO"])
        self.assert_by_api(urls[0])
        self.job(lambda view, process_id: "done")
        run(second.id)
        self.assertEqual(self.process(second.id).state, "completed")


class VirtualHostTests(ApiMixin, PloneRestTestCase):
    """The usual way with Volto: the proxy has it before the virtual root."""

    inside = (
        "/VirtualHostBase/https/example.org:443/plone/++api++/VirtualHostRoot"
    )


class VirtualRootTests(ApiMixin, PloneRestTestCase):
    """The same, with a prefix of the site outside."""

    outside = "https://example.org/intranet/++api++"
    inside = (
        "/VirtualHostBase/https/example.org:443/plone/++api++/VirtualHostRoot"
        "/_vh_intranet"
    )


class BehindRootTests(ApiMixin, PloneRestTestCase):
    """The proxy hands it on, behind the virtual root."""

    inside = (
        "/VirtualHostBase/https/example.org:443/plone/VirtualHostRoot/++api++"
    )


class PlainTests(ApiMixin, PloneRestTestCase):
    """Without a virtual host, as in development."""

    outside = "http://localhost/plone/++api++"
    inside = "/plone/++api++"


class DeepTests(PloneRestTestCase):
    """It may stand at content, too."""

    def test_the_link_leads_somewhere(self):
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        self.portal.invokeFactory("Document", "page", title="A page")
        transaction.commit()
        self.job(lambda view, context: "done")
        client = self.client(MANAGER)
        started = client.post("/plone/page/++api++/job", headers=ASYNC)
        self.assertIn("/++api++/", started.location)
        parts = urlsplit(started.location)
        status = client.get(f"{parts.path}?{parts.query}")
        self.assertEqual(status.json["state"], "completed")
