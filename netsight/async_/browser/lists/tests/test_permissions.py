"""Who may only look at the processes of others, and who may do what."""

import re

import transaction

from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.config import CONTROL_PROCESSES
from netsight.async_.config import MANAGE_PROCESSES
from netsight.async_.config import REMOVE_PROCESSES
from netsight.async_.config import VIEW_PROCESSES
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import text_of


ALL = "/@@async-processes"
VIEWER = EDITOR
"""Has the role Owner."""

MANY = ("cancel-all", "again-all", "remove-ended")
HELD = ("release-held", "drop-held")


class PermissionTestCase(ListMixin, AsyncTestCase):
    permissions = (VIEW_PROCESSES,)

    def setUp(self):
        super().setUp()
        for permission in self.permissions:
            self.app.manage_permission(permission, ["Owner"], acquire=1)
        transaction.commit()

    def see(self, query="", login=VIEWER, **kwargs):
        return self.client(login).get(f"{ALL}{query}", **kwargs)

    def press(self, button, value="1", status=302):
        form = {button: value, "sure": "1"}
        return self.client(VIEWER).post(ALL, form, status=status)

    def buttons(self, html):
        return set(re.findall(r'<button[^>]* name="([\w-]+)"', html))

    def check_refused(self, button, value, permission):
        page = self.press(button, value, status=403)
        said = text_of(page)
        self.assertIn("you may look at this, and not change it", said)
        self.assertIn(permission, said)


class ViewerTests(PermissionTestCase):
    def test_they_see_the_processes_of_all(self):
        ids = [self.done(READER), self.queued(MANAGER)]
        self.assertEqual(self.ids(self.see()), ids[::-1])

    def test_and_why_one_has_failed(self):
        page = self.see(f"?process_id={self.failed(READER)}")
        self.assertIn("ZeroDivisionError", page)

    def test_there_are_no_buttons(self):
        self.done(READER), self.queued(READER), self.failed(READER)
        self.assertEqual(self.buttons(self.see().text), set())

    def test_nor_in_the_details(self):
        page = self.see(f"?process_id={self.failed(READER)}")
        self.assertEqual(self.buttons(page.text), set())

    def test_all_posts_are_refused(self):
        for button, process_id, permission in (
            ("cancel", self.queued(READER), CONTROL_PROCESSES),
            ("again", self.failed(READER), CONTROL_PROCESSES),
            ("remove", self.done(READER), REMOVE_PROCESSES),
        ):
            before = self.state(process_id)
            self.check_refused(button, process_id, permission)
            self.assertEqual(self.state(process_id), before)

    def test_so_are_those_for_many(self):
        self.done(READER)
        for button in (*MANY, *HELD):
            page = self.press(button, status=403)
            self.assertIn("Nothing was changed", text_of(page))
        self.assertEqual(len(self.processes()), 1)

    def test_their_own_are_theirs(self):
        process_id = self.done(VIEWER)
        row = self.row(self.see(), process_id)
        self.assertEqual(self.buttons(row), {"remove"})
        self.press("remove", process_id)
        self.assertEqual(self.processes(), [])

    def test_the_page_of_a_process_has_no_button_to_stop_it(self):
        process_id = self.queued(READER)
        page = self.client(VIEWER).see(
            "/cancellable-job", "processing", process_id
        )
        self.assertNotIn("process-cancel", page)

    def test_it_cannot_be_stopped_by_its_address(self):
        process_id = self.queued(READER)
        for path in ("/cancellable-job", "/@@async-process"):
            page = self.client(VIEWER).post(
                f"{path}/process-cancel?process_id={process_id}",
                {"sure": "1"},
                status=403,
            )
            self.assertIn(CONTROL_PROCESSES, text_of(page))
        self.assertEqual(self.state(process_id), "queued")

    def test_the_page_of_a_failed_one_has_no_button_to_repeat_it(self):
        process_id = self.failed(READER)
        page = self.client(VIEWER).see("/again-job", "processing", process_id)
        self.assertNotIn("process-again", page)

    def test_it_cannot_be_repeated_by_its_address(self):
        process_id = self.failed(READER)
        self.client(VIEWER).post(
            f"/again-job/process-again?process_id={process_id}", status=403
        )
        self.assertEqual(len(self.processes()), 1)

    def test_an_owner_does_all_with_what_is_theirs(self):
        process_id = self.queued(READER)
        self.client(READER).post(
            f"/cancellable-job/process-cancel?process_id={process_id}"
        )
        self.assertEqual(self.state(process_id), "cancelled")


class ControllerTests(PermissionTestCase):
    permissions = (VIEW_PROCESSES, CONTROL_PROCESSES)

    def test_they_may_cancel_and_run_again(self):
        failed, queued = self.failed(READER), self.queued(READER)
        page = self.see()
        self.assertEqual(self.buttons(self.row(page, failed)), {"again"})
        self.assertEqual(self.buttons(self.row(page, queued)), {"cancel"})
        self.press("cancel", queued)
        self.assertEqual(self.state(queued), "cancelled")

    def test_they_may_remove_nothing(self):
        self.check_refused("remove", self.done(READER), REMOVE_PROCESSES)


class RemoverTests(PermissionTestCase):
    permissions = (VIEW_PROCESSES, REMOVE_PROCESSES)

    def test_they_may_remove(self):
        self.press("remove", self.done(READER))
        self.assertEqual(self.processes(), [])

    def test_they_may_cancel_nothing(self):
        self.check_refused("cancel", self.queued(READER), CONTROL_PROCESSES)


class ManagerOfOldTests(PermissionTestCase):
    """Who was given the permission that was there before."""

    permissions = (MANAGE_PROCESSES,)

    def test_they_may_do_all(self):
        page = self.see()
        self.assertEqual(self.buttons(page.text), {"pause"})
        self.press("remove", self.done(READER))
        self.press("cancel", queued := self.queued(READER))
        self.assertEqual(self.state(queued), "cancelled")
        self.press("pause", "default")


class NobodyTests(PermissionTestCase):
    permissions = ()

    def test_who_has_none_of_them_sees_nothing(self):
        self.see(status=401)
        self.client().get(ALL, status=401)
        self.client().get(f"{ALL}/index", status=(401, 404))
