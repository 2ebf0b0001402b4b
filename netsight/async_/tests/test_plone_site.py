"""Async views in a Plone site: theme, site, language, layers, profile."""

import re

import transaction
from plone.app.testing import applyProfile
from plone.app.testing import setRoles
from plone.browserlayer.utils import register_layer
from plone.browserlayer.utils import unregister_layer
from webtest import Upload
from zope.component import getGlobalSiteManager
from zope.component.hooks import getSite
from zope.component.hooks import setSite
from zope.interface import Interface
from zope.publisher.interfaces.browser import IDefaultBrowserLayer

from netsight.async_.config import MANAGE_PROCESSES
from netsight.async_.interfaces import INetsightAsyncLayer
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.plone_support import speak_german
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import text_of
from netsight.async_.tests.views import BarePage


class ISiteLayer(IDefaultBrowserLayer):
    """The layer of some site."""


class SurroundingsTests(PloneTestCase):
    """A process is in the site as any request is."""

    def test_the_site_is_the_current_one(self):
        seen = self.seen_by(lambda view: getSite().getPhysicalPath())
        self.assertEqual(seen, ("", "plone"))

    def test_browser_layers_of_the_site_hold(self):
        setSite(self.portal)
        register_layer(ISiteLayer, "site-layer")
        transaction.commit()
        self.assertTrue(
            self.seen_by(lambda view: ISiteLayer.providedBy(view.request))
        )

    def test_the_language_of_the_browser_is_negotiated(self):
        setSite(self.portal)
        speak_german()
        language = self.seen_by(
            lambda view: view.request["LANGUAGE"],
            headers={"Accept-Language": "de"},
        )
        self.assertEqual(language, "de")

    def test_content_can_be_created_and_is_indexed(self):
        def work(view, process_id):
            view.context.invokeFactory("Document", "new", title="Made by it")

        self.job(work)
        self.client(MANAGER).start("/plone/job")
        transaction.begin()
        setSite(self.portal)
        found = self.portal.portal_catalog(Title="Made by it")
        self.assertEqual([brain.getId for brain in found], ["new"])
        self.assertEqual(found[0].Creator, "manager")

    def test_an_import_that_fails_leaves_no_content(self):
        def work(view, process_id):
            view.context.invokeFactory("Document", "new", title="Made by it")
            raise ValueError("after that")

        self.job(work)
        with self.assertLogs("netsight.async_", "ERROR"):
            self.client(MANAGER).start("/plone/job")
        transaction.begin()
        setSite(self.portal)
        self.assertNotIn("new", self.portal)
        self.assertEqual(len(self.portal.portal_catalog(Title="Made by")), 0)

    def test_a_view_on_content_with_a_name_outside_ascii(self):
        setRoles(self.portal, "test_user_1_", ["Manager"])
        self.portal.invokeFactory("Folder", "täst")
        transaction.commit()
        self.base = "/plone/t%C3%A4st"
        seen = self.seen_by(lambda view: view.context.getId())
        self.assertEqual(seen, "täst")

    def test_a_virtual_host_of_the_site(self):
        base = "/VirtualHostBase/https/www.example.org:443/plone"
        self.base = f"{base}/VirtualHostRoot"
        seen = []
        self.job(
            lambda view, pid: seen.append(
                (view.context.absolute_url(), view.request["URL"])
            )
        )
        start = self.client().post(self.path("job"))
        self.assertEqual(
            seen, [("https://www.example.org", "https://www.example.org/job")]
        )
        self.assertTrue(
            start.location.startswith("https://www.example.org/job/processing")
        )


