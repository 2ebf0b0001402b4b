"""Queues on the list of all processes."""

import re

import transaction

from netsight.async_.actions import pause_queue
from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.config import PAUSE_QUEUES
from netsight.async_.config import VIEW_PROCESSES
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import text_of


ALL = "/@@async-processes"


class QueueTestCase(ListMixin, AsyncTestCase):
    def see(self, login=MANAGER):
        return self.client(login).get(ALL)

    def press(self, button, queue="default", login=MANAGER, **kwargs):
        return self.client(login).post(ALL, {button: queue}, **kwargs)

    def pause(self, queue="default"):
        pause_queue(self.registry(), queue)
        transaction.commit()

    def row_of(self, page, queue="default"):
        """Return the text of the row of a queue."""
        start = page.text.index(f'id="netsight-async-queue-{queue}"')
        row = page.text[start:].partition("</tr>")[0]
        return " ".join(re.sub("<[^>]*>", " ", f"<{row}").split())

    def buttons(self, page):
        names = re.findall(r'<button[^>]* name="([^"]+)"', page.text)
        return [name for name in names if name in ("pause", "resume")]

    def is_paused(self, queue="default"):
        transaction.abort()
        return self.registry().is_paused(queue)


class QueueTests(QueueTestCase):
    def test_each_queue_of_a_view_is_there(self):
        self.assertIn("Open", self.row_of(self.see()))

    def test_it_says_how_many_wait(self):
        self.queued()
        self.queued()
        self.assertTrue(self.row_of(self.see()).startswith("default 2 Open"))

    def test_so_are_those_that_are_in_use_only(self):
        self.pause("old")
        self.assertIn("Paused", self.row_of(self.see(), "old"))

    def test_a_button_pauses_it_and_the_page_says_who_did(self):
        page = self.press("pause").follow()
        self.assertIn("Paused. What runs goes on", text_of(page))
        self.assertIn("Paused by manager since", self.row_of(page))
        self.assertTrue(self.is_paused())
        self.assertIn("resume", self.buttons(page))

    def test_code_has_no_name(self):
        self.pause()
        self.assertIn("Paused since", self.row_of(self.see()))

    def test_a_button_resumes_it(self):
        self.pause()
        page = self.press("resume").follow()
        self.assertIn("Resumed.", text_of(page))
        self.assertIn("Open", self.row_of(page))
        self.assertFalse(self.is_paused())

    def test_a_get_changes_nothing(self):
        self.client(MANAGER).get(f"{ALL}?pause=default")
        self.assertFalse(self.is_paused())

    def test_a_queue_that_nobody_knows_is_refused(self):
        for name in ("other", "no name", ""):
            page = self.press("pause", name, status=404)
            self.assertIn("no queue of that name", text_of(page))
        self.assertEqual(self.registry().pauses(), [])

    def test_a_row_says_that_its_queue_is_paused(self):
        process_id = self.queued()
        self.pause()
        self.assertIn("Its queue is paused", self.row(self.see(), process_id))

    def test_the_waiting_page_says_it(self):
        process_id = self.queued(None, "job")
        self.pause()
        page = self.client().see("/job", "processing", process_id)
        self.assertIn("Paused by the administrators", text_of(page))


class PermissionTests(QueueTestCase):
    def allow(self, *permissions):
        for permission in permissions:
            self.app.manage_permission(permission, ["Owner"], acquire=1)
        transaction.commit()

    def test_without_the_permission_there_are_no_buttons(self):
        self.allow(VIEW_PROCESSES)
        page = self.see(EDITOR)
        self.assertEqual(self.buttons(page), [])
        self.assertIn("Open", self.row_of(page))

    def test_and_a_post_is_refused(self):
        self.allow(VIEW_PROCESSES)
        page = self.press("pause", login=EDITOR, status=403)
        self.assertIn(PAUSE_QUEUES, text_of(page))
        self.assertFalse(self.is_paused())

    def test_with_it_there_are(self):
        self.allow(VIEW_PROCESSES, PAUSE_QUEUES)
        self.press("pause", login=EDITOR)
        self.assertTrue(self.is_paused())

    def test_nobody_else_sees_them(self):
        self.client(READER).get(ALL, status=401)
        self.press("pause", login=READER, status=401)
