"""Progress object by object, and a cancel half-way."""

import json
from importlib.metadata import version
from unittest import mock

import transaction
from zope.component.hooks import setSite

from netsight.async_ import current_process
from netsight.async_.background.progress import INDEXED
from netsight.async_.background.progress import Tally
from netsight.async_.background.progress import progress_of_objects
from netsight.async_.background.tests.background_support import tallied
from netsight.async_.background.tests.support import ActionTestCase
from netsight.async_.background.tests.support import install
from netsight.async_.tests.side_by_side import WORK
from netsight.async_.tests.side_by_side import clipboard
from netsight.async_.tests.side_by_side import ends_told
from netsight.async_.tests.site_state import state_of
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Gate
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


FOLDER = f"{WORK}/f0"

DELETE = [("form.buttons.Delete", "Delete")]

HALF_WAY = 90
"""Of the 180 that is told of 60 objects."""

MOST_OTHERS = 16
"""So often the catalog is told at most of what an action does not concern:
the folder around it, and pages with a link to it."""

OFTEN_INDEXED = version("Products.CMFPlone") < "6.2"
"""Whether the catalog is told of an object more than once, as before 6.2:
three times of one that is copied, twice of one that is published."""


class InstalledTestCase(ActionTestCase):
    """A site where each action runs in the background."""

    def setUp(self):
        super().setUp()
        install(self.portal, threshold=0)

    def post(self, path, form, login=MANAGER, cookies=None, **kwargs):
        client = self.client(login)
        for name, value in (cookies or {}).items():
            client.set_cookie(name, value)
        token = ("_authenticator", client.token())
        return client.post(path, [*form, token], **kwargs)


class TotalTests(InstalledTestCase):
    """What is told of each object is as often as was said before."""

    def check(self, path, form, **kwargs):
        with tallied() as tallies:
            self.post(path, form, **kwargs)
        (process,) = self.processes()
        self.assertEqual(process.state, "completed")
        (tally,) = tallies
        self.assertEqual(tally.done, sum(tally.stages.values()))
        told = sum(tally.counts.values())
        self.assertGreater(told, 50)
        if not OFTEN_INDEXED:
            self.assertLessEqual(told - tally.done, MOST_OTHERS)

    def selected(self, **form):
        selection = ("selection", json.dumps(self.uids()))
        return [selection, ("folder", "/work"), *form.items()]

    def test_delete(self):
        self.check(f"{FOLDER}/delete_confirmation", DELETE)

    def test_delete_from_a_list(self):
        self.check(f"{WORK}/fc-delete", self.selected())

    def test_rename(self):
        form = [
            ("form.widgets.new_id", "new"),
            ("form.widgets.new_title", "New"),
            ("form.buttons.Rename", "Rename"),
        ]
        self.check(f"{FOLDER}/object_rename", form)

    def test_move(self):
        work = self.app.unrestrictedTraverse(WORK)
        cookies = clipboard(work.manage_cutObjects(["f0"]))
        form = [("folder", "/work/f1")]
        self.check(f"{WORK}/fc-paste", form, cookies=cookies)

    def test_copy(self):
        work = self.app.unrestrictedTraverse(WORK)
        cookies = clipboard(work.manage_copyObjects(["f0"]))
        form = [("folder", "/work/f1")]
        self.check(f"{WORK}/fc-paste", form, cookies=cookies)

    def test_tags(self):
        self.check(f"{WORK}/fc-tags", self.selected(toadd="red"))

    def test_workflow(self):
        form = self.selected(transition="publish")
        self.check(f"{WORK}/fc-workflow", form)

    def test_sharing(self):
        form = [
            ("form.submitted", "1"),
            ("form.button.Save", "Save"),
            ("entries.id:records", EDITOR[0]),
            ("entries.type:records", "user"),
            ("entries.role_Reader:records", "True"),
        ]
        self.check(f"{WORK}/sharing", form)


class OutsideTests(ActionTestCase):
    """What is in no process."""

    def test_nothing_is_counted(self):
        with (
            mock.patch.object(Tally, "count") as count,
            progress_of_objects({INDEXED: 1}),
        ):
            self.portal.work.f0.reindexObject()
            transaction.commit()
        count.assert_not_called()


class HalfWayTests(InstalledTestCase):
    """A process that waits until the test lets it go on."""

    def setUp(self):
        super().setUp()
        self.gate = gate = Gate()
        self.wants_cancel = False
        count = Tally.count

        def counted(tally, stage):
            count(tally, stage)
            if tally.done == HALF_WAY:
                gate.reach()
                self.go_on()

        patch = mock.patch.object(Tally, "count", counted)
        patch.start()
        self.addCleanup(patch.stop)

    def go_on(self):
        """In the process: wait until a cancel is known, if there is one."""
        if self.wants_cancel:
            noticed = current_process()._run._cancel
            self.assertTrue(noticed.wait(WAIT_SECONDS))

    def test_its_progress_is_that_of_the_objects(self):
        with self.threads(), ends_told() as ended:
            self.post(f"{FOLDER}/delete_confirmation", DELETE)
            self.gate.wait()
            self.assertTrue(wait_until(self.is_told, WAIT_SECONDS))
            self.gate.open()
            self.assertTrue(ended.wait(WAIT_SECONDS))

    def is_told(self):
        """Tell whether others see how far it is."""
        (process,) = self.processes()
        if process.progress != 50:
            return False
        expected = {"count": "30", "total": "60"}
        self.assertEqual(process.message.mapping, expected)
        return True

    def test_a_cancel_takes_all_of_it_back(self):
        self.wants_cancel = True
        transaction.begin()
        before = state_of(self.portal)
        with self.threads(), ends_told() as ended:
            client = self.client(MANAGER)
            form = [*DELETE, ("_authenticator", client.token())]
            start = client.post(f"{FOLDER}/delete_confirmation", form)
            process_id = client.started(start)
            self.gate.wait()
            form = {"process_id": process_id, "_authenticator": client.token()}
            client.post(f"{FOLDER}/delete_confirmation/process-cancel", form)
            self.gate.open()
            self.assertTrue(ended.wait(WAIT_SECONDS))
        self.assertEqual(self.process(process_id).state, "cancelled")
        setSite(self.portal)
        self.assertEqual(state_of(self.portal), before)

    def test_two_who_do_the_same(self):
        with self.threads(), ends_told() as ended:
            path = f"{FOLDER}/delete_confirmation"
            first = self.post(path, DELETE).headers["Location"]
            self.gate.wait()
            again = self.post(path, DELETE)
            stranger = self.post(path, DELETE, EDITOR, status=409)
            self.gate.open()
            self.assertTrue(ended.wait(WAIT_SECONDS))
        self.assertEqual(again.headers["Location"], first)
        self.assertIn("This is running already", stranger.text)
        self.assertEqual(len(self.processes()), 1)
