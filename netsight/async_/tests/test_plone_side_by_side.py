"""Views of Plone do in the background what they do at once."""

import json
import os
import re
import unittest
from contextlib import contextmanager
from unittest import mock

from plone.app.content.browser.actions import DeleteConfirmationForm
from plone.app.content.browser.actions import RenameForm
from plone.app.content.browser.contents.delete import DeleteActionView
from plone.app.content.browser.contents.paste import PasteActionView
from plone.app.content.browser.contents.properties import PropertiesActionView
from plone.app.content.browser.contents.rename import RenameActionView
from plone.app.content.browser.contents.tags import TagsActionView
from plone.app.content.browser.contents.workflow import WorkflowActionView
from plone.app.content.browser.folder_publish import FolderPublishView
from plone.app.linkintegrity.browser.update import UpdateView
from plone.app.workflow.browser.sharing import SharingView
from plone.dexterity.browser.add import DefaultAddView
from plone.dexterity.browser.edit import DefaultEditView
from plone.dexterity.interfaces import IDexterityFTI
from Products.CMFCore.interfaces import IFolderish
from Products.CMFPlone.controlpanel.browser.types import TypesControlPanel
from webtest import Upload
from zope.component import getGlobalSiteManager
from zope.interface import Interface
from zope.publisher.interfaces.browser import IBrowserPage
from zope.publisher.interfaces.browser import IDefaultBrowserLayer

from netsight.async_ import BaseAsyncView
from netsight.async_ import in_background
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import read
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.plone_support import published
from netsight.async_.tests.side_by_side import PAGES
from netsight.async_.tests.side_by_side import WORK
from netsight.async_.tests.side_by_side import SideBySideTestCase
from netsight.async_.tests.side_by_side import all_registered
from netsight.async_.tests.side_by_side import clipboard
from netsight.async_.tests.support import EDITOR


COOKIES = {"NETSIGHT_ASYNC_COOKIES": "I18N_LANGUAGE __cp"}
"""The clipboard of Plone is a cookie."""


class Rebuild(BaseAsyncView):
    """Calls what is published on a tool, and is no view."""

    def __run__(self):
        self.context.manage_catalogRebuild(self.request.response, "")


@contextmanager
def added_by(view_class, kind):
    """Have a class as the add form of a type of content, in a block."""
    manager = getGlobalSiteManager()
    required = IFolderish, IDefaultBrowserLayer, IDexterityFTI
    registration = view_class, required, IBrowserPage, kind
    manager.registerAdapter(*registration)
    try:
        yield
    finally:
        manager.unregisterAdapter(*registration)


