"""What a visitor writes into the header Host is in no link for others."""

from unittest import mock

import transaction
from Products.SiteErrorLog.SiteErrorLog import manage_addErrorLog
from zope.component import getGlobalSiteManager
from zope.globalrequest import getRequest

from netsight.async_ import actions
from netsight.async_.interfaces import IProcessEndedEvent
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running.telling import tell_ended
from netsight.async_.serving.recovery import recover
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.record_support import end_of
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never


EVIL = "evil.example"

ODD_HOSTS = (
    EVIL, "x:99999", "[::1", "localhost@evil.example",
    "www.example.org@evil.example", "evil.example#www.example.org",
    "www.example.org.evil.example", "www.example.org:81", "",
)  # fmt: skip

SITE = "https://www.example.org"

VIRTUAL_HOST = "/VirtualHostBase/https/www.example.org:443"


class HostTestCase(AsyncTestCase):
    def origins(self, text):
        patch = mock.patch.dict("os.environ", NETSIGHT_ASYNC_ORIGINS=text)
        patch.start()
        self.addCleanup(patch.stop)

    def start(self, path="/cancellable-job", login=EDITOR, **kwargs):
        with processes_run_by(Never()):
            return self.post(path, login, **kwargs)

    def post(self, path, login=EDITOR, host="localhost"):
        """Start a process as a program does; return its id."""
        # Zope itself cannot redirect to some odd hosts.
        headers = {"Host": host, "Prefer": "respond-async"}
        client = self.client(login)
        return client.post(path, headers=headers, status=202).json["id"]

    def page_path(self, process_id, place=""):
        page = f"/@@async-process/processing?process_id={process_id}"
        return f"{place}{page}"


class AddressTests(HostTestCase):
    """The address that events tell: `url` of the process."""

    def url(self, path="/cancellable-job", **kwargs):
        process_id = self.start(path, **kwargs)
        return self.process(process_id).url.replace(process_id, "ID")

    def test_without_origins_it_is_a_path(self):
        page = self.page_path("ID")
        for host in ("localhost", *ODD_HOSTS):
            with self.subTest(host):
                self.assertEqual(self.url(host=host), page)

    def test_with_origins_it_has_one_of_them(self):
        self.origins("https://other.example http://localhost")
        url = f"http://localhost{self.page_path('ID')}"
        self.assertEqual(self.url(), url)

    def test_of_any_other_host_it_is_a_path(self):
        self.origins("http://www.example.org")
        page = self.page_path("ID")
        for host in ("localhost", *ODD_HOSTS):
            with self.subTest(host):
                self.assertEqual(self.url(host=host), page)

    def test_the_usual_port_may_be_said(self):
        self.origins("http://www.example.org:80")
        url = self.url(host="WWW.example.org:80")
        self.assertIn("www.example.org", url.lower())

    def test_a_virtual_host_is_one_of_them_or_is_left_out(self):
        self.app.manage_addFolder("sit\xe9")
        transaction.commit()
        path = (
            f"{VIRTUAL_HOST}/sit%C3%A9/VirtualHostRoot/_vh_x/cancellable-job"
        )
        self.assertEqual(self.url(path), self.page_path("ID", "/sit%C3%A9"))
        self.origins(SITE)
        self.assertEqual(self.url(path), SITE + self.page_path("ID", "/x"))

    def test_what_is_run_again_has_its_own_id_in_it(self):
        self.origins("http://localhost")
        process_id = self.start("/again-job")
        self.process(process_id).cancel()
        registry = query_registry(self.app)
        new = actions.run_again(registry, registry[process_id])
        path = self.page_path(new.id)
        self.assertEqual(new.url, f"http://localhost{path}")
        self.assertEqual(new.page_path, path)
        transaction.abort()


class ListTests(HostTestCase):
    """Lists link by the host of who looks."""

    def test_pages_have_no_other_host(self):
        process_id = self.start(host=EVIL)
        for login, name in (
            (EDITOR, "@@my-processes"),
            (MANAGER, "@@async-processes"),
        ):
            page = self.client(login).get(f"/{name}")
            self.assertIn(process_id, page)
            self.assertNotIn(EVIL, page)


class ToldTests(HostTestCase):
    """Subscribers of ends without a result, and the error log."""

    def setUp(self):
        super().setUp()
        self.seen = []
        manager = getGlobalSiteManager()
        manager.registerHandler(self.told, (IProcessEndedEvent,))
        self.addCleanup(
            manager.unregisterHandler, self.told, (IProcessEndedEvent,)
        )

    def told(self, event):
        self.seen.append((event.process.state, getRequest()["SERVER_URL"]))

    def fail_one(self, **kwargs):
        self.job(lambda view, pid: 1 / 0)
        with self.assertLogs("netsight.async_", "ERROR"):
            self.post("/job", **kwargs)

    def cancel_one(self, **kwargs):
        process_id = self.start(**kwargs)
        with self.app._p_jar.transaction_manager:
            actions.cancel(self.process(process_id))

    def lose_one(self, **kwargs):
        process_id = self.start("/job", **kwargs)

        def die(root):
            die_with_claim(root, process_id)
            recover(query_registry(root))

        transact("test", die)
        tell_ended(end_of(process_id))

    def check(self, url, **kwargs):
        for end, state in (
            (self.fail_one, "failed"),
            (self.cancel_one, "cancelled"),
            (self.lose_one, "lost"),
        ):
            with self.subTest(state):
                self.seen = []
                end(**kwargs)
                self.assertEqual(self.seen, [(state, url)])

    def test_without_origins_there_is_no_host(self):
        for host in ODD_HOSTS:
            self.check("http://localhost", host=host)

    def test_the_host_is_that_of_the_start_if_it_is_an_origin(self):
        self.origins("https://other.example http://www.example.org:8080")
        host = "www.example.org:8080"
        self.check(f"http://{host}", host=host)

    def test_else_it_is_the_first_origin(self):
        self.origins(f"{SITE} http://other.example")
        self.check(SITE, host=EVIL)

    def test_the_error_log_does_not_link_there(self):
        manage_addErrorLog(self.app)
        transaction.commit()
        self.fail_one(host=EVIL)
        entry = self.app.error_log.getLogEntries()[0]
        self.assertEqual(entry["url"], "http://localhost/job")