class ThemeTests(PloneTestCase):
    def themed(self, response):
        return len(re.findall("<footer", response.text))

    def test_an_html_result_is_themed_once(self):
        def work(view, process_id):
            return view.context.restrictedTraverse("@@sitemap")()

        result = self.result_of(work)
        page = self.client().get("/plone/@@sitemap")
        self.assertGreater(self.themed(page), 0)
        self.assertEqual(self.themed(result), self.themed(page))
        self.assertEqual(result.text.count("<html"), 1)

    def test_it_is_the_page_that_the_view_would_have_answered(self):
        page = self.client().get("/plone/@@sitemap")

        def work(view, process_id):
            return view.context.restrictedTraverse("@@sitemap")()

        result = self.result_of(work)
        titles = re.findall("<title>.*?</title>", page.text)
        self.assertEqual(re.findall("<title>.*?</title>", result.text), titles)

    def test_a_download_is_not_themed(self):
        def work(view, process_id):
            view.request.response.setHeader("Content-Type", "text/csv")
            return "a,b"

        self.assertEqual(self.result_of(work).text, "a,b")

    def test_forms_in_a_result_get_the_token_of_who_looks(self):
        def work(view, process_id):
            view.request.response.setHeader("Content-Type", "text/html")
            return "<html><body><form method='post'></form></body></html>"

        self.job(work)
        client = self.client(EDITOR)
        process_id = client.start("/plone/job")
        for viewer in (client, self.client(MANAGER)):
            result = viewer.see("/plone/job", "result", process_id)
            self.assertIn('name="_authenticator"', result)


class WaitingPageTests(PloneTestCase):
    def waiting_page(self, view="job", headers=None):
        gate = Gate()
        self.job(lambda view, process_id: gate.reach())
        with self.threads():
            client = self.client()
            process_id = client.start(f"/plone/{view}")
            gate.wait()
            query = f"process_id={process_id}"
            page = client.get(
                f"/plone/{view}/processing?{query}", headers=headers
            )
            gate.open()
        return page

    def test_it_is_in_the_theme_of_the_site(self):
        page = self.waiting_page()
        self.assertIn('id="portal-footer-wrapper"', page)
        self.assertIn("Processing...", page)

    def test_the_refresh_without_scripts_is_in_the_body(self):
        head, body = self.waiting_page().text.split("<body", 1)
        self.assertNotIn('http-equiv="refresh"', head)
        self.assertRegex(
            body, r'(?s)<noscript>\s*<meta[^>]*http-equiv="refresh"'
        )

    def test_it_has_no_inline_script_of_ours(self):
        page = self.waiting_page()
        ours = page.text.partition('class="netsight-async"')[2]
        ours = ours.partition("</article>")[0]
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", ours, re.S)
        self.assertEqual([s.strip() for s in scripts], [""])
        self.assertNotIn("style=", ours)

    def test_its_script_and_style_exist(self):
        page = self.waiting_page()
        urls = re.findall(r'"([^"]*netsight\.async\.[^"]*)"', page.text)
        self.assertEqual(len(urls), 3)
        for url in urls:
            self.client().get(url, status=200)

    def test_a_link_leads_back_to_the_site(self):
        self.assertIn("Back to Plone site", text_of(self.waiting_page()))

    def test_an_unknown_id_offers_to_log_in_and_come_back(self):
        page = self.client().get(
            "/plone/job/processing?process_id=abcde", status=404
        )
        came_from = "http%3A%2F%2Flocalhost%2Fplone%2Fjob%2Fprocessing"
        self.assertIn(
            f"/plone/login?came_from={came_from}%3Fprocess_id%3Dabcde", page
        )
        page = self.client(EDITOR).get(
            "/plone/job/processing?process_id=abcde", status=404
        )
        self.assertNotIn("came_from", page)

    def test_it_is_translated(self):
        setSite(self.portal)
        speak_german()
        page = self.waiting_page(headers={"Accept-Language": "de"})
        self.assertNotIn("Processing...", page)
        self.assertNotIn("You may close this", page)

    def test_a_site_replaces_it_for_all_views_by_one_registration(self):
        setSite(self.portal)
        register_layer(ISiteLayer, "site-layer")
        transaction.commit()
        manager = getGlobalSiteManager()
        manager.registerAdapter(
            BarePage,
            (Interface, ISiteLayer),
            Interface,
            "netsight.async.processing",
        )
        try:
            self.assertIn("site's own page", self.waiting_page())
            own = self.waiting_page("own-method-job")
            self.assertIn("wait for it", own)
        finally:
            manager.unregisterAdapter(
                BarePage,
                (Interface, ISiteLayer),
                Interface,
                "netsight.async.processing",
            )
            setSite(self.portal)
            unregister_layer("site-layer")


