"""A button of folder contents whose view runs in the background."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.plone_server import THREADS
from netsight.async_.tests.browser.support import BASIC_AUTH
from netsight.async_.tests.browser.support import BrowserTestCase


class DeleteTests(BrowserTestCase):
    def setUp(self):
        super().setUp()
        folder = self.add(self.site, "Folder", "The news")
        self.add(folder, "Document", "Yesterday")
        self.add(folder, "Document", "Today")
        self.log_in()
        self.page.goto(f"{folder}/folder_contents")
        self.row("Today").locator("input").check()

    def add(self, container, kind, title):
        answer = self.page.request.post(
            container,
            headers={**BASIC_AUTH, "Accept": "application/json"},
            data={"@type": kind, "title": title},
        )
        return answer.json()["@id"]

    def row(self, title):
        return self.page.locator(".pat-structure tbody tr", has_text=title)

    def delete(self):
        with self.page.expect_response(lambda each: each.status == 202):
            self.page.locator("#btn-delete").click()
            self.page.locator(
                ".popover .applyBtn, .popover .btn-danger"
            ).click()

    def arrives(self):
        expect(self.page.locator(".pat-structure")).to_contain_text(
            "Successfully delete items"
        )
        expect(self.row("Today")).to_have_count(0)
        expect(self.row("Yesterday")).to_have_count(1)

    def test_it_ends_with_the_message_and_the_new_list(self):
        self.delete()
        self.arrives()

    def test_it_waits_as_long_as_that_takes(self):
        running = [
            self.start(page=self.new_page()) for _each in range(THREADS)
        ]
        self.delete()
        expect(self.row("Today")).to_have_count(1)
        running[0].end()
        self.arrives()
