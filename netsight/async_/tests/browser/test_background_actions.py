"""300 objects, by folder contents and by the menus, in Chromium."""

import subprocess
from contextlib import contextmanager

from playwright.sync_api import expect

from netsight.async_.tests.browser.holding import HELD
from netsight.async_.tests.browser.plone_server import FILL_SITE
from netsight.async_.tests.browser.plone_server import PloneServer
from netsight.async_.tests.browser.support import BASIC_AUTH
from netsight.async_.tests.browser.support import BrowserLayer
from netsight.async_.tests.browser.support import BrowserTestCase
from netsight.async_.tests.instance import include
from netsight.async_.tests.instance import plone_site
from netsight.async_.tests.instance import zconsole


OBJECTS = 300

FEW = 20
"""As many are deleted at once."""

SOME = 60
"""As many are not."""

FOLDERS = (
    *("list-delete", "list-move", "list-publish"),
    *("reports", "menu-rename", "menu-move", "menu-publish"),
    *("menu-share", "modal-delete"),
)
"""One for each test."""

CASES = {
    "few": FEW,
    **dict.fromkeys(("locked", "linked", "denied", "stopped", "twice"), SOME),
    "minutes": SOME,
    **dict.fromkeys(("few-locked", "few-linked", "few-denied"), FEW),
    **dict.fromkeys(("many-locked", "many-linked", "many-denied"), SOME),
    "menu-twice": SOME,
}
"""The same for what is not as usual."""

ANN = ("ann", "a-long-password")
"""A user, and how they log in."""