class ErrorLogTests(PloneTestCase):
    def test_the_error_log_of_the_site_has_the_traceback(self):
        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(lambda view, pid: 1 / 0)
        transaction.begin()
        entry = self.portal.error_log.getLogEntries()[0]
        self.assertEqual(entry["type"], "ZeroDivisionError")
        self.assertEqual(self.process(process_id).state, "failed")


class ProfileTests(PloneTestCase):
    def may_manage(self, role):
        allowed = self.portal.rolesOfPermission(MANAGE_PROCESSES)
        return bool(
            [each for each in allowed if each["name"] == role][0]["selected"]
        )

    def test_installing_lets_site_administrators_manage(self):
        setSite(self.portal)
        self.assertFalse(self.may_manage("Site Administrator"))
        applyProfile(self.portal, "netsight.async:default")
        self.assertTrue(self.may_manage("Site Administrator"))
        self.assertTrue(self.may_manage("Manager"))

    def test_uninstalling_takes_it_back(self):
        from plone.browserlayer.utils import registered_layers

        setSite(self.portal)
        applyProfile(self.portal, "netsight.async:default")
        self.assertIn(INetsightAsyncLayer, registered_layers())
        applyProfile(self.portal, "netsight.async:uninstall")
        self.assertNotIn(INetsightAsyncLayer, registered_layers())
        self.assertFalse(self.may_manage("Site Administrator"))


class ExamplesTests(PloneTestCase):
    """What `make start` shows."""

    def finish(self, name, params=None, status=200, login=MANAGER, **kwargs):
        client = self.client(login)
        path = f"/plone/@@async-example-{name}"
        process_id = client.start(path, params, **kwargs)
        return client.see(path, "result", process_id, status)

    def test_one_page_lists_them(self):
        page = self.client(EDITOR).get("/plone/@@async-examples")
        for title in (
            "A Fibonacci number", "The content as a CSV file",
            "Pages from a text file", "One that fails", "A slow one",
        ):  # fmt: skip
            self.assertIn(title, page)
        self.assertNotIn(
            "Pages from a text file",
            self.client().get("/plone/@@async-examples"),
        )

    def test_a_fibonacci_number(self):
        page = self.finish("fibonacci", {"n": "100"})
        self.assertIn(f"{354224848179261915075:x}", page)

    def test_a_bad_number_fails(self):
        for n in ("", "x", "-1", "100001"):
            with self.assertLogs("netsight.async_", "ERROR"):
                self.finish("fibonacci", {"n": n}, status=500)

    def test_the_content_as_a_csv_file(self):
        setRoles(self.portal, "test_user_1_", ["Manager"])
        self.portal.invokeFactory("Document", "page", title="Ä, page")
        transaction.commit()
        result = self.finish("export")
        self.assertEqual(
            result.text.splitlines(),
            [
                "path,type,title",
                "/plone,Plone Site,Plone site",
                '/plone/page,Document,"Ä, page"',
            ],
        )
        self.assertEqual(
            result.headers["Content-Disposition"],
            "attachment; filename=content.csv",
        )

    def test_pages_from_a_text_file(self):
        upload = Upload("titles.txt", "Erste\nZweite Ä\n".encode())
        self.finish("import", {"file": upload}, status=302, login=EDITOR)
        transaction.begin()
        setSite(self.portal)
        titles = {
            item.title for item in self.portal.objectValues("Dexterity Item")
        }
        titles |= {item.title for item in self.portal.contentValues()}
        self.assertLessEqual({"Erste", "Zweite Ä"}, titles)

    def test_an_import_without_a_file_fails(self):
        with self.assertLogs("netsight.async_", "ERROR"):
            self.finish("import", status=500)

    def test_one_that_fails(self):
        with self.assertLogs("netsight.async_", "ERROR"):
            page = self.finish("failing", status=500)
        self.assertIn("This example always fails.", text_of(page))

    def test_a_slow_one(self):
        page = self.finish("slow", {"seconds": "1"})
        self.assertIn("Seconds slept: 1.", text_of(page))
        self.assertIn("More examples", page)

    def test_a_visit_of_an_example_leads_to_its_form(self):
        page = self.client().get("/plone/@@async-example-slow", status=302)
        self.assertTrue(page.location.endswith("/plone/@@async-examples"))
