"""The loops of the documentation, in Plone, while others delete and edit.

What is shown here of the loops of the pages is what they are for.
"""

import re
import unittest
from unittest import mock

import transaction
from OFS.Folder import Folder
from plone import api
from plone.locking.interfaces import ILockable
from ZODB.POSException import ConflictError
from zope.component.hooks import setSite
from zope.sendmail.delivery import MailDataManager

from netsight.async_ import BaseAsyncView
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import README
from netsight.async_.tests.documents import blocks
from netsight.async_.tests.documents import read
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.views import JobView


PAGE = "howto/do-long-work.rst"

ITEMS = 250
"""The loops of the pages have a checkpoint after each 100."""


def view_of(page, name):
    """Return the class of a name in the code of a page."""
    for _line, _language, code in blocks(page):
        if re.search(rf"^class {name}\(", code, re.MULTILINE):
            names = {"BaseAsyncView": BaseAsyncView, "__name__": "my.addon"}
            exec(code, names)
            return names[name]
    raise AssertionError(f"no class {name}")


class FolderTestCase(PloneTestCase):
    """A folder of Plone, of which others delete something."""

    base = "/plone/folder"

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        with api.env.adopt_roles(["Manager"]):
            self.fill()
        transaction.commit()
        self.attempts = 0

    def fill(self):
        """Make the folder and what is in it."""
        raise NotImplementedError

    def in_another_transaction(self, change):
        """Do ``change(folder)`` and commit, as another request."""
        manager = transaction.TransactionManager()
        connection = self.layer["zodbDB"].open(manager)
        change(connection.root()["Application"]["plone"]["folder"])
        manager.commit()
        connection.close()

    def at_first_checkpoint(self, function):
        """Have a function called before the first checkpoint of a job."""
        checkpoint = JobView.checkpoint
        called = []

        def after_function(view):
            if not called:
                called.append(function())
            checkpoint(view)

        patcher = mock.patch.object(JobView, "checkpoint", after_function)
        patcher.start()
        self.addCleanup(patcher.stop)

    def run_loop(self, loop, state="completed"):
        """Run ``loop(view)`` as a manager; return the process."""
        _client, process_id = self.run_job(
            lambda view, process_id: loop(view), MANAGER
        )
        process = self.process(process_id)
        self.assertEqual(process.state, state, process.error)
        return process

    @property
    def folder(self):
        transaction.begin()
        return self.portal["folder"]


class IdsTests(FolderTestCase):
    """Of a loop with checkpoints round what is in a folder."""

    gone = ("item-150", "item-249")

    def fill(self):
        folder = api.content.create(self.portal, "Folder", "folder")
        for number in range(ITEMS):
            name = f"item-{number:03}"
            folder._setOb(name, Folder(name))

    def setUp(self):
        super().setUp()
        self.at_first_checkpoint(
            lambda: self.in_another_transaction(self.delete)
        )

    def delete(self, folder):
        for name in self.gone:
            folder._delOb(name)

    def check_all_are_changed(self, title_of):
        names = list(self.folder.objectIds())
        self.assertEqual(len(names), ITEMS - len(self.gone))
        for name in names:
            self.assertEqual(self.folder[name].title, title_of(name))

    @unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
    def test_the_loop_of_the_recipe(self):
        self.run_loop(view_of(read(PAGE), "InParts").__run__)
        self.check_all_are_changed(str.upper)

    @unittest.skipUnless(IS_CHECKOUT, "README.rst is in a checkout only")
    def test_the_loop_of_the_readme(self):
        self.run_loop(view_of(README.read_text("utf-8"), "Rename").__run__)
        self.check_all_are_changed(str)

    def test_a_loop_round_the_objects_themselves(self):
        """Which is why the pages have none."""

        def loop(view):
            for number, item in enumerate(view.context.objectValues(), 1):
                item.title = "changed"
                if number == 100:
                    view.checkpoint()

        with self.assertLogs("netsight.async_", "ERROR"):
            process = self.run_loop(loop, "failed")
        self.assertIn("item-150", process.error.text)
        self.assertEqual(self.folder["item-099"].title, "changed")
        self.assertEqual(self.folder["item-149"].title, "")


