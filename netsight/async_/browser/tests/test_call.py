"""`start_process` of functions: which, with what, and what comes of it."""

import json
import types
from datetime import datetime
from datetime import timezone
from unittest import mock

import transaction
from zope.i18nmessageid import Message

from netsight.async_ import ProcessFailed
from netsight.async_ import current_process
from netsight.async_ import start_process
from netsight.async_.browser.call import CALL_VIEW
from netsight.async_.browser.call import CallView
from netsight.async_.browser.tests import code_support
from netsight.async_.browser.tests.code_support import CodeTestCase
from netsight.async_.browser.tests.code_support import folder_in
from netsight.async_.browser.tests.code_support import retitle
from netsight.async_.browser.tests.code_support import shout
from netsight.async_.exceptions import BadChoiceError
from netsight.async_.exceptions import BadQueueError
from netsight.async_.records.database import query_registry
from netsight.async_.records.handed import HANDED
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import Never


MODULE = code_support.__name__

UTC_NOW = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)


def describe(context, *args, **kwargs):
    return repr((args, kwargs))


def describe_path(context, content):
    return "/".join(content.getPhysicalPath())


def tell(context):
    current_process().set_progress(10)
    return current_process().id


def give(context, value):
    return value


def remove_itself(context):
    context.aq_parent.manage_delObjects([context.getId()])


def spoil(context):
    context.title = "spoiled"
    raise ValueError("after that")


def refuse(context):
    raise ProcessFailed("It is full.")


def take_title(context, title):
    return title


def generate(context):
    yield 1


async def wait(context):
    return 1


def outer():
    def inner(context):
        return None

    return inner


class CallTests(CodeTestCase):
    def test_it_is_called_with_the_context_and_the_arguments(self):
        with folder_in(self.app) as folder:
            process = self.start(folder, shout, "hello", mark="?")
            self.assertEqual(self.result(process), "folder: HELLO?")

    def test_what_it_changes_is_committed(self):
        with folder_in(self.app) as folder:
            self.start(folder, retitle, "New")
            self.assertEqual(folder.title, "New")

    def test_arguments_come_as_they_were(self):
        args = (1, None, 1.5, "ä", b"\xff", UTC_NOW, [1, (2, {3: "x"})])
        process = self.start(self.app, describe, *args, a={}, b=())
        expected = repr((args, {"a": {}, "b": ()}))
        self.assertEqual(self.result(process), expected)

    def test_it_is_in_the_process(self):
        process = self.start(self.app, tell)
        self.assertEqual(self.result(process), process.id)

    def test_it_runs_as_the_current_user(self):
        self.log_in(EDITOR)
        self.assertEqual(self.start(self.app, tell).owner.user_id, "editor")

    def test_one_that_fails_changes_nothing(self):
        with folder_in(self.app) as folder:
            error = self.error_of(folder, spoil)
            self.assertEqual(folder.title, "")
        self.assertEqual(error.kind, "ValueError")

    def test_one_may_say_why_it_fails(self):
        process = self.start(self.app, refuse)
        self.assertEqual(
            (process.state, process.reason), ("failed", "It is full.")
        )

    def test_its_name_is_the_title_or_there_is_another(self):
        self.assertEqual(start_process(self.app, tell).title, "tell")
        process = start_process(self.app, tell, title="All of it")
        self.assertEqual(process.title, "All of it")


class ChoicesTests(CodeTestCase):
    def start_with(self, **choices):
        return start_process(self.app, tell, choices=choices)

    def test_they_are_those_of_the_process(self):
        process = self.start_with(
            cancellable=True,
            queue="night",
            priority=7,
            time_limit=60,
            restart_after_crash=True,
            max_attempts=2,
        )
        self.assertTrue(process.cancellable)
        self.assertEqual((process.queue, process.priority), ("night", 7))
        self.assertEqual((process.time_limit, process.max_attempts), (60, 2))

    def test_without_they_are_those_that_views_have_by_default(self):
        process = start_process(self.app, tell)
        self.assertFalse(process.cancellable)
        self.assertEqual((process.queue, process.max_attempts), ("default", 1))

    def test_they_stand_in_for_those_of_a_view(self):
        choices = {"priority": 9}
        process = start_process(self.app, "job", choices=choices)
        self.assertEqual(process.priority, 9)
        self.assertEqual(start_process(self.app, "job").priority, 0)

    def test_others_are_refused(self):
        for wrong in ({"single": "user"}, {"title": "x"}, {1: 2}, ["queue"]):
            with self.assertRaises(TypeError):
                start_process(self.app, tell, choices=wrong)

    def test_a_value_that_is_wrong_is_refused(self):
        with self.assertRaises(BadChoiceError):
            self.start_with(time_limit="60")
        with self.assertRaises(BadQueueError):
            self.start_with(queue="no queue")
        self.assertEqual(self.processes(), [])


