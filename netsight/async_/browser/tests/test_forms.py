"""A form without an action, on the page that is a result."""

from urllib.parse import parse_qs
from urllib.parse import urlsplit

import transaction

from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.views import JobView


FORM = (
    '<html><body><p>%s</p><form method="post"><input name="word">'
    '<button name="run">Run</button></form></body></html>'
)


class FormTests(AsyncTestCase):
    base = "/folder"

    def setUp(self):
        super().setUp()
        self.app.manage_addFolder("folder")
        transaction.commit()
        self.job(self.answer)

    def answer(self, view, process_id):
        view.request.response.setHeader("Content-Type", "text/html")
        form = view.request.form
        if form.get("word") == "away":
            view.request.response.redirect("@@away")
        return FORM % f"{form.get('word')} {process_id}"

    def result(self, word, page=None):
        """Return the page for a word, and the id of the process."""
        if page is None:
            page = self.client().post("/folder/job", {"word": word})
        else:
            form = page.form
            form["word"] = word
            page = form.submit("run")
        process_id = parse_qs(urlsplit(page.location).query)["process_id"][0]
        return page.follow().follow(), process_id

    def test_it_starts_another_process(self):
        page, first_id = self.result("first")
        self.assertIn(f"first {first_id}", page)
        page, second_id = self.result("second", page)
        self.assertNotEqual(first_id, second_id)
        self.assertIn(f"second {second_id}", page)
        page, third_id = self.result("third", page)
        self.assertIn(f"third {third_id}", page)

    def test_a_view_that_starts_nothing_shows_its_page(self):
        page, _process_id = self.result("first")
        JobView.run_process, kept = lambda view: False, JobView.run_process
        try:
            answer = page.form.submit("run")
        finally:
            JobView.run_process = kept
        self.assertEqual(answer.text, "the form")

    def test_relative_redirects_lead_where_those_of_the_view_do(self):
        page, _process_id = self.result("first")
        form = page.form
        form["word"] = "away"
        page = form.submit("run").follow().follow()
        self.assertEqual(page.location, "http://localhost/folder/@@away")
