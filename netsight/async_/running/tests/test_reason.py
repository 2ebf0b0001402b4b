"""A process that fails for a reason that its user is to read."""

import json
import logging
import pickle

from zope.i18nmessageid import Message

from netsight.async_ import ProcessFailed
from netsight.async_.records.progress import MESSAGE_CHARS
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import text_of


LINE = Message(
    "line_without_street",
    domain="my.addon",
    default="Line ${line}: column street is missing",
    mapping={"line": 310},
)
LINE_TEXT = "Line 310: column street is missing"
GENERIC = "Something went wrong"


def failing(reason):
    def work(view, process_id):
        raise ProcessFailed(reason)

    return work


class ReasonTests(AsyncTestCase):
    def fail(self, reason, **kwargs):
        return self.run_job(failing(reason), **kwargs)

    def test_it_is_a_text_or_a_message_id(self):
        for odd in (None, 310, b"bytes"):
            with self.subTest(odd), self.assertRaises(TypeError):
                ProcessFailed(odd)

    def test_it_can_be_pickled_as_other_exceptions(self):
        again = pickle.loads(pickle.dumps(ProcessFailed("why")))
        self.assertEqual(again.reason, "why")

    def test_the_page_tells_it_instead_of_the_usual_sentence(self):
        client, process_id = self.fail(LINE)
        page = client.see("/job", "processing", process_id)
        self.assertIn(LINE_TEXT, page)
        self.assertIn("What was not finished has been undone.", text_of(page))
        self.assertIn(process_id, text_of(page))
        self.assertNotIn(GENERIC, page)

    def test_it_stands_in_the_list_of_its_user(self):
        client, _id = self.fail(LINE, login=EDITOR)
        self.assertIn(LINE_TEXT, client.get("/@@my-processes"))

    def test_programs_are_told_it(self):
        client, process_id = self.fail(LINE)
        status = client.see("/job", "process-status", process_id).json
        self.assertEqual(status["reason"], LINE_TEXT)
        accept = {"Accept": "application/json"}
        problem = client.get(
            f"/job/result?process_id={process_id}", headers=accept, status=500
        )
        told = json.loads(problem.text)
        self.assertEqual(told["detail"], LINE_TEXT)
        self.assertTrue(told["type"].endswith("#failed"), told)

    def test_markup_in_it_is_text(self):
        client, process_id = self.fail("<script>alert(1)</script>")
        page = client.see("/job", "processing", process_id)
        self.assertIn("&lt;script&gt;alert(1)", page)
        self.assertNotIn("<script>alert", page)

    def test_a_long_one_is_cut(self):
        _client, process_id = self.fail("x" * 10_000)
        reason = self.process(process_id).reason
        self.assertEqual(reason, "x" * MESSAGE_CHARS + "…")

    def test_managers_see_the_cause_too(self):
        _client, process_id = self.fail(LINE)
        page = self.client(MANAGER).see("/job", "processing", process_id)
        self.assertIn("ProcessFailed", page)
        self.assertIn("Traceback", page)

    def test_it_is_logged_as_no_error_and_with_the_number(self):
        with self.assertLogs("netsight.async_", logging.INFO) as logged:
            _client, process_id = self.fail(LINE)
        [record] = logged.records
        self.assertEqual(record.levelname, "INFO")
        self.assertIsNone(record.exc_info)
        self.assertIn(process_id, record.getMessage())
        self.assertIn(LINE_TEXT, record.getMessage())

    def test_what_it_did_is_undone(self):
        def work(view, process_id):
            view.context.title = "half done"
            raise ProcessFailed("no")

        self.run_job(work)
        self.assertNotEqual(self.app.title, "half done")

    def test_one_that_cannot_be_stored_is_a_usual_failure(self):
        odd = Message("odd", default="${x}", mapping={"x": object()})
        with self.assertLogs("netsight.async_", logging.ERROR):
            client, process_id = self.fail(odd)
        self.assertIsNone(self.process(process_id).reason)
        self.assertIn(GENERIC, client.see("/job", "processing", process_id))

    def test_other_errors_have_none(self):
        def work(view, process_id):
            raise ValueError("secret of the server")

        with self.assertLogs("netsight.async_", logging.ERROR):
            client, process_id = self.run_job(work)
        status = client.see("/job", "process-status", process_id)
        self.assertIsNone(status.json["reason"])
        page = client.see("/job", "processing", process_id)
        self.assertIn(GENERIC, page)
        self.assertNotIn("secret", page)