class ResultTests(CodeTestCase):
    def page_of(self, value):
        with folder_in(self.app) as folder:
            process = self.start(folder, give, value)
            path = f"/folder/@@{CALL_VIEW}"
            return self.client().see(path, "result", process.id, "*")

    def test_a_text_is_the_page(self):
        page = self.page_of("<!DOCTYPE html><html><body>Done.</body></html>")
        self.assertEqual(page.status_int, 200)
        self.assertIn("Done.", page)

    def test_so_are_bytes(self):
        self.assertEqual(self.page_of(b"\x00\x01").body, b"\x00\x01")

    def test_anything_else_leads_to_the_context(self):
        for value in (None, 5, True, [1], {"a": 1}):
            with self.subTest(value):
                page = self.page_of(value)
                self.assertEqual(page.status_int, 302)
                self.assertEqual(page.location, "http://localhost/folder")

    def test_also_if_it_has_removed_that(self):
        with folder_in(self.app) as folder:
            process = self.start(folder, remove_itself)
        self.assertEqual(process.state, "completed")

    def test_the_waiting_page_is_below_the_context(self):
        with folder_in(self.app) as folder, processes_run_by(Never()):
            process = self.start(folder, tell)
            self.assertIn("Processing", self.page_at(process.url))


class ContentTests(CodeTestCase):
    def test_content_is_looked_up_anew(self):
        with folder_in(self.app) as folder, processes_run_by(Never()):
            process = self.start(self.app, describe_path, folder)
            body = process.request.body.read()
            self.assertIn(b'{"reference": "/folder"}', body)
        with folder_in(self.app) as folder:
            process = self.start(self.app, describe_path, content=folder)
            self.assertEqual(self.result(process), "/folder")

    def test_also_within_lists_and_dicts(self):
        with folder_in(self.app) as folder:
            process = self.start(self.app, describe, [{"a": (folder,)}])
            self.assertIn("Folder at /folder", self.result(process))

    def test_what_is_gone_fails_the_process(self):
        with folder_in(self.app) as folder, processes_run_by(Never()):
            process_id = start_process(self.app, describe, folder).id
            transaction.commit()
        error = self.run_failing(process_id)
        self.assertEqual(error.kind, "ContentGoneError")
        self.assertEqual(error.text, "/folder")

    def test_what_can_be_acquired_in_its_place_is_not_it(self):
        with folder_in(self.app) as folder, folder_in(self.app, "same"):
            folder.manage_addFolder("same")
            with processes_run_by(Never()):
                process_id = start_process(self.app, describe, folder.same).id
                folder.manage_delObjects(["same"])
                transaction.commit()
            error = self.run_failing(process_id)
            self.assertEqual(error.text, "/folder/same")

    def run_failing(self, process_id):
        with self.assertLogs("netsight.async_", "ERROR"):
            run(process_id)
        return self.process(process_id).error

    def test_what_is_not_in_the_database_is_refused(self):
        with folder_in(self.app) as folder:
            pass
        for value in (folder, self.app.REQUEST, CallView(self.app, None)):
            with self.subTest(value), self.assertRaises(TypeError):
                start_process(self.app, describe, value)


