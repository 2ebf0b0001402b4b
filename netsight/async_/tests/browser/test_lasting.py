"""Plone's own form to delete deletes the page that the visitor waits at."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.plone_server import THREADS
from netsight.async_.tests.browser.support import BASIC_AUTH
from netsight.async_.tests.browser.support import BrowserTestCase


class DeleteTests(BrowserTestCase):
    def setUp(self):
        super().setUp()
        answer = self.page.request.post(
            self.site,
            headers={**BASIC_AUTH, "Accept": "application/json"},
            data={"@type": "Document", "title": "The news"},
        )
        self.document = answer.json()["@id"]
        self.log_in()

    def delete(self):
        self.page.goto(f"{self.document}/deleting")
        self.page.locator("button[name='form.buttons.Delete']").click()

    def arrives(self):
        self.page.wait_for_url(f"{self.site}")
        expect(self.page.locator("body")).to_contain_text(
            "The news has been deleted."
        )

    def test_at_once(self):
        self.delete()
        self.arrives()

    def test_after_a_while(self):
        running = [
            self.start(page=self.new_page()) for _each in range(THREADS)
        ]
        self.delete()
        expect(self.part("activity")).to_contain_text("Ahead of you")
        self.assertIn("/deleting/processing?", self.page.url)
        running[0].end()
        self.arrives()


class WithoutScriptTests(DeleteTests):
    def new_page(self, **options):
        return super().new_page(java_script_enabled=False, **options)
