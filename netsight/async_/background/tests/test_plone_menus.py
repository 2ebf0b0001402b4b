"""What the menus of an object do with much: at once, and by the profile."""

import transaction

from netsight.async_.background.tests.support import ActionTestCase
from netsight.async_.background.tests.support import install
from netsight.async_.tests.side_by_side import OBJECTS
from netsight.async_.tests.side_by_side import WORK
from netsight.async_.tests.side_by_side import clipboard
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER


FOLDER = f"{WORK}/f0"

SHARED = [
    ("form.submitted", "1"),
    ("form.button.Save", "Save"),
    ("entries.id:records", EDITOR[0]),
    ("entries.type:records", "user"),
    ("entries.role_Reader:records", "True"),
]


class MenuTests(ActionTestCase):
    """One test a form."""

    def titled(self):
        (process,) = self.processes()
        return process.title.mapping

    def test_delete(self):
        form = [("form.buttons.Delete", "Delete")]
        done = self.compare_action(f"{FOLDER}/delete_confirmation", form)
        self.assertNotIn(f"{FOLDER}/p1", done.state)
        expected = {"count": "60", "path": "/work/f0"}
        self.assertEqual(self.titled(), expected)

    def test_rename(self):
        form = [
            ("form.widgets.new_id", "new"),
            ("form.widgets.new_title", "New"),
            ("form.buttons.Rename", "Rename"),
        ]
        done = self.compare_action(f"{FOLDER}/object_rename", form)
        self.assertIn(f"{WORK}/new/p1", done.state)

    def test_share(self):
        done = self.compare_action(f"{WORK}/sharing", SHARED)
        page = done.state[f"{FOLDER}/p1"]["catalog"]
        self.assertIn("user:editor", page["allowedRolesAndUsers"])
        self.assertEqual(
            self.titled(), {"count": str(OBJECTS), "path": "/work"}
        )

    def test_publish_many_with_all_that_is_in_them(self):
        form = [
            ("workflow_action", "publish"),
            ("paths:list", FOLDER),
            ("include_children:boolean", "1"),
            ("comment", "all of it"),
        ]
        done = self.compare_action(f"{WORK}/folder_publish", form)
        page = done.state[f"{FOLDER}/p1"]["catalog"]
        self.assertEqual(page["review_state"], "published")

    def test_publish_by_the_advanced_form(self):
        form = [
            ("form.submitted", "1"),
            ("form.button.FolderPublish", "Save"),
            ("orig_paths:list", FOLDER),
            ("workflow_action", "publish"),
            ("paths:list", FOLDER),
            ("include_children", "on"),
        ]
        done = self.compare_action(f"{FOLDER}/content_status_history", form)
        page = done.state[f"{FOLDER}/p1"]["catalog"]
        self.assertEqual(page["review_state"], "published")


class LinkTests(ActionTestCase):
    """What the menus have as links, with a token."""

    method = "get"

    def test_publish(self):
        form = [("workflow_action", "publish")]
        done = self.compare_action(f"{FOLDER}/content_status_modify", form)
        folder = done.state[FOLDER]["catalog"]
        self.assertEqual(folder["review_state"], "published")

    def test_paste_what_was_copied(self):
        work = self.app.unrestrictedTraverse(WORK)
        cookies = clipboard(work.manage_copyObjects(["f0"]))
        done = self.compare_action(f"{WORK}/f1/object_paste", [], cookies)
        self.assertIn(f"{WORK}/f1/f0/p1", done.state)

    def test_paste_what_was_cut(self):
        work = self.app.unrestrictedTraverse(WORK)
        cookies = clipboard(work.manage_cutObjects(["f0"]))
        done = self.compare_action(f"{WORK}/f1/object_paste", [], cookies)
        self.assertIn(f"{WORK}/f1/f0/p1", done.state)


class AtOnceTests(ActionTestCase):
    """What is answered at once, however much it would be."""

    def setUp(self):
        super().setUp()
        install(self.portal, threshold=0)
        self.visitor = self.client(MANAGER)

    def tearDown(self):
        self.assertEqual(self.processes(), [])
        super().tearDown()

    def test_a_link_without_a_token(self):
        work = self.app.unrestrictedTraverse(WORK)
        self.visitor.set_cookie(
            "__cp", clipboard(work.manage_copyObjects(["f0"]))["__cp"]
        )
        self.visitor.get(f"{WORK}/f1/object_paste", status="*")
        transaction.begin()
        self.assertNotIn("f0", self.portal.work.f1)

    def test_a_form_with_errors(self):
        form = [
            ("form.widgets.new_id", "new"),
            ("form.widgets.new_title", ""),
            ("form.buttons.Rename", "Rename"),
            ("_authenticator", self.visitor.token()),
        ]
        page = self.visitor.post(f"{FOLDER}/object_rename", form)
        self.assertIn("Required input is missing", page.text)

    def test_a_form_without_a_choice(self):
        form = [
            ("form.submitted", "1"),
            ("form.button.FolderPublish", "Save"),
            ("orig_paths:list", FOLDER),
            ("_authenticator", self.visitor.token()),
        ]
        page = self.visitor.post(f"{FOLDER}/content_status_history", form)
        self.assertIn("Please correct the indicated errors", page.text)

    def test_an_empty_clipboard(self):
        token = self.visitor.token()
        url = f"{FOLDER}/object_paste?_authenticator={token}"
        page = self.visitor.get(url).follow()
        self.assertIn("Copy or cut one or more items to paste", page.text)

    def test_a_new_title_alone(self):
        form = [
            ("form.widgets.new_id", "f0"),
            ("form.widgets.new_title", "New"),
            ("form.buttons.Rename", "Rename"),
            ("_authenticator", self.visitor.token()),
        ]
        self.visitor.post(f"{FOLDER}/object_rename", form, status=302)
        transaction.begin()
        self.assertEqual(self.portal.work.f0.title, "New")


class DefaultPageTests(ActionTestCase):
    """A page whose folder changes its state with it."""

    method = "get"

    def prepare(self):
        self.portal.work.f0.setDefaultPage("p0")

    def test_the_whole_folder_counts(self):
        form = [("workflow_action", "publish")]
        path = f"{FOLDER}/p0/content_status_modify"
        done = self.compare_action(path, form)
        folder = done.state[FOLDER]["catalog"]
        self.assertEqual(folder["review_state"], "published")
        (process,) = self.processes()
        self.assertEqual(process.title.mapping["count"], "60")