class RefusedTests(CodeTestCase):
    def assert_refused(self, function, *args, **kwargs):
        with self.assertRaises(TypeError):
            start_process(self.app, function, *args, **kwargs)

    def test_functions_without_a_dotted_name(self):
        for function in (
            lambda context: None,
            outer(),
            len,
            self.test_functions_without_a_dotted_name,
            CodeTestCase.log_in,
            mock.Mock(),
            types.SimpleNamespace,
        ):
            with self.subTest(function):
                self.assert_refused(function)

    def test_functions_of_a_script(self):
        function = types.FunctionType(
            tell.__code__, {"__name__": "__main__"}, "tell"
        )
        with self.assertRaisesRegex(TypeError, "is in a script"):
            start_process(self.app, function)

    def test_functions_whose_name_leads_to_another(self):
        with mock.patch(f"{MODULE}.shout", tell):
            self.assert_refused(shout, "x")

    def test_functions_that_do_nothing_when_they_are_called(self):
        for function in (generate, wait):
            with self.subTest(function):
                self.assert_refused(function)

    def test_arguments_that_it_does_not_take(self):
        self.assert_refused(shout)
        self.assert_refused(shout, "a", "b", "c")
        self.assert_refused(shout, "a", other="c")

    def test_arguments_that_are_no_plain_data(self):
        for value in (object(), {1}, Message("id", "domain"), open, tell):
            with self.subTest(value):
                self.assert_refused(describe, value)
                self.assert_refused(describe, a=[value])

    def test_a_keyword_that_may_be_meant_for_the_function(self):
        with self.assertRaisesRegex(TypeError, "hand it over by its position"):
            start_process(self.app, take_title, title="x")
        process = self.start(self.app, take_title, "x")
        self.assertEqual(self.result(process), "x")


class LaterTests(CodeTestCase):
    """Other code than that which has started the process."""

    def test_a_function_that_is_gone_fails_the_process(self):
        with processes_run_by(Never()):
            process_id = start_process(self.app, shout, "x").id
            transaction.commit()
        with mock.patch.object(code_support, "shout"):
            del code_support.shout
            with self.assertLogs("netsight.async_", "ERROR"):
                run(process_id)
            code_support.shout = None
        error = self.process(process_id).error
        self.assertEqual(error.kind, "FunctionNotFoundError")
        self.assertEqual(error.text, f"{MODULE}.shout")


class OutsideTests(CodeTestCase):
    """No request from outside names a function."""

    PATH = f"/@@{CALL_VIEW}"

    CALL = json.dumps(
        {
            "dict": [
                ["module", "os"],
                ["name", "getcwd"],
                ["args", {"tuple": []}],
                ["kwargs", {"dict": []}],
            ]
        }
    )

    def last_commit(self):
        return self.app._p_jar.db().storage.lastTransaction()

    def test_no_request_starts_a_process(self):
        before, commit = len(self.processes()), self.last_commit()
        for login in (None, READER, MANAGER):
            client = self.client(login)
            for path in (self.PATH, self.PATH.replace("@@", "")):
                with self.subTest(login=login, path=path):
                    client.get(path, status=404)
                    client.post(path, {"module": "os"}, status=404)
                    client.post_json(path, json.loads(self.CALL), status=404)
                    client.post(
                        path,
                        self.CALL,
                        headers={
                            "Prefer": "respond-async",
                            "Content-Type": "application/json",
                            HANDED: "call",
                            "netsight-async-handed": "call",
                        },
                        status=404,
                    )
        self.assertEqual(len(self.processes()), before)
        self.assertEqual(self.last_commit(), commit)

    def test_nor_does_code_by_a_request_from_outside(self):
        """As if somebody had made the view start one."""
        with mock.patch.multiple(
            CallView,
            run_process=lambda view: True,
            _start=CallView.__mro__[1]._start,
        ):
            with self.assertLogs("netsight.async_", "ERROR"):
                process_id = self.client().start(
                    self.PATH,
                    self.CALL,
                    headers={"Content-Type": "application/json"},
                )
        error = self.process(process_id).error
        self.assertEqual(error.kind, "Unauthorized")

    def test_a_form_of_code_is_no_call(self):
        error = self.error_of(
            self.app, CALL_VIEW, form={"module": "os", "name": "getcwd"}
        )
        self.assertEqual(error.kind, "Unauthorized")

    def test_a_process_is_seen_by_its_owner_and_managers_only(self):
        self.log_in(EDITOR)
        process = self.start(self.app, tell)
        for login, status in ((EDITOR, 200), (MANAGER, 200), (READER, 404)):
            with self.subTest(login):
                client = self.client(login)
                client.see(self.PATH, "process-status", process.id, status)
        client = self.client()
        client.see(self.PATH, "process-status", process.id, 404)

    def test_it_is_in_the_lists(self):
        self.log_in(EDITOR)
        process = self.start(self.app, tell, title="Telling")
        self.assertIn(process.id, query_registry(self.app))
        page = self.client(EDITOR).get("/@@my-processes")
        self.assertIn("Telling", page)
        self.assertIn(f"processing?process_id={process.id}", page)
