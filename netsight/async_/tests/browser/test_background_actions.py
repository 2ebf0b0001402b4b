"""300 objects, by folder contents and by the menus, in Chromium."""

import subprocess

from playwright.sync_api import expect

from netsight.async_.tests.browser.plone_server import FILL_SITE
from netsight.async_.tests.browser.plone_server import PloneServer
from netsight.async_.tests.browser.support import BASIC_AUTH
from netsight.async_.tests.browser.support import BrowserLayer
from netsight.async_.tests.browser.support import BrowserTestCase
from netsight.async_.tests.instance import plone_site
from netsight.async_.tests.instance import zconsole


OBJECTS = 300

FOLDERS = (
    *("list-delete", "list-move", "list-publish"),
    *("reports", "menu-rename", "menu-move", "menu-publish"),
    *("menu-share", "modal-delete"),
)
"""One for each test."""


class FullServer(PloneServer):
    """A site with the profile, and a full folder for each test."""

    site_zcml = plone_site()

    def create_site(self):
        super().create_site()
        command = zconsole(self.conf_path, FILL_SITE)
        subprocess.run(
            [*command, *(f"{name}={OBJECTS}" for name in FOLDERS)],
            check=True,
            cwd=self.directory,
        )


class FullLayer(BrowserLayer):
    """A running site of that kind."""

    server_class = FullServer


FULL_LAYER = FullLayer(name="AsyncViews:BrowserFull")


class ActionTestCase(BrowserTestCase):
    layer = FULL_LAYER

    def setUp(self):
        super().setUp()
        self.log_in()

    def status(self, path):
        """Return the status of HTTP that an address of the site has."""
        answer = self.page.request.get(
            f"{self.site}/{path}",
            headers={**BASIC_AUTH, "Accept": "application/json"},
        )
        return answer.status

    def state(self, path):
        """Return the state of workflow that an object has."""
        answer = self.page.request.get(
            f"{self.site}/{path}",
            headers={**BASIC_AUTH, "Accept": "application/json"},
        )
        return answer.json()["review_state"]


class ListTests(ActionTestCase):
    """Folder contents."""

    def open(self, folder, title="Full"):
        """Select an object in the list of a folder."""
        self.page.goto(f"{self.site}/{folder}/folder_contents")
        self.row(title).locator("input").check()

    def row(self, title):
        return self.page.locator(".pat-structure tbody tr", has_text=title)

    def press(self, button):
        self.page.locator(f"#btn-{button}").click()

    def starts(self):
        return self.page.expect_response(lambda each: each.status == 202)

    def says(self, text):
        expect(self.page.locator(".pat-structure")).to_contain_text(text)

    def test_delete(self):
        self.open("list-delete")
        self.press("delete")
        with self.starts():
            self.page.locator(
                ".popover .applyBtn, .popover .btn-danger"
            ).click()
        self.picture("folder-contents-waits")
        self.says("Successfully delete items")
        expect(self.row("Full")).to_have_count(0)
        self.assertEqual(self.status("list-delete/full/s1"), 404)

    def test_move(self):
        self.open("list-move")
        self.press("cut")
        self.says("Successfully cut items")
        self.page.goto(f"{self.site}/list-move/other/folder_contents")
        with self.starts():
            self.press("paste")
        self.says("Successfully pasted items")
        expect(self.row("Full")).to_have_count(1)
        self.assertEqual(self.status("list-move/other/full/s1"), 200)

    def test_publish(self):
        self.open("list-publish")
        self.press("workflow")
        popover = self.page.locator(".popover:visible")
        popover.locator("select[name=transition]").select_option("publish")
        popover.locator("[name=recurse]").check()
        with self.starts():
            popover.locator(".applyBtn").click()
        self.says("Successfully modified items")
        self.assertEqual(self.state("list-publish/full/s1"), "published")


class MenuTests(ActionTestCase):
    """The forms and links of the menus."""

    def menu(self, folder, menu, entry):
        """Go where an entry of a menu of the full folder leads."""
        self.page.goto(f"{self.site}/{folder}/full")
        link = self.page.locator(f"#plone-contentmenu-{menu} #{entry}")
        self.page.goto(link.get_attribute("href"))

    def send(self, button):
        """Press a button, by its selector, that sends a form."""
        # What it leads to is waited for by what it says.
        self.page.locator(button).last.click(no_wait_after=True)

    def says(self, text):
        expect(self.page.locator("#global_statusmessage")).to_contain_text(
            text
        )

    def test_delete(self):
        self.page.goto(f"{self.site}/reports/full/delete_confirmation")
        self.send("[name='form.buttons.Delete']")
        self.picture("background-action")
        self.says("Full has been deleted.")
        self.assertEqual(self.page.url, f"{self.site}/reports")

    def test_delete_in_the_dialog(self):
        self.page.goto(f"{self.site}/modal-delete/full")
        self.page.locator("#plone-contentmenu-actions > a").click()
        self.page.locator("#plone-contentmenu-actions-delete").click()
        self.send(".modal [name='form.buttons.Delete']:visible")
        self.says("Full has been deleted.")
        self.assertEqual(self.status("modal-delete/full"), 404)

    def test_rename(self):
        self.page.goto(f"{self.site}/menu-rename/full/object_rename")
        self.page.locator("[name='form.widgets.new_id']").fill("fuller")
        self.send("[name='form.buttons.Rename']")
        self.says("Renamed 'full' to 'fuller'.")
        self.assertEqual(self.page.url, f"{self.site}/menu-rename/fuller")
        self.assertEqual(self.status("menu-rename/fuller/s1"), 200)

    def test_move(self):
        self.menu("menu-move", "actions", "plone-contentmenu-actions-cut")
        self.says("Full cut.")
        self.page.goto(f"{self.site}/menu-move/other")
        self.page.goto(
            self.page.locator(
                "#plone-contentmenu-actions-paste"
            ).get_attribute("href")
        )
        self.says("Item(s) pasted.")
        self.assertEqual(self.status("menu-move/other/full/s1"), 200)

    def test_publish(self):
        self.menu("menu-publish", "workflow", "workflow-transition-publish")
        self.says("Item state changed.")
        self.assertEqual(self.state("menu-publish/full"), "published")

    def test_share(self):
        self.page.goto(f"{self.site}/menu-share/full/@@sharing")
        self.page.locator("[name='entries.role_Reader:records']").first.check()
        self.send("[name='form.button.Save']")
        self.says("Changes saved.")
        self.assertIn("/menu-share/full/", self.page.url)
