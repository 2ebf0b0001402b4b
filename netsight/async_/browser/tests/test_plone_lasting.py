"""Who deletes, renames or locks away a page in the background comes out."""

import re

import transaction
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles

from netsight.async_.browser.tests.plone_lasting_support import (
    PLONE_LASTING_FUNCTIONAL,
)
from netsight.async_.executors.inline import InlineExecutor
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import Client
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of


FOLDER = "/plone/news"


class PloneLastingTestCase(PloneTestCase):
    layer = PLONE_LASTING_FUNCTIONAL

    def setUp(self):
        super().setUp()
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        self.portal.invokeFactory("Document", "news", title="The news")
        self.portal.news.manage_setLocalRoles(EDITOR[0], ["Owner"])
        self.portal.news.reindexObjectSecurity()
        transaction.commit()
        self.visitor = self.client().log_in(EDITOR)

    def submitted(self, view, button, **fields):
        """Return the answer to a form that is sent."""
        page = self.visitor.get(f"{FOLDER}/{view}")
        form = next(
            each
            for each in page.forms.values()
            if f"form.buttons.{button}" in each.fields
        )
        for name, value in fields.items():
            form[f"form.widgets.{name}"] = value
        return form.submit(f"form.buttons.{button}")

    def followed(self, page):
        """Return the last page behind redirects."""
        while page.status_int == 302:
            page = page.follow(status="*")
        return page

    def refresh_url(self, page):
        return re.search(
            r'http-equiv="refresh" content="5; ?url=([^"]+)"', page.text
        )[1]


class EndedBeforeTheBrowserAsksTests(PloneLastingTestCase):
    """The context is gone when the redirect of the start is followed."""

    def test_delete(self):
        page = self.followed(self.submitted("deleting", "Delete"))
        self.assertEqual(page.request.url, "http://localhost/plone")
        self.assertIn("The news has been deleted.", text_of(page))
        again = self.visitor.get("/plone")
        self.assertNotIn("has been deleted", text_of(again))

    def test_rename(self):
        page = self.followed(
            self.submitted("renaming", "Rename", new_id="old-news")
        )
        self.assertEqual(
            page.request.url, f"http://localhost{FOLDER[:7]}old-news"
        )
        self.assertIn("Renamed 'news' to 'old-news'.", text_of(page))

    def test_lock_away(self):
        self.visitor.start(f"{FOLDER}/locking")
        process_id = self.processes()[-1].id
        page = self.visitor.see(
            f"{FOLDER}/locking", "processing", process_id, 302
        )
        page = page.follow(status=302).follow(status=302)
        self.assertEqual(page.location, f"http://localhost{FOLDER}")

    def test_another_user_is_asked_to_log_in(self):
        self.visitor.start(f"{FOLDER}/locking")
        process_id = self.processes()[-1].id
        client = self.client()
        page = client.see(f"{FOLDER}/locking", "processing", process_id, 302)
        self.assertIn("require_login", page.location)
        client.log_in(READER)
        page = client.see(f"{FOLDER}/locking", "processing", process_id, 302)
        self.assertIn("require_login", page.location)


class WaitingTests(PloneLastingTestCase):
    """The context is deleted while the visitor waits."""

    def waiting(self):
        with processes_run_by(Never()):
            page = self.followed(self.submitted("deleting", "Delete"))
        self.assertIn("Waiting for", text_of(page))
        self.assertIn(f"{FOLDER}/deleting/processing?", page.request.url)
        return page

    def run_it(self):
        InlineExecutor().ring(self.processes()[-1].id)

    def arrives(self, page):
        page = self.followed(page)
        self.assertEqual(page.request.url, "http://localhost/plone")
        self.assertIn("The news has been deleted.", text_of(page))

    def test_without_javascript(self):
        page = self.waiting()
        url = self.refresh_url(page)
        page = self.followed(self.visitor.get(url))
        self.assertEqual(self.refresh_url(page), url)
        self.run_it()
        self.arrives(self.visitor.get(url))

    def test_by_the_address_that_is_still_in_the_browser(self):
        page = self.waiting()
        self.run_it()
        self.arrives(self.visitor.get(page.request.url))

    def test_what_the_script_asks(self):
        page = self.waiting()
        urls = {
            name: re.search(rf'data-{name}-url="([^"]+)"', page.text)[1]
            for name in ("status", "processing", "result")
        }
        self.run_it()
        status = self.visitor.get(urls["status"]).json
        self.assertEqual(status["state"], "completed")
        self.arrives(self.visitor.get(urls["result"]))

    def test_the_page_of_a_context_that_somebody_else_has_deleted(self):
        page = self.waiting()
        self.portal.manage_delObjects(["news"])
        transaction.commit()
        page = self.visitor.get(self.refresh_url(page))
        self.assertIn("Waiting for", text_of(page))
        self.assertIn("plone-toolbar", page)
        self.assertIn("Back to Plone site", text_of(page))

    def test_the_list_leads_there(self):
        self.waiting()
        self.run_it()
        page = self.visitor.get("/plone/@@my-processes")
        url = re.search(r'href="([^"]*/result\?[^"]*)"', page.text)[1]
        self.arrives(self.visitor.get(url))


class NamespaceTests(PloneLastingTestCase):
    """The form at ++add++Event; Event alone would be no view."""

    def add(self):
        self.portal.manage_setLocalRoles(EDITOR[0], ["Contributor"])
        transaction.commit()
        page = self.visitor.get("/plone/++add++Event")
        form = page.forms["form"]
        form["form.widgets.IDublinCore.title"] = "A meeting"
        return form.submit("form.buttons.save")

    def test_the_namespace_stays_in_the_address(self):
        with processes_run_by(Never()):
            answer = self.add()
        address = "http://localhost/plone/++add++Event/processing?"
        self.assertTrue(answer.location.startswith(address), answer.location)
        page = answer.follow()
        self.assertIn("Waiting for", text_of(page))
        page = self.visitor.get(self.refresh_url(page), status=302)
        self.assertTrue(page.location.startswith(address), page.location)

    def test_the_content_is_made_and_the_answer_arrives(self):
        page = self.followed(self.add())
        self.assertEqual(
            page.request.url, "http://localhost/plone/a-meeting/view"
        )
        self.assertIn("A meeting", text_of(page))

    def test_the_record_has_the_namespace_in_its_path_only(self):
        with processes_run_by(Never()):
            self.add()
        process = self.processes()[-1]
        self.assertEqual(process.view_path, "/plone/++add++Event")
        self.assertEqual(process.view_name, "Event")


class SiteTests(PloneLastingTestCase):
    def test_a_site_shows_no_processes_of_others(self):
        with processes_run_by(Never()):
            process_id = Client().start("/job")
        page = "/@@async-process"
        Client().see(page, "processing", process_id, 302)
        Client().see(f"/plone{page}", "processing", process_id, 404)

    def test_a_virtual_host_may_begin_below_the_site(self):
        with processes_run_by(Never()):
            self.visitor.start(f"{FOLDER}/locking")
        process_id = self.processes()[-1].id
        host = (
            "/VirtualHostBase/http/news.example.org:80/plone/news"
            "/VirtualHostRoot"
        )
        page = self.visitor.see(f"{host}/locking", "processing", process_id)
        url = self.refresh_url(page)
        begin = "http://news.example.org/"
        self.assertTrue(url.startswith(f"{begin}@@async-process/"), url)
        page = self.visitor.get(url.replace(begin, f"{host}/"), status=302)
        self.assertTrue(page.location.startswith(f"{begin}locking/"))