class SideBySideTests(SideBySideTestCase):
    """One test a view."""

    def selected(self, **form):
        """Return the form that the list of a folder sends."""
        selection = ("selection", json.dumps(self.uids()))
        return [selection, ("folder", "/work"), *form.items()]

    def test_sharing(self):
        form = [
            ("form.submitted", "1"),
            ("form.button.Save", "Save"),
            ("entries.id:records", EDITOR[0]),
            ("entries.type:records", "user"),
            ("entries.role_Reader:records", "True"),
        ]
        view = in_background(SharingView, button="form.button.Save")
        done = self.compare(view, "sharing", WORK, form)
        page = done.state[f"{WORK}/f0/p1"]["catalog"]
        self.assertIn("user:editor", page["allowedRolesAndUsers"])

    def test_links_found_anew(self):
        view = in_background(UpdateView, button=("update", "delete_all"))
        name = "updateLinkIntegrityInformation"
        done = self.compare(view, name, "/plone", [("update", "1")])
        self.assertEqual(done.status, 302)
        self.assertIn("updated", done.messages[0])

    def test_many_renamed(self):
        form = []
        for number, uid in enumerate(self.uids()):
            form += [
                (f"UID_{number}", uid),
                (f"newid_{number}", f"new-{number}"),
                (f"newtitle_{number}", f"New {number}"),
            ]
        view = in_background(RenameActionView)
        done = self.compare(view, "fc-rename", WORK, form)
        self.assertIn(f"{WORK}/f0/new-1", done.state)
        self.assertIn(f"{WORK}/f0/p1", done.state["site"]["redirects"])

    def test_many_tagged(self):
        view = in_background(TagsActionView, button="folder")
        form = self.selected(toadd="red,green")
        done = self.compare(view, "fc-tags", WORK, form)
        page = done.state[f"{WORK}/f0/p1"]["catalog"]
        self.assertEqual(sorted(page["Subject"]), ["green", "red"])

    def test_many_published(self):
        view = in_background(WorkflowActionView, button="transition")
        form = self.selected(transition="publish", comments="at last")
        done = self.compare(view, "fc-workflow", WORK, form)
        page = done.state[f"{WORK}/f0/p1"]["catalog"]
        self.assertEqual(page["review_state"], "published")

    def test_properties_of_many(self):
        view = in_background(PropertiesActionView, button="folder")
        form = self.selected(recurse="yes", creators="somebody,else")
        done = self.compare(view, "fc-properties", WORK, form)
        page = done.state[f"{WORK}/f0/p1"]["object"]
        self.assertEqual(page["creators"], ("somebody", "else"))

    def test_many_deleted(self):
        view = in_background(DeleteActionView, button="folder")
        done = self.compare(view, "fc-delete", WORK, self.selected())
        self.assertNotIn(f"{WORK}/f0/p1", done.state)

    def test_many_pasted(self):
        pages = self.app.unrestrictedTraverse(f"{WORK}/f0")
        cookies = clipboard(pages.manage_copyObjects(["p0", "p1"]))
        view = in_background(PasteActionView)
        form = [("folder", "/work/f1")]
        with mock.patch.dict(os.environ, COOKIES):
            done = self.compare(view, "fc-paste", WORK, form, cookies)
        self.assertIn(f"{WORK}/f1/copy_of_p1", done.state)

    def test_many_moved(self):
        pages = self.app.unrestrictedTraverse(f"{WORK}/f0")
        cookies = clipboard(pages.manage_cutObjects(["s0", "s1"]))
        view = in_background(PasteActionView)
        form = [("folder", "/work")]
        with mock.patch.dict(os.environ, COOKIES):
            done = self.compare(view, "fc-paste", WORK, form, cookies)
        self.assertIn(f"{WORK}/s1", done.state)

    def test_published_by_path(self):
        form = [
            ("workflow_action", "publish"),
            ("paths:list", f"{WORK}/f0"),
            ("include_children:boolean", "1"),
            ("comment", "all of it"),
        ]
        view = in_background(FolderPublishView)
        done = self.compare(view, "folder_publish", WORK, form)
        page = done.state[f"{WORK}/f0/p1"]["catalog"]
        self.assertEqual(page["review_state"], "published")

    def test_another_workflow(self):
        form = [
            ("form.submitted", "1"),
            ("form.workflow.submitted", "1"),
            ("form.button.Save", "Save"),
            ("old_type_id", "Document"),
            ("type_id", "Document"),
            ("new_workflow", "one_state_workflow"),
            ("new_wfstates.old_state:records", "private"),
            ("new_wfstates.new_state:records", "published"),
        ]
        view = in_background(TypesControlPanel, button="form.button.Save")
        done = self.compare(view, "content-controlpanel", "/plone", form)
        chain = done.state["site"]["workflows"]["Document"]
        self.assertEqual(chain, ("one_state_workflow",))

    def test_relations_found_anew(self):
        view = {"button": "rebuild"}
        form = [("rebuild:boolean", "1")]
        done = self.compare(view, "rebuild-relations", "/plone", form)
        self.assertGreater(len(done.state["site"]["relations"]), 1)

    def test_many_redirects(self):
        lines = "".join(f"/old/p{n},/work/f0/p{n}\n" for n in range(PAGES))
        upload = Upload("redirects.csv", lines.encode(), "text/csv")
        form = [("form.button.Upload", "Upload"), ("file", upload)]
        view = {"button": "form.button.Upload"}
        done = self.compare(view, "redirection-controlpanel", "/plone", form)
        redirects = done.state["site"]["redirects"]
        self.assertEqual(redirects["/plone/old/p1"], f"{WORK}/f0/p1")

    def test_the_catalog_rebuilt(self):
        name, tool = "manage_catalogRebuild", "/plone/portal_catalog"
        at_once = self.outcome(self.at_once, f"{tool}/{name}", [], {})
        self.begin_anew()
        with published(Rebuild, name):
            later = self.outcome(
                self.in_background, f"{tool}/@@{name}", [], {}
            )
        self.assert_same_state(at_once.state, later.state)
        self.assertEqual(at_once.status, later.status)

    def test_a_mail_to_the_site(self):
        form = [
            ("form.widgets.sender_fullname", "Ann"),
            ("form.widgets.sender_from_address", "ann@example.org"),
            ("form.widgets.subject", "A question"),
            ("form.widgets.message", "What is it?"),
            ("form.buttons.send", "Send"),
        ]
        done = self.compare({}, "contact-info", "/plone", form)
        self.assertEqual(len(done.state["site"]["mails"]), 1)

    def test_a_page_edited(self):
        form = [
            ("form.widgets.IDublinCore.title", "Another title"),
            ("form.widgets.IVersionable.changeNote", "said why"),
            ("form.buttons.save", "Save"),
        ]
        view = in_background(DefaultEditView, button="form.buttons.save")
        done = self.compare(view, "edit", f"{WORK}/f0/p1", form)
        page = done.state[f"{WORK}/f0/p1"]["catalog"]
        self.assertEqual(page["Title"], "Another title")

    def test_a_folder_deleted(self):
        view = in_background(DeleteConfirmationForm)
        form = [("form.buttons.Delete", "Delete")]
        done = self.compare(view, "delete_confirmation", f"{WORK}/f0", form)
        self.assertNotIn(f"{WORK}/f0/p1", done.state)

    def test_a_folder_renamed(self):
        view = in_background(RenameForm)
        form = [
            ("form.widgets.new_id", "new"),
            ("form.widgets.new_title", "New"),
            ("form.buttons.Rename", "Rename"),
        ]
        done = self.compare(view, "object_rename", f"{WORK}/f0", form)
        self.assertIn(f"{WORK}/new/p1", done.state)

    def test_a_page_added(self):
        form = [
            ("form.widgets.IDublinCore.title", "A new page"),
            ("form.buttons.save", "Save"),
        ]
        path = f"{WORK}/f0/++add++Document"
        at_once = self.outcome(self.at_once, path, form, {})
        self.begin_anew()
        with added_by(in_background(DefaultAddView), "Document"):
            later = self.outcome(self.in_background, path, form, {})
        self.assert_same_outcome(at_once, later)
        self.assertIn(f"{WORK}/f0/a-new-page", later.state)


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class RecipeTests(PloneTestCase):
    """The table in docs/howto/take-an-existing-view.rst."""

    def test_its_views_exist(self):
        text = read("howto/take-an-existing-view.rst")
        table = text.partition("Views of Plone\n")[2]
        names = re.findall(r"^``([\w-]+)``(?: {2}|$)", table, re.M)
        self.assertGreater(len(names), 10)
        views = {each.name for each in all_registered()}
        self.assertEqual(set(names) - views, set())


class AllViewsTests(PloneTestCase):
    def test_each_view_of_plone_can_be_taken(self):
        count = 0
        for each in all_registered():
            if is_view(each) and not is_of_ours(each.factory):
                with self.subTest(each.name):
                    in_background(each.factory)
                    count += 1
        self.assertGreater(count, 300)


def is_view(registration):
    """Tell whether a registration is that of a named view, and no service."""
    factory = registration.factory
    return (
        registration.provided is Interface
        and len(registration.required) == 2
        and isinstance(factory, type)
        and not hasattr(factory, "check_permission")
        and bool(registration.name)
    )


def is_of_ours(view_class):
    return any(
        base.__module__.startswith("netsight.") for base in view_class.__mro__
    )
