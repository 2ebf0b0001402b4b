"""Views that there are already, taken into the background."""

import unittest

from Products.Five import BrowserView
from webtest import Upload

from netsight.async_ import BaseAsyncView
from netsight.async_ import in_background
from netsight.async_.browser.in_background import CHOICES
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.views import Exporting


class TakenTests(AsyncTestCase):
    """What is published by a class that `in_background` has made."""

    def result_at(self, path, form):
        client = self.client()
        process_id = client.start(path, form)
        return client.see(path, "result", process_id)

    def test_the_page_is_that_of_the_view(self):
        page = self.client().get("/exported-job")
        self.assertEqual(page.text, "the form of the export")
        self.assertEqual(self.processes(), [])

    def test_a_post_does_its_work_in_the_background(self):
        result = self.result_at("/exported-job", {"export": "news"})
        self.assertEqual(result.text, "exported news")
        self.assertEqual(result.content_type, "text/csv")

    def test_it_is_handed_fields_as_the_publisher_does(self):
        form = {"kind": "news", "limit:int": "3"}
        result = self.result_at("/exported-by-job", form)
        self.assertEqual(result.text, "'news' 3 True")

    def test_at_once_it_is_handed_them_as_well(self):
        page = self.client().get("/exported-by-job?kind=news&limit:int=3")
        self.assertEqual(page.text, "'news' 3 True")
        self.assertEqual(self.processes(), [])

    def test_its_template_is_the_one_in_zcml(self):
        path = "/exported-templated-job"
        self.assertIn("none", self.client().get(path).text)
        self.assertIn("done", self.result_at(path, {"message": "done"}).text)

    def test_a_post_with_the_button_starts_a_process(self):
        form = {"delete": "1", "names": "b a"}
        result = self.result_at("/deleted-job", form)
        self.assertEqual(result.text, "deleted ['a', 'b']")

    def test_any_other_is_answered_at_once(self):
        client = self.client()
        page = client.post("/deleted-job", {"cancel": "1"})
        self.assertEqual(page.text, "nothing deleted")
        page = client.get("/deleted-job?delete=1&names=a")
        self.assertEqual(page.text, "deleted ['a']")
        self.assertEqual(self.processes(), [])

    def test_each_of_several_buttons_starts_one(self):
        for button in ("delete", "cancel"):
            self.client().start("/deleted-by-each-job", {button: "1"})
        page = self.client().post("/deleted-by-each-job", {"help": "1"})
        self.assertEqual(page.text, "the form with buttons")
        self.assertEqual(len(self.processes()), 2)

    def test_the_process_has_what_was_chosen(self):
        self.client().start("/deleted-job", {"delete": "1"})
        (process,) = self.processes()
        self.assertTrue(process.cancellable)
        self.assertEqual(process.queue, "slow")


class ChosenTests(AsyncTestCase):
    """What is taken with `when`."""

    def post(self, names):
        form = {"delete": "1", "names": names}
        return self.client().post("/deleted-if-many-job", form)

    def test_what_it_wants_is_done_in_the_background(self):
        response = self.post("b a")
        self.assertEqual(len(self.processes()), 1)
        self.assertEqual(response.status_int, 302)

    def test_all_else_is_done_at_once(self):
        response = self.post("a")
        self.assertEqual(self.processes(), [])
        self.assertEqual(response.text, "deleted ['a']")


