"""Imports into one folder at the same time, which conflict all the time."""

import transaction
from plone import api
from zope.component.hooks import setSite

from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import MANAGER


TAGS = "abcd"

IMPORT_SECONDS = 300


class ImportTests(PloneTestCase):
    """Four of them on four threads, with the pauses of real life."""

    level = 2
    base = "/plone/folder"

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        with api.env.adopt_roles(["Manager"]):
            api.content.create(self.portal, "Folder", id="folder")
        transaction.commit()

    def check_imports(self, count, part):
        """Import so many items in each process, in parts of that size."""

        def work(view, process_id):
            for number in range(count):
                id = f"{view.request.form['tag']}-{number}"
                if id not in view.context.objectIds():
                    api.content.create(
                        view.context, "Document", id=id, title=id
                    )
                if number % part == part - 1:
                    view.checkpoint()

        self.job(work)
        client = self.client(MANAGER)
        with self.threads() as executor:
            for tag in TAGS:
                client.start("/plone/folder/job", {"tag": tag})
            self.assertTrue(executor.wait_idle(IMPORT_SECONDS))
        states = [process.state for process in self.processes()]
        self.assertEqual(states, ["completed"] * len(TAGS))
        self.assertEqual(
            len(self.portal.folder.objectIds()), count * len(TAGS)
        )

    def test_all_complete(self):
        self.check_imports(30, part=31)

    def test_all_complete_that_commit_their_parts(self):
        self.check_imports(60, part=5)