class CatalogTests(FolderTestCase):
    """Of a loop with checkpoints round what the catalog has found."""

    def fill(self):
        folder = api.content.create(self.portal, "Folder", "folder")
        for name in ("first", "second", "third"):
            api.content.create(folder, "Document", name, name)
        # A path that is gone would lead to it, by acquisition.
        api.content.create(self.portal, "Folder", "second")

    def setUp(self):
        super().setUp()
        self.at_first_checkpoint(
            lambda: self.in_another_transaction(self.delete)
        )

    def delete(self, folder):
        catalog = folder.portal_catalog
        catalog.uncatalog_object("/plone/folder/second")
        folder._delOb("second")

    def found(self, view):
        return view.context.portal_catalog(
            portal_type="Document", sort_on="sortable_title"
        )

    @unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
    def test_the_loop_of_the_recipe(self):
        loop = view_of(read(PAGE), "Pages").__run__

        def run(view):
            with mock.patch.object(view, "track", self.tracked(view)):
                return loop(view)

        self.run_loop(run)
        titles = [page.title for page in self.folder.objectValues()]
        self.assertEqual(titles, ["First", "Third"])
        self.assertEqual(self.portal["second"].title, "")

    def tracked(self, view):
        """Return a `track` with a checkpoint before the second item."""

        def track(items):
            for number, item in enumerate(items):
                if number == 1:
                    view.checkpoint()
                yield item

        return track

    def test_a_loop_round_the_result_itself(self):
        def loop(view):
            for _brain in self.found(view):
                view.checkpoint()

        with self.assertLogs("netsight.async_", "ERROR"):
            process = self.run_loop(loop, "failed")
        self.assertEqual(process.error.kind, "KeyError")

    def test_a_loop_round_paths(self):
        """Another object is found in the place of the one that is gone."""
        objects = []

        def loop(view):
            paths = [brain.getPath() for brain in self.found(view)]
            for path in paths:
                found = view.context.unrestrictedTraverse(path, None)
                objects.append("/".join(found.getPhysicalPath()))
                view.checkpoint()

        self.run_loop(loop)
        self.assertEqual(
            objects,
            ["/plone/folder/first", "/plone/second", "/plone/folder/third"],
        )


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class GoingOnTests(FolderTestCase):
    """Of the loop that goes on when one item fails."""

    def fill(self):
        folder = api.content.create(self.portal, "Folder", "folder")
        for name in ("first", "locked", "third"):
            api.content.create(folder, "Document", name, name)

    def setUp(self):
        super().setUp()
        with api.env.adopt_user(EDITOR[0]):
            ILockable(self.portal.folder.locked).lock()
        transaction.commit()
        self.view = view_of(read(PAGE), "Emptying")

    def run_recipe(self, remove=None):
        """Run the loop of the page; return what it answers.

        ``remove(recipe, name)`` takes the place of its own method.
        """
        if remove is not None:
            self.view.remove = remove

        def work(view, process_id):
            self.attempts += 1
            return self.view(view.context, view.request).__run__(process_id)

        _client, process_id = self.run_job(work, MANAGER)
        process = self.process(process_id)
        self.assertEqual(process.state, "completed", process.error)
        return process.response.body.read().decode()

    def titles(self):
        """Return {id: title} of the pages, and of what the catalog has."""
        folder = self.folder
        found = folder.portal_catalog.unrestrictedSearchResults(
            portal_type="Document"
        )
        return (
            {page.getId(): page.title for page in folder.objectValues()},
            {brain.getId: brain.Title for brain in found},
        )

    def test_what_fails_is_left_as_it_is(self):
        with self.assertLogs("my.addon", "ERROR") as logs:
            text = self.run_recipe()
        self.assertEqual(text, "Left: locked.")
        left = {"locked": "locked"}
        self.assertEqual(self.titles(), (left, left))
        self.assertIn("ResourceLockedError", logs.output[0])

    def test_what_it_has_changed_before_it_fails_is_rolled_back(self):
        def remove(recipe, name):
            page = recipe.context[name]
            page.title = "changed"
            page.reindexObject(idxs=["Title"])
            if name == "third":
                raise ValueError("no")

        with self.assertLogs("my.addon", "ERROR"):
            self.run_recipe(remove)
        titles = {"first": "changed", "locked": "changed", "third": "third"}
        self.assertEqual(self.titles(), (titles, titles))

    def test_a_mail_of_what_fails_is_not_sent(self):
        sent = []

        def remove(recipe, name):
            mail = MailDataManager(sent.append, (name,))
            transaction.get().join(mail)
            if name == "third":
                raise ValueError("no")

        with self.assertLogs("my.addon", "ERROR"):
            self.run_recipe(remove)
        self.assertEqual(sorted(sent), ["first", "locked"])

    def test_a_conflict_begins_anew(self):
        def remove(recipe, name):
            if self.attempts == 1 and name == "third":
                raise ConflictError("conflict")

        retry_conflicts(self)
        self.assertEqual(self.run_recipe(remove), "Left: .")
        self.assertEqual(self.attempts, 2)
