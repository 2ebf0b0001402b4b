"""What the list of a folder does with many: at once, and by the profile."""

import json

from plone.app.testing import TEST_USER_NAME
from plone.app.testing import login
from plone.locking.interfaces import ILockable

from netsight.async_.background.tests.support import ActionTestCase
from netsight.async_.background.tests.support import install
from netsight.async_.tests.side_by_side import WORK
from netsight.async_.tests.side_by_side import clipboard
from netsight.async_.tests.support import EDITOR


class ListTests(ActionTestCase):
    """One test a button."""

    def selected(self, **form):
        """Return what the list sends: all in the first folder, in it."""
        selection = ("selection", json.dumps(self.uids()))
        return [selection, ("folder", "/work"), *form.items()]

    def title(self):
        (process,) = self.processes()
        return process.title

    def test_delete(self):
        done = self.compare_action(f"{WORK}/fc-delete", self.selected())
        self.assertNotIn(f"{WORK}/f0/p1", done.state)
        expected = {"count": "59", "path": "/work"}
        self.assertEqual(self.title().mapping, expected)

    def test_rename(self):
        form = []
        for number, uid in enumerate(self.uids()):
            form += [
                (f"UID_{number}", uid),
                (f"newid_{number}", f"new-{number}"),
                (f"newtitle_{number}", f"New {number}"),
            ]
        done = self.compare_action(f"{WORK}/fc-rename", form)
        self.assertIn(f"{WORK}/f0/new-1", done.state)
        self.assertEqual(self.title().mapping["count"], "59")

    def test_tags(self):
        form = self.selected(toadd="red,green")
        done = self.compare_action(f"{WORK}/fc-tags", form)
        page = done.state[f"{WORK}/f0/p1"]["catalog"]
        self.assertEqual(sorted(page["Subject"]), ["green", "red"])

    def test_properties_with_all_that_is_in_it(self):
        uid = self.app.unrestrictedTraverse(f"{WORK}/f0").UID()
        form = [
            ("selection", json.dumps([uid])),
            ("folder", "/work"),
            ("recurse", "yes"),
            ("effectiveDate", "2026-01-02 03:04"),
            ("creators", "somebody,else"),
        ]
        done = self.compare_action(f"{WORK}/fc-properties", form)
        page = done.state[f"{WORK}/f0/p1"]["object"]
        self.assertEqual(page["creators"], ("somebody", "else"))
        self.assertEqual(self.title().mapping["count"], "60")

    def test_workflow(self):
        form = self.selected(transition="publish", comments="at last")
        done = self.compare_action(f"{WORK}/fc-workflow", form)
        page = done.state[f"{WORK}/f0/p1"]["catalog"]
        self.assertEqual(page["review_state"], "published")

    def test_paste_what_was_copied(self):
        pages = self.app.unrestrictedTraverse(f"{WORK}/f0")
        cookies = clipboard(pages.manage_copyObjects(["p0", "p1"]))
        form = [("folder", "/work/f1")]
        done = self.compare_action(f"{WORK}/fc-paste", form, cookies)
        self.assertIn(f"{WORK}/f1/copy_of_p1", done.state)
        expected = {"count": "2", "path": "/work/f1"}
        self.assertEqual(self.title().mapping, expected)

    def test_paste_what_was_cut(self):
        pages = self.app.unrestrictedTraverse(WORK)
        cookies = clipboard(pages.manage_cutObjects(["f1"]))
        form = [("folder", "/work/f0")]
        done = self.compare_action(f"{WORK}/fc-paste", form, cookies)
        self.assertIn(f"{WORK}/f0/f1/p1", done.state)
        self.assertEqual(self.title().mapping["count"], "60")

    def test_the_question_before_is_asked_at_once(self):
        uid = self.app.unrestrictedTraverse(f"{WORK}/f0/p0").UID()
        form = [
            ("selection", json.dumps([uid])),
            ("folder", "/work"),
            ("render", "yes"),
        ]
        visit = f"{WORK}/fc-delete", form, {}
        at_once = self.outcome(self.at_once, *visit)
        self.begin_anew()
        install(self.portal, threshold=0)
        again = self.outcome(self.at_once, *visit)
        self.assert_same_outcome(at_once, again)
        self.assertEqual(self.processes(), [])
        # Pages that link to the one that would be deleted.
        self.assertIn("/work/f0/p1", "".join(again.body))


class LockedTests(ActionTestCase):
    """One of the pages is being edited by somebody else."""

    def prepare(self):
        login(self.portal, EDITOR[0])
        ILockable(self.portal.work.f0.p3).lock()
        login(self.portal, TEST_USER_NAME)

    def test_it_stays_and_all_others_are_deleted(self):
        form = [("selection", json.dumps(self.uids())), ("folder", "/work")]
        done = self.compare_action(f"{WORK}/fc-delete", form)
        self.assertIn(f"{WORK}/f0/p3", done.state)
        self.assertNotIn(f"{WORK}/f0/p4", done.state)
        self.assertIn("locked", "".join(done.body))


class ForbiddenTests(ActionTestCase):
    """One of the pages must not be touched by who asks for it."""

    login = EDITOR

    def prepare(self):
        for name in (
            "Delete objects",
            "Copy or Move",
            "Modify portal content",
        ):
            page = self.portal.work.f0.p3
            page.manage_permission(name, ["Manager"], acquire=0)
        page = self.portal.work.f0
        page.manage_permission("Delete objects", ["Editor"], acquire=1)
        self.portal.work.f0.reindexObjectSecurity()

    def form(self, **form):
        selection = ("selection", json.dumps(self.uids()))
        return [selection, ("folder", "/work"), *form.items()]

    def test_it_stays_and_all_others_are_deleted(self):
        done = self.compare_action(f"{WORK}/fc-delete", self.form())
        self.assertIn(f"{WORK}/f0/p3", done.state)
        self.assertNotIn(f"{WORK}/f0/p4", done.state)

    def test_it_keeps_its_tags(self):
        form = self.form(toadd="red")
        done = self.compare_action(f"{WORK}/fc-tags", form)
        page = done.state[f"{WORK}/f0/p3"]["catalog"]
        self.assertFalse(page["Subject"])
        self.assertIn("Permission denied", "".join(done.body))

    def test_nothing_is_pasted_of_what_they_may_not(self):
        pages = self.app.unrestrictedTraverse(f"{WORK}/f0")
        cookies = clipboard(pages.manage_copyObjects(["p0", "p3"]))
        install(self.portal, threshold=0)
        client = self.client(self.login)
        client.set_cookie("__cp", cookies["__cp"])
        form = {"folder": "/work/f2", "_authenticator": client.token()}
        # No process is named by how much there is of it.
        client.post(f"{WORK}/fc-paste", form, status=500)
        self.assertEqual(self.processes(), [])
        self.assertNotIn("copy_of_p0", self.portal.work.f2)
