"""Each error has one HTTP status, whichever page or service tells of it."""

import inspect
import re
import unittest
from functools import partial
from unittest import mock

from zExceptions import Forbidden
from ZODB.POSException import ReadOnlyError

from netsight.async_ import actions
from netsight.async_ import exceptions
from netsight.async_.answers.refusals import REFUSALS
from netsight.async_.answers.refusals import refusal_of
from netsight.async_.browser import start
from netsight.async_.browser.lists.buttons import WORDS
from netsight.async_.browser.subviews import ProcessCancel
from netsight.async_.browser.view import BaseAsyncView
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of


class Newest(exceptions.NewerFormatError):
    """What somebody may make of an error of ours."""


def errors():
    """Yield an exception of each class that has a refusal, and of one more."""
    for kind in (*REFUSALS, Newest):
        yield kind(1) if kind is exceptions.NotAllRemovedError else kind("x")


class TableTests(unittest.TestCase):
    def test_the_status_is_the_one_that_the_exception_promises(self):
        classes = inspect.getmembers(exceptions, inspect.isclass)
        promised = 0
        for _name, kind in classes:
            said = re.search(r"Over\s+HTTP:\s+(\d+)", kind.__doc__)
            if said and kind in REFUSALS:
                promised += 1
                self.assertEqual(REFUSALS[kind][0], int(said[1]), kind)
        not_ours = {Forbidden, ReadOnlyError}
        self.assertEqual(promised, len(REFUSALS.keys() - not_ours))

    def test_a_subclass_is_refused_as_its_nearest_base(self):
        status, sentence = refusal_of(Newest("x"))
        self.assertEqual((status, sentence), (503, "error_newer_format"))

    def test_a_place_has_words_of_its_own_and_no_status(self):
        words = {exceptions.NoSuchProcessError: "Gone."}
        error = exceptions.NoSuchProcessError("x")
        self.assertEqual(refusal_of(error, words), (404, "Gone."))
        # Its subclass means something else.
        newer = refusal_of(Newest("x"), words)
        self.assertEqual(newer.sentence, "error_newer_format")

    def test_a_sentence_can_name_the_process(self):
        gone = refusal_of(exceptions.ResultGoneError("an-id"))
        self.assertEqual(gone.sentence.mapping, {"process_id": "an-id"})

    def test_what_was_removed_before_is_not_denied(self):
        for removed, sentence in (
            (0, "error_not_stored"),
            (100, "error_not_all_removed"),
        ):
            error = exceptions.NotAllRemovedError(removed)
            self.assertEqual(refusal_of(error), (503, sentence))


class PlaceTests(AsyncTestCase):
    """Every place tells every error, with the status of the table."""

    def setUp(self):
        super().setUp()
        with processes_run_by(Never()):
            self.process_id = self.client().start("/cancellable-job")

    def check(self, place, name, request, words=()):
        """Have a function raise each error; look at the answers."""
        for error in errors():
            refusal = refusal_of(error, words)
            with (
                self.subTest(type(error).__name__),
                mock.patch.object(place, name, side_effect=error),
            ):
                answer = request(status=refusal.status)
                told = refusal.sentence.default.partition("$")[0]
                self.assertIn(told, text_of(answer).replace("&#x27;", "'"))

    def see(self, **kwargs):
        return self.client().see(
            "/cancellable-job", "processing", self.process_id, **kwargs
        )

    def post(self, name, **kwargs):
        form = {"process_id": self.process_id}
        return self.client().post(f"/cancellable-job/{name}", form, **kwargs)

    def press(self, button, **kwargs):
        form = {button: self.process_id}
        return self.client(MANAGER).post("/@@async-processes", form, **kwargs)

    def test_a_start(self):
        self.check(start, "_started", lambda **kw: self.post("", **kw))

    def test_a_page_of_a_process(self):
        self.check(BaseAsyncView, "get_process", self.see)

    def test_a_cancel(self):
        self.check(
            BaseAsyncView,
            "process_cancel",
            lambda **kw: self.post("process-cancel", **kw),
            ProcessCancel.words,
        )

    def test_the_buttons_of_a_list(self):
        for button, name in (
            ("cancel", "cancel"),
            ("again", "run_again"),
            ("remove", "remove"),
        ):
            self.check(actions, name, partial(self.press, button), WORDS)


class NewerFormatTests(AsyncTestCase):
    """A button of a page that a newer version of the package has shown."""

    def test_each_button_says_so(self):
        with processes_run_by(Never()):
            process_id = self.client().start("/cancellable-job")
        process = self.process(process_id)
        process.format += 1
        self.layer["app"]._p_jar.transaction_manager.commit()
        for button in ("cancel", "again", "remove"):
            with self.subTest(button):
                page = self.client(MANAGER).post(
                    "/@@async-processes", {button: process_id}, status=503
                )
                self.assertIn("stored by a newer version", text_of(page))

    def test_so_does_the_page_with_the_details(self):
        with processes_run_by(Never()):
            process_id = self.client().start("/cancellable-job")
        self.process(process_id).format += 1
        self.layer["app"]._p_jar.transaction_manager.commit()
        page = self.client(MANAGER).get(
            f"/@@async-processes?process_id={process_id}", status=503
        )
        self.assertIn("stored by a newer version", text_of(page))