class FullServer(PloneServer):
    """A site with the profile, and a full folder for each test."""

    site_zcml = plone_site(
        include("netsight.async_.tests.browser", "holding.zcml")
    )

    def create_site(self):
        super().create_site()
        command = zconsole(self.conf_path, FILL_SITE)
        folders = dict.fromkeys(FOLDERS, OBJECTS) | CASES
        subprocess.run(
            [*command, *(f"{name}={each}" for name, each in folders.items())],
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

    def rest(self, path, data):
        """Have plone.restapi do something; return its answer."""
        answer = self.page.request.post(
            f"{self.site}/{path}",
            headers={**BASIC_AUTH, "Accept": "application/json"},
            data=data,
        )
        self.assertTrue(answer.ok, answer.text())
        return answer

    def add(self, folder, kind, name, **fields):
        data = {"@type": kind, "id": name, "title": name.title(), **fields}
        self.rest(folder, data)

    def ann(self):
        """Return a page of another user, who may log in."""
        name, password = ANN
        if self.status(f"@users/{name}") == 404:
            email = f"{name}@example.org"
            data = {"username": name, "password": password, "email": email}
            self.rest("@users", data)
        page = self.new_page()
        self.log_in(page, *ANN)
        return page

    def share(self, path, *roles, inherit):
        """Give Ann roles at an object."""
        granted = dict.fromkeys(roles, True)
        entry = {"id": ANN[0], "type": "user", "roles": granted}
        data = {"entries": [entry], "inherit": inherit}
        self.rest(f"{path}/@sharing", data)

    def stop_elsewhere(self):
        """Stop what runs, on the page with one's own processes."""
        page = self.page.context.new_page()
        page.goto(f"{self.site}/@@my-processes")
        button = page.locator("button[name=cancel]")
        self.stop(button.click, page)
        expect(button).to_have_count(0)

    def link(self, folder):
        """Add a page to a folder that links to what is in the full one."""
        answer = self.page.request.get(
            f"{self.site}/{folder}/full/s1",
            headers={**BASIC_AUTH, "Accept": "application/json"},
        )
        link = f'<a href="resolveuid/{answer.json()["UID"]}">there</a>'
        self.add(folder, "Document", "linking", text={"data": link})


class ListTestCase(ActionTestCase):
    """Folder contents."""

    def open(self, folder, *titles, page=None):
        """Select objects in the list of a folder."""
        page = page or self.page
        page.goto(f"{self.site}/{folder}/folder_contents")
        for title in titles or ("Full",):
            self.row(title, page).locator("input").check()

    def row(self, title, page=None):
        rows = (page or self.page).locator(".pat-structure tbody tr")
        return rows.filter(has_text=title)

    def press(self, button, page=None):
        (page or self.page).locator(f"#btn-{button}").click()

    def starts(self, page=None):
        page = page or self.page
        return page.expect_response(lambda each: each.status == 202)

    def says(self, text, page=None):
        contents = (page or self.page).locator(".pat-structure")
        expect(contents).to_contain_text(text)

    def delete(self, page=None):
        """Delete what is selected."""
        self.press("delete", page)
        (page or self.page).locator(
            ".popover .applyBtn, .popover .btn-danger"
        ).click()


class ListTests(ListTestCase):
    """Each button of folder contents."""

    def test_delete(self):
        self.open("list-delete")
        with self.starts():
            self.delete()
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


class CaseTests(ListTestCase):
    """What people meet who delete many, in folder contents."""

    def test_few_are_deleted_at_once(self):
        self.open("few")
        with self.page.expect_response("**/@@fc-delete") as answers:
            self.delete()
        self.assertEqual(answers.value.status, 200)
        self.says("Successfully delete items")

    def test_a_page_that_somebody_edits_stays(self):
        ann = self.ann()
        self.add("locked", "Document", "edited")
        self.share("locked/edited", "Editor", inherit=True)
        ann.goto(f"{self.site}/locked/edited/edit")
        expect(ann.get_by_label("Title")).to_have_value("Edited")
        self.open("locked", "Full", "Edited")
        with self.starts():
            self.delete()
        self.says("Edited is locked and cannot be deleted.")
        self.assertEqual(self.status("locked/full"), 404)
        self.assertEqual(self.status("locked/edited"), 200)

    def test_what_others_lead_to_is_asked_for_first(self):
        self.link("linked")
        self.open("linked")
        self.press("delete")
        popover = self.page.locator(".popover:visible")
        expect(popover).to_contain_text("Linking")
        with self.starts():
            popover.locator(".applyBtn, .btn-danger").last.click()
        self.says("Successfully delete items")
        self.assertEqual(self.status("linked/full"), 404)

    def test_what_may_not_be_deleted_stays(self):
        ann = self.ann()
        self.add("denied", "Folder", "kept")
        self.share("denied", "Editor", inherit=True)
        self.share("denied/kept", "Reader", inherit=False)
        self.open("denied", "Full", "Kept", page=ann)
        with self.starts(ann):
            self.delete(ann)
        self.says('Permission denied for "Kept"', ann)
        self.assertEqual(self.status("denied/full"), 404)
        self.assertEqual(self.status("denied/kept"), 200)

    def test_one_that_is_stopped_half_way_changes_nothing(self):
        self.add("stopped/full", "Folder", HELD)
        self.open("stopped")
        with self.starts():
            self.delete()
        self.picture("folder-contents-waits")
        self.stop_elsewhere()
        self.says("cancelled")
        self.assertEqual(self.status("stopped/full/s1"), 200)

    def test_nor_does_one_of_the_menu(self):
        self.add("minutes/full", "Folder", HELD)
        self.page.goto(f"{self.site}/minutes/full/delete_confirmation")
        self.page.locator("[name='form.buttons.Delete']").click()
        expect(self.part("activity")).to_contain_text("61 items")
        # By then the bar has grown.
        expect(self.part("elapsed")).to_contain_text("2 sec")
        self.picture("background-action")
        self.stop()
        self.ended("Cancelled")
        self.assertEqual(self.status("minutes/full/s1"), 200)

    def test_a_second_person_is_told_that_it_is_being_done(self):
        ann = self.ann()
        self.add("twice/full", "Folder", HELD)
        self.share("twice", "Editor", inherit=True)
        self.open("twice")
        with self.starts():
            self.delete()
        self.open("twice", page=ann)
        self.delete(ann)
        self.says("This is running already", ann)
        self.picture("folder-contents-already", ann)
        self.stop_elsewhere()
        self.says("cancelled")


class MenuTestCase(ActionTestCase):
    """The forms and links of the menus."""

    def menu(self, folder, menu, entry):
        """Go where an entry of a menu of the full folder leads."""
        self.page.goto(f"{self.site}/{folder}/full")
        link = self.page.locator(f"#plone-contentmenu-{menu} #{entry}")
        self.page.goto(link.get_attribute("href"))

    def send(self, button, page=None):
        """Press a button, by its selector, that sends a form."""
        # What it leads to is waited for by what it says.
        (page or self.page).locator(button).last.click(no_wait_after=True)

    def delete(self, page=None):
        self.send("[name='form.buttons.Delete']", page)

    def says(self, text, page=None):
        message = (page or self.page).locator("#global_statusmessage")
        expect(message).to_contain_text(text)


class MenuTests(MenuTestCase):
    """One test an entry."""

    def test_delete(self):
        self.page.goto(f"{self.site}/reports/full/delete_confirmation")
        self.delete()
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


class MenuCaseTests(MenuTestCase):
    """What is not as usual ends as it does when it is done at once."""

    def compare(self, case, act, page=None):
        """Have something done to few objects, and to many.

        `act` is called with the name of a folder, and returns what came of
        it, which has to be the same.  `page` is where it does so.  Returns
        what came of it.
        """
        context = (page or self.page).context
        with self.processes_seen(context) as seen:
            at_once = act(f"few-{case}")
        self.assertEqual(seen, [])
        with self.processes_seen(context) as seen:
            later = act(f"many-{case}")
        self.assertNotEqual(seen, [])
        self.assertEqual(at_once, later)
        return later

    @contextmanager
    def processes_seen(self, context):
        """Have the addresses of waiting pages that a block leads to."""
        seen = []

        def note(request):
            if "/processing?" in request.url:
                seen.append(request.url)

        context.on("request", note)
        try:
            yield seen
        finally:
            context.remove_listener("request", note)

    def delete_full(self, folder, page=None):
        """Delete the full folder; return whether it and a page are gone."""
        page = page or self.page
        page.goto(f"{self.site}/{folder}/full/delete_confirmation")
        self.delete(page)
        self.says("Full has been deleted.", page)
        paths = (f"{folder}/full", f"{folder}/full/s1")
        return [self.status(path) for path in paths]

    def test_a_page_that_somebody_edits(self):
        ann = self.ann()

        def act(folder):
            self.share(f"{folder}/full", "Editor", inherit=True)
            ann.goto(f"{self.site}/{folder}/full/s1/edit")
            expect(ann.get_by_label("Title")).to_be_visible()
            return self.delete_full(folder)

        # In the menu, Plone asks for the lock of the folder only.
        self.assertEqual(self.compare("locked", act), [404, 404])

    def test_what_others_lead_to_is_asked_for_first(self):
        def act(folder):
            self.link(folder)
            form = f"{self.site}/{folder}/full/delete_confirmation"
            self.page.goto(form)
            expect(self.page.locator("#content")).to_contain_text("Linking")
            return self.delete_full(folder)

        self.assertEqual(self.compare("linked", act), [404, 404])

    def test_what_may_not_be_published_stays(self):
        ann = self.ann()

        def act(folder):
            full = f"{folder}/full"
            self.add(full, "Folder", "kept")
            self.share(folder, "Editor", "Reviewer", inherit=True)
            self.share(f"{full}/kept", "Reader", inherit=False)
            ann.goto(f"{self.site}/{full}/content_status_history")
            ann.get_by_label("Include contained items").check()
            ann.get_by_label("Publish", exact=True).check()
            self.send("[name='form.button.FolderPublish']", ann)
            self.says("Item state changed.", ann)
            return [
                self.state(f"{full}{each}") for each in ("", "/s1", "/kept")
            ]

        states = self.compare("denied", act, ann)
        self.assertEqual(states, ["published", "published", "private"])

    def test_a_second_person_is_told_that_it_is_being_done(self):
        ann = self.ann()
        self.add("menu-twice/full", "Folder", HELD)
        self.share("menu-twice", "Editor", inherit=True)
        form = f"{self.site}/menu-twice/full/delete_confirmation"
        self.page.goto(form)
        self.delete()
        expect(self.part("activity")).to_contain_text("61 items")
        ann.goto(form)
        self.delete(ann)
        expect(ann.locator("#content")).to_contain_text("running already")
        self.picture("menu-already", ann)
        self.stop_elsewhere()
        self.ended("Cancelled")
        self.assertEqual(self.status("menu-twice/full/s1"), 200)
