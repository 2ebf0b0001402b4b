"""`current_process`: what code without a view does in a process."""

import threading
import unittest

import transaction
from zope.globalrequest import setRequest
from zope.interface.verify import verifyObject

from netsight.async_ import BaseAsyncView
from netsight.async_ import current_process
from netsight.async_.exceptions import ProcessCancelled
from netsight.async_.interfaces import ICurrentProcess
from netsight.async_.running.work import NO_WORK
from netsight.async_.running.work import Work
from netsight.async_.running.work import working
from netsight.async_.tests.support import AsyncTestCase


def capitalize(names):
    """Library code that knows no view."""
    return [name.upper() for name in current_process().track(names)]


class OutsideTests(unittest.TestCase):
    def test_contract(self):
        self.assertTrue(verifyObject(ICurrentProcess, current_process()))

    def test_there_is_no_id(self):
        self.assertIsNone(current_process().id)

    def test_track_just_yields(self):
        self.assertEqual(capitalize(["a", "b"]), ["A", "B"])

    def test_the_rest_does_nothing(self):
        process = current_process()
        process.set_progress(50, "half")
        process.check_cancelled()
        process.checkpoint()

    def test_a_checkpoint_commits_nothing(self):
        before = transaction.get()
        current_process().checkpoint()
        self.assertIs(transaction.get(), before)

    def test_that_of_a_view_does_not_either(self):
        before = transaction.get()
        BaseAsyncView(None, None).checkpoint()
        self.assertIs(transaction.get(), before)

    def test_bad_progress_is_an_error_there_too(self):
        with self.assertRaises(ValueError):
            current_process().set_progress("half")
        with self.assertRaises(TypeError):
            current_process().set_progress(50, message=object())


class WorkingTests(unittest.TestCase):
    def test_what_was_before_comes_back(self):
        outer, inner = object(), object()
        with working(outer):
            with working(inner):
                self.assertIs(current_process(), inner)
            self.assertIs(current_process(), outer)
        self.assertIs(current_process(), NO_WORK)

    def test_also_after_an_error(self):
        with self.assertRaises(ZeroDivisionError), working(object()):
            raise ZeroDivisionError
        self.assertIs(current_process(), NO_WORK)


class WithinTests(AsyncTestCase):
    def test_contract(self):
        def work(view):
            return isinstance(current_process(), Work) and verifyObject(
                ICurrentProcess, current_process()
            )

        self.assertTrue(self.seen_by(work))

    def test_it_has_the_id_of_the_process(self):
        def work(view, process_id):
            return f"{current_process().id == process_id}"

        self.assertEqual(self.result_of(work).text, "True")

    def test_progress_is_told(self):
        def work(view):
            current_process().set_progress(42, "on the way")
            return view.request.async_run.report.told

        self.assertEqual(self.seen_by(work), (42, "on the way"))

    def test_track_tells_item_by_item(self):
        told = []

        def work(view):
            for _item in current_process().track("abcd"):
                told.append(view.request.async_run.report.told[0])

        self.seen_by(work)
        self.assertEqual(told, [0, 25, 50, 75])

    def test_a_checkpoint_commits(self):
        def work(view, process_id):
            view.context.title = "committed"
            current_process().checkpoint()
            raise ValueError("after it")

        with self.assertLogs("netsight.async_", "ERROR"):
            self.run_job(work)
        transaction.begin()
        self.assertEqual(self.app.title, "committed")

    def test_a_cancel_is_noticed(self):
        for call in (
            lambda process: process.check_cancelled(),
            lambda process: process.checkpoint(),
            lambda process: process.set_progress(50),
            lambda process: list(process.track("ab")),
        ):
            with self.subTest(call):

                def work(view, process_id, call=call):
                    view.request.async_run.cancel()
                    with self.assertRaises(ProcessCancelled):
                        call(current_process())

                _client, process_id = self.run_job(
                    work, view="cancellable-job"
                )
                self.assertEqual(self.process(process_id).state, "cancelled")

    def test_another_request_of_the_thread_changes_nothing(self):
        def work(view):
            clone = view.request.clone()
            setRequest(clone)
            try:
                return current_process().id is not None
            finally:
                setRequest(view.request)

        self.assertTrue(self.seen_by(work))

    def test_other_threads_are_in_no_process(self):
        seen = []

        def work(view):
            thread = threading.Thread(
                target=lambda: seen.append(current_process().id)
            )
            thread.start()
            thread.join()

        self.seen_by(work)
        self.assertEqual(seen, [None])

    def test_the_request_that_starts_it_is_in_none(self):
        self.seen_by(lambda view: None)
        self.assertIsNone(current_process().id)

    def test_a_second_attempt_has_its_own(self):
        seen = []

        def work(view):
            seen.append(current_process())
            if len(seen) == 1:
                raise transaction.interfaces.TransientError
            return current_process()._request is view.request

        self.assertTrue(self.seen_by(work))
        self.assertEqual(len(set(seen)), 2)

    def test_a_thread_that_goes_on_is_in_none(self):
        """Whether the process that it has run failed, or not."""
        for error in (None, ValueError, KeyboardInterrupt):
            with self.subTest(error):
                seen = self.seen_after(error)
                self.assertEqual(seen, [None])

    def seen_after(self, error):
        seen = []

        def work(view, process_id):
            # Zope closes the request when all is over.
            view.request._hold(Held(lambda: seen.append(current_process().id)))
            if error is not None:
                raise error

        if error is None:
            self.run_job(work)
        else:
            with self.assertLogs("netsight.async_", "ERROR"):
                self.run_job(work)
        return seen


class Held:
    """Calls a function when a request is forgotten."""

    def __init__(self, function):
        self._function = function

    def __del__(self):
        self._function()
