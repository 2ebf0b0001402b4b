"""Async views that are another view as well."""

import unittest

from Products.Five import BrowserView

from netsight.async_ import BaseAsyncView
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.views import Exporting


class MixedTests(AsyncTestCase):
    """``class A(BaseAsyncView, X)``, with ``super().__call__()`` as work."""

    def test_the_page_is_that_of_the_other_view(self):
        page = self.client().get("/mixed-job")
        self.assertEqual(page.text, "the form of the export")
        self.assertEqual(self.processes(), [])

    def test_its_work_is_done_in_the_background(self):
        client = self.client()
        process_id = client.start("/mixed-job", {"export": "news"})
        result = client.see("/mixed-job", "result", process_id)
        self.assertEqual(result.text, "exported news")
        self.assertEqual(result.content_type, "text/csv")

    def test_its_template_is_the_one_in_zcml(self):
        client = self.client()
        self.assertIn("none", client.get("/mixed-templated-job").text)
        process_id = client.start("/mixed-templated-job", {"message": "done"})
        result = client.see("/mixed-templated-job", "result", process_id)
        self.assertIn("done", result.text)

    def test_it_is_handed_fields_as_the_publisher_does(self):
        client = self.client()
        form = {"kind": "news", "limit:int": "3"}
        process_id = client.start("/mixed-by-job", form)
        result = client.see("/mixed-by-job", "result", process_id)
        self.assertEqual(result.text, "'news' 3 True")

    def test_with_nothing_to_call_the_process_fails(self):
        with self.assertLogs("netsight.async_.running", "ERROR"):
            process_id = self.client().start("/nothing-job")
        (process,) = self.processes()
        self.assertEqual(process.id, process_id)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.kind, "NothingToCallError")
        self.assertIn("<button", self.client().get("/nothing-job"))


class OrderTests(unittest.TestCase):
    """A subclass whose `__call__` would never start a process."""

    def test_the_other_view_must_not_come_first(self):
        with self.assertRaisesRegex(
            TypeError, r"Exporting\.__call__ hides.*BaseAsyncView first"
        ):
            type("Reversed", (Exporting, BaseAsyncView), {})

    def test_nor_in_a_subclass_of_an_async_view(self):
        derived = type("Derived", (BaseAsyncView,), {})
        with self.assertRaises(TypeError):
            type("Reversed", (Exporting, derived), {})

    def test_one_with_a_call_of_its_own_may_be_mixed_as_it_likes(self):
        own = {"__call__": lambda self: "as in 1.x"}
        type("Own", (Exporting, BaseAsyncView), own)

    def test_one_that_calls_the_next_may_come_first(self):
        class Logging(BrowserView):
            def __call__(self, *args, **kwargs):
                return super().__call__(*args, **kwargs)

        type("Logged", (Logging, BaseAsyncView), {})

    def test_so_may_one_without_a_call(self):
        type("Helped", (type("Helper", (), {}), BaseAsyncView), {})
