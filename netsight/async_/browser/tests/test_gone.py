"""Who asks for a process at a view that is gone is led to where it is."""

import transaction

from netsight.async_.browser.tests.lasting_support import LastingTestCase
from netsight.async_.browser.tests.lasting_support import headers_of
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER


UNKNOWN = "01912345-0000-7000-8000-000000000000"


class GoneTests(LastingTestCase):
    """The context is not there."""

    def deleting(self, view, process_id):
        root = view.context.getPhysicalRoot()
        root.manage_delObjects([view.context.getId()])
        view.request.response.redirect(root.absolute_url() + "/next")

    def test_a_view_that_deletes_its_context_comes_out_right(self):
        self.job(self.deleting)
        client = self.client(MANAGER)
        page = client.post("/folder/job")
        for _each in range(3):
            self.assertEqual(page.status_int, 302)
            page = client.get(page.location, status="*")
        self.assertEqual(page.status_int, 302)
        self.assertEqual(page.location, "http://localhost/next")

    def test_each_page_that_is_asked_for(self):
        process_id = self.done()
        self.delete()
        for page in ("processing", "completed", "result", "process-status"):
            answer = self.client(EDITOR).see(
                "/folder/job", page, process_id, 302
            )
            self.assertEqual(
                answer.location,
                f"http://localhost/@@async-process/{page}"
                f"?process_id={process_id}",
            )

    def test_json_stays_json(self):
        process_id = self.done()
        self.delete()
        answer = self.client(EDITOR).see(
            "/folder/job", "completed", process_id, 302, output_json="true"
        )
        self.assertIn("completed", answer.follow().json)

    def test_whether_there_is_such_a_process_or_not(self):
        self.delete()
        answer = self.client().see("/folder/job", "result", UNKNOWN, 302)
        answer.follow(status=404)

    def test_what_is_no_page_of_a_process_is_not_found(self):
        for path in (
            "/gone/job/result",
            "/gone/job/result?process_id=5",
            f"/gone/job/other?process_id={UNKNOWN}",
            f"/gone/job/process-cancel?process_id={UNKNOWN}",
        ):
            self.client().get(path, status=404)


class LockedOutTests(LastingTestCase):
    """The context is there, but the visitor may not see it any more."""

    def locked(self, login=EDITOR):
        process_id = self.done(login)
        self.app.folder.manage_permission("View", ["Manager"])
        transaction.commit()
        return process_id

    def asks(self, process_id, login, status):
        client = self.client(login)
        return client.see("/folder/job", "processing", process_id, status)

    def test_the_owner_is_led_on(self):
        process_id = self.locked()
        answer = self.asks(process_id, EDITOR, 302)
        self.assertIn("/@@async-process/processing?", answer.location)
        self.assertNotIn("WWW-Authenticate", answer.headers)

    def test_of_an_anonymous_process_the_id_is_the_key(self):
        process_id = self.locked(None)
        self.asks(process_id, None, 302)

    def test_all_others_are_asked_to_log_in(self):
        process_id = self.locked()
        for login in (READER, None):
            answers = [
                self.asks(each, login, 401) for each in (process_id, UNKNOWN)
            ]
            for answer in answers:
                self.assertIn("WWW-Authenticate", answer.headers)
            self.assertEqual(*map(headers_of, answers))