class SameFormTests(AsyncTestCase):
    """A view that is single in its context and form."""

    def setUp(self):
        super().setUp()
        nobody = processes_run_by(Never())
        nobody.__enter__()
        self.addCleanup(nobody.__exit__, None, None, None)

    def post(self, login, *pairs):
        client = self.client(login)
        return client.post("/deleted-once-job", list(pairs), status="*")

    def start(self, *pairs, login=MANAGER):
        return self.client(login).started(self.post(login, *pairs))

    def test_the_same_twice_is_one_process(self):
        first = self.start(("delete", "1"), ("names", "a"))
        again = self.start(("names", "a"), ("delete", "1"))
        self.assertEqual(first, again)

    def test_the_token_of_plone_makes_no_difference(self):
        first = self.start(("delete", "1"), ("_authenticator", "x"))
        again = self.start(("delete", "1"), ("_authenticator", "y"))
        self.assertEqual(first, again)

    def test_somebody_else_is_told_that_it_runs(self):
        self.start(("delete", "1"))
        response = self.post(EDITOR, ("delete", "1"))
        self.assertEqual(response.status_int, 409)
        self.assertIn("running already", response.text)
        self.assertEqual(len(self.processes()), 1)

    def test_another_form_is_another_process(self):
        self.start(("delete", "1"), ("names", "a"))
        self.start(("delete", "1"), ("names", "b"))
        self.assertEqual(len(self.processes()), 2)

    def test_so_is_another_cookie_that_it_sees(self):
        for value in ("of-paper", "of-wood"):
            client = self.client(MANAGER)
            client.set_cookie("box", value)
            client.post("/deleted-once-job", {"delete": "1"})
        self.assertEqual(len(self.processes()), 2)

    def test_a_body_that_is_no_form_is_what_it_is(self):
        url = "/deleted-once-job?delete=1"
        for number in (1, 1, 2):
            self.client(MANAGER).post_json(url, {"number": number})
        self.assertEqual(len(self.processes()), 2)

    def test_a_file_is_what_is_in_it(self):
        for text in (b"one", b"one", b"two"):
            client = self.client(MANAGER)
            upload = Upload("a.txt", text, "text/plain")
            form = [("delete", "1"), ("file", upload)]
            client.post("/deleted-once-job", form)
        self.assertEqual(len(self.processes()), 2)


class GivenTests(AsyncTestCase):
    """What is taken with a title, cookies, methods, or a block to work in."""

    path = "/deleted-once-job"

    def test_its_title_is_what_the_function_returns(self):
        self.client().start(self.path, {"delete": "1", "names": "a b"})
        (process,) = self.processes()
        self.assertEqual(process.title, "Delete 2")

    def test_it_sees_the_cookies_that_it_names_and_no_others(self):
        client = self.client()
        client.set_cookie("box", "of-paper")
        client.set_cookie("other", "secret")
        with processes_run_by(Never()):
            client.start(self.path, {"delete": "1"})
        (process,) = self.processes()
        cookies = process.request.environ["HTTP_COOKIE"]
        self.assertEqual(cookies, 'box="of-paper"')

    def test_a_get_starts_one_where_that_is_a_method(self):
        client = self.client()
        response = client.get(f"{self.path}?delete=1")
        client.started(response)

    def test_it_works_in_the_block(self):
        client = self.client()
        process_id = client.start(self.path, {"delete": "1", "names": "a"})
        result = client.see(self.path, "result", process_id)
        self.assertEqual(result.text, "deleted ['a', 'within']")

    def test_another_view_that_calls_it_has_it_done_at_once(self):
        form = {"delete": "1", "names": "a"}
        page = self.client(MANAGER).post("/deleted-by-another", form)
        self.assertEqual(page.text, "deleted ['a']")
        self.assertEqual(self.processes(), [])


class ArgumentTests(unittest.TestCase):
    """What `in_background` takes."""

    def test_each_choice_that_a_view_has(self):
        for name in CHOICES:
            value = object()
            with self.subTest(name):
                taken = in_background(Exporting, **{name: value})
                self.assertIs(getattr(taken, name), value)

    def test_no_choice_that_there_is_not(self):
        with self.assertRaisesRegex(TypeError, "canceable.*cancellable"):
            in_background(Exporting, canceable=True)

    def test_no_instance(self):
        with self.assertRaisesRegex(TypeError, "no class of views"):
            in_background(Exporting(None, None))

    def test_no_view_that_is_an_async_one_already(self):
        with self.assertRaisesRegex(TypeError, "async view already"):
            in_background(type("A", (BaseAsyncView,), {}))

    def test_no_view_with_names_that_async_views_need(self):
        members = {"queue": "of people", "result": lambda self: 42}
        view = type("Clinic", (BrowserView,), members)
        with self.assertRaisesRegex(TypeError, "Clinic has queue, result"):
            in_background(view)

    def test_a_view_with_a_traversal_of_its_own(self):
        def publishTraverse(self, request, name):
            return name

        members = {"publishTraverse": publishTraverse}
        taken = in_background(type("Files", (BrowserView,), members))
        self.assertEqual(taken(None, None).publishTraverse(None, "a"), "a")

    def test_the_class_is_named_after_it(self):
        taken = in_background(Exporting)
        self.assertEqual(taken.__name__, "ExportingInBackground")
        self.assertEqual(taken.__doc__, Exporting.__doc__)
