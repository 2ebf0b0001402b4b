"""The settings page of "Background actions", as people use it."""

import re

from playwright.sync_api import expect

from netsight.async_.tests.browser.support import BASIC_AUTH
from netsight.async_.tests.browser.support import PHONE
from netsight.async_.tests.browser.support import BrowserTestCase
from netsight.async_.tests.browser.support import press_by_keyboard


ADDON = "netsight.async_.background"

STATUS = ".portalMessage, .alert"


class SettingsTests(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.change_addon("install")
        self.addCleanup(self.change_addon, "uninstall")
        self.log_in()
        self.url = f"{self.site}/@@background-actions"
        self.page.goto(self.url)

    def change_addon(self, step):
        answer = self.page.request.post(
            f"{self.site}/@addons/{ADDON}/{step}",
            headers={**BASIC_AUTH, "Accept": "application/json"},
        )
        self.assertLess(answer.status, 300)

    def save(self, page, number):
        """Set from how many objects on actions are in the background."""
        page.get_by_label("Objects").fill(str(number))
        page.get_by_role("button", name="Save").click()
        expect(page.locator(STATUS).first).to_contain_text("Changes saved")

    def start(self, page, title):
        return page.get_by_role("button", name=f"Start {title}")

    def arrives(self, page):
        page.wait_for_url(re.compile("@@background-actions$"))
        expect(page.locator(STATUS).first).to_contain_text(
            "The catalog is up to date."
        )
        section = page.get_by_role("region", name="Rebuild the catalog")
        expect(section).to_contain_text("by admin: Completed")

    def test_it_is_accessible(self):
        self.picture("background-actions")
        self.assert_accessible()

    def test_it_is_narrow_enough_for_a_phone(self):
        self.page.set_viewport_size(PHONE)
        self.picture("background-actions-phone")
        self.assert_no_sideways_scrolling()

    def test_a_work_is_started_by_keyboard(self):
        self.save(self.page, 0)
        press_by_keyboard(
            self.page, self.start(self.page, "Rebuild the catalog")
        )
        self.arrives(self.page)

    def test_it_works_without_javascript(self):
        page = self.new_page(java_script_enabled=False)
        self.log_in(page)
        page.goto(self.url)
        self.save(page, 0)
        self.start(page, "Rebuild the catalog").click()
        self.arrives(page)

    def test_an_export_is_a_download(self):
        self.save(self.page, 0)
        with self.page.expect_download() as download:
            self.start(self.page, "Export content").click()
        self.assertEqual(download.value.suggested_filename, "plone_export.zip")
