"""What is asked before something is destroyed, and what is done to many."""

import re
from unittest import mock

from ZODB.Connection import Connection

from netsight.async_.browser.lists.my_processes import MyProcesses
from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.queries import Found
from netsight.async_.records import limits
from netsight.async_.records.database import get_process
from netsight.async_.records.database import transact
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of


MINE, ALL = "/@@my-processes", "/@@async-processes"
JSON = {"Accept": "application/json"}
LONG = "netsight.async_.browser.question.WORKED_SECONDS"


def drop_request(root, process_id):
    get_process(root, process_id).outcome.take_request()


class QuestionTestCase(ListMixin, AsyncTestCase):
    def post(self, form, page=MINE, login=EDITOR, **kwargs):
        return self.client(login).post(page, form, **kwargs)

    def answered(self, page):
        """Send the form of a question; return the page that it leads to."""
        form = next(
            form
            for form in page.forms.values()
            if "sure" in form.fields
            and "netsight-async-question" in str(form.html)
        )
        return form.submit().follow()


class RemoveTests(QuestionTestCase):
    def test_it_asks_and_names_the_process(self):
        process_id = self.done()
        page = self.post({"remove": process_id}, status=200)
        self.assertIn("Remove this process?", page)
        self.assertIn("“job” of", text_of(page))
        self.assertEqual(self.ids(page), [])
        self.assertEqual(self.state(process_id), "completed")

    def test_its_form_removes_it(self):
        page = self.post({"remove": self.done()})
        self.assertIn("Removed: number ", self.answered(page))
        self.assertEqual(self.processes(), [])

    def test_no_leads_back_to_the_list_with_its_filter(self):
        process_id = self.done()
        page = self.post(
            {"remove": process_id, "state": "completed"}, ALL, MANAGER
        )
        url = re.search(r'data-part="keep" href="([^"]*)"', page.text)[1]
        self.assertEqual(url, f"http://localhost{ALL}?state=completed")
        self.assertIn("state=completed", self.answered(page).request.url)

    def test_a_program_is_not_asked(self):
        self.post({"remove": self.done()}, headers=JSON, status=302)
        self.assertEqual(self.processes(), [])

    def test_a_title_is_no_markup_in_it(self):
        process_id = self.done()
        get_process(self.app, process_id).title = "<script>alert(1)</script>"
        page = self.post({"remove": process_id})
        self.assertNotIn("<script>alert", page)

    def test_a_script_gets_the_question(self):
        page = self.post({"remove": self.done(), "ask": "1"})
        self.assertIn("Remove this process?", page)

    def test_that_of_others_is_not_there(self):
        self.post({"remove": self.done(READER)}, status=404)

    def test_a_forged_one_is_not_asked(self):
        headers = {"Origin": "https://evil.example"}
        self.post({"remove": self.done()}, headers=headers, status=403)


class StopTests(QuestionTestCase):
    def running(self, seconds):
        """POST a cancel of what has worked for `seconds` or more.

        Returns (page, state after it).
        """
        gate = Gate()
        self.job(lambda view, process_id: gate.reach())
        with self.threads(), mock.patch(LONG, seconds):
            process_id = self.client(EDITOR).start("/cancellable-job")
            gate.wait()
            try:
                page = self.post({"cancel": process_id})
                self.waiting = self.client(EDITOR).post(
                    "/cancellable-job/process-cancel",
                    {"process_id": process_id},
                )
                is_wanted = self.process(process_id).is_cancelling
                sure = self.answered(page) if page.status_int == 200 else None
                self.is_stopped = self.process(process_id).is_cancelling
            finally:
                gate.open()
        self.assertIn(self.state(process_id), ("cancelled", "completed"))
        return page, is_wanted, sure

    def test_what_has_worked_for_long_is_asked_about(self):
        page, is_wanted, sure = self.running(-1)
        self.assertIn("Stop this process?", page)
        self.assertIn("has worked for 0:0", text_of(page))
        self.assertFalse(is_wanted)
        self.assertIn("Cancelled.", sure)
        self.assertTrue(self.is_stopped)

    def test_so_it_is_on_the_waiting_page(self):
        self.running(-1)
        page = self.waiting
        self.assertEqual(page.status_int, 200)
        self.assertIn("<title>Stop this process?</title>", page)
        self.assertIn("Let it go on", page)
        self.assertIn("no-store", page.headers["Cache-Control"])

    def test_what_has_just_begun_is_stopped_at_once(self):
        page, is_wanted, _sure = self.running(10)
        self.assertEqual(page.status_int, 302)
        self.assertTrue(is_wanted)

    def test_what_waits_is_stopped_at_once(self):
        self.post({"cancel": self.queued()}, status=302)

    def test_a_script_is_told_when_there_is_nothing_to_ask(self):
        process_id = self.queued()
        page = self.post({"cancel": process_id, "ask": "1"})
        self.assertEqual(page.text, "nothing to ask")
        self.assertEqual(page.content_type, "text/plain")
        page = self.client(EDITOR).post(
            "/cancellable-job/process-cancel",
            {"process_id": process_id, "ask": "1"},
        )
        self.assertEqual(page.text, "nothing to ask")
        self.assertEqual(self.state(process_id), "queued")


class ManyTests(QuestionTestCase):
    """The buttons for all that a list finds."""

    def press(self, button, page=MINE, login=EDITOR, **fields):
        """Press it and say Yes; return (question, page)."""
        question = self.post({button: "1", **fields}, page, login, status=200)
        return text_of(question), self.answered(question)

    def test_they_ask_and_say_how_many(self):
        ids = [self.queued(), self.queued(), self.done()]
        self.queued(READER)
        page = self.post({"cancel-all": "1"})
        self.assertIn("2 that wait or run are stopped", text_of(page))
        states = [self.state(each) for each in ids]
        self.assertEqual(states, ["queued", "queued", "completed"])

    def test_ones_own_are_cancelled(self):
        mine, theirs = self.queued(), self.queued(READER)
        deaf = self.queued(view="job")
        _question, page = self.press("cancel-all")
        self.assertIn("Cancelled: 1.", page)
        states = [self.state(each) for each in (mine, theirs, deaf)]
        self.assertEqual(states, ["cancelled", "queued", "queued"])

    def test_those_that_match_the_filter_are_cancelled(self):
        mine, theirs = self.queued(), self.queued(READER)
        self.press("cancel-all", ALL, MANAGER, user="reader")
        states = [self.state(each) for each in (mine, theirs)]
        self.assertEqual(states, ["queued", "cancelled"])

    def test_the_question_says_how_many_cannot_be_stopped(self):
        self.queued(), self.queued(view="job"), self.queued(view="job")
        self.done()
        text = text_of(self.post({"cancel-all": "1"}, status=200))
        self.assertIn("1 that wait or run are stopped", text)
        self.assertIn("as the view does not allow it: 2.", text)

    def test_where_all_can_be_stopped_it_does_not(self):
        self.queued(), self.done()
        text = text_of(self.post({"cancel-all": "1"}, status=200))
        self.assertNotIn("Cannot be stopped", text)

    def test_where_none_can_be_stopped_a_warning_says_why(self):
        deaf = self.queued(view="job")
        form = {"cancel-all": "1", "state": "queued"}
        page = self.post(form, ALL, MANAGER, status=302).follow()
        warning = page.html.find(class_="alert-warning", role="status")
        self.assertIn("Nothing was stopped.", warning.text)
        self.assertIn("(1) cannot be stopped: its view", warning.text)
        self.assertIsNone(page.html.find(class_="alert-success"))
        self.assertEqual(self.ids(page), [deaf])
        self.assertEqual(self.state(deaf), "queued")

    def test_where_none_waits_or_runs_a_warning_says_so(self):
        self.done()
        page = self.post({"cancel-all": "1"}, status=302).follow()
        warning = page.html.find(class_="alert-warning", role="status")
        self.assertIn("none of these waits or runs", warning.text)

    def test_a_script_is_told_that_there_is_nothing_to_ask(self):
        self.queued(view="job")
        page = self.post({"cancel-all": "1", "ask": "1"})
        self.assertEqual(page.text, "nothing to ask")

    def test_it_asks_where_not_all_was_looked_at(self):
        ids = [self.queued(), self.queued(view="job")]
        found = Found(ids[1:], ids[1])
        with mock.patch.object(MyProcesses, "found", found):
            text = text_of(self.post({"cancel-all": "1"}, status=200))
        self.assertIn("0+ that wait or run are stopped", text)

    def test_many_that_cannot_be_stopped_are_counted_in_all_batches(self):
        for _each in range(3):
            self.queued(view="job")
        with mock.patch("netsight.async_.bulk.CANCEL_BATCH", 2):
            page = self.post({"cancel-all": "1"}, status=302).follow()
        self.assertIn("waits or runs here (3) cannot", text_of(page))

    def test_their_owners_are_told(self):
        self.queued()
        seen = []
        with mock.patch("netsight.async_.bulk.tell_in_thread", seen.append):
            self.press("cancel-all")
        self.assertEqual(len(seen[0]), 1)

    def test_many_are_cancelled_in_many_transactions(self):
        ids = [self.queued() for _each in range(5)]
        with mock.patch("netsight.async_.bulk.CANCEL_BATCH", 2):
            _question, page = self.press("cancel-all")
        self.assertIn("Cancelled: 5.", page)
        self.assertEqual({self.state(i) for i in ids}, {"cancelled"})

    def test_what_is_left_over_is_told(self):
        ids = [self.queued() for _each in range(3)]
        with (
            mock.patch("netsight.async_.bulk.CANCEL_BATCH", 2),
            mock.patch("netsight.async_.bulk.CANCEL_MOST", 2),
        ):
            _question, page = self.press("cancel-all")
        self.assertIn("Cancelled: 2.", page)
        self.assertIn("There are more.", text_of(page))
        self.assertEqual(self.ids(page), ids[:1])

    def test_what_cannot_be_stored_is_told(self):
        process_id = self.queued()
        with (
            mock.patch.object(
                Connection, "tpc_vote", side_effect=OSError("full")
            ),
            self.assertLogs("netsight.async_", "ERROR"),
        ):
            page = self.post({"cancel-all": "1", "sure": "1"}, status=503)
        self.assertIn("could not store your request", text_of(page))
        self.assertEqual(self.state(process_id), "queued")

    def test_what_failed_is_run_again(self):
        failed, other = self.failed(), self.failed(READER)
        without = self.failed()
        transact("test", drop_request, without)
        self.done()
        self.job(lambda view, pid: "better")
        question, page = self.press("again-all")
        self.assertIn("1 that have ended without a result", question)
        self.assertIn("as new processes: 1.", page)
        self.assertEqual(self.processes()[-1].state, "completed")
        self.assertFalse(self.process(failed).may_run_again)
        self.assertTrue(self.process(other).may_run_again)

    def test_a_full_queue_is_told(self):
        failed = [self.failed(), self.failed()]
        with (
            mock.patch.dict("os.environ", NETSIGHT_ASYNC_MAX_QUEUED_USER="2"),
            mock.patch.object(limits, "_next", {}),
            processes_run_by(Never()),
            self.assertLogs("netsight.async_", "WARNING"),
        ):
            self.client(EDITOR).start("/cancellable-job")
            _question, page = self.press("again-all")
        self.assertIn("as new processes: 1. No more may wait", text_of(page))
        left = [self.process(each).may_run_again for each in failed]
        self.assertEqual(sorted(left), [False, True])

    def test_what_has_ended_is_removed(self):
        self.done(), self.failed()
        theirs, queued = self.done(READER), self.queued()
        question, page = self.press("remove-ended")
        self.assertIn("2 that have ended are removed", question)
        self.assertIn("Removed: 2.", page)
        self.assertEqual([p.id for p in self.processes()], [theirs, queued])

    def test_a_forged_one_changes_nothing(self):
        queued = self.queued()
        headers = {"Origin": "https://evil.example"}
        for button in ("cancel-all", "again-all", "remove-ended"):
            form = {button: "1", "sure": "1"}
            self.post(form, headers=headers, status=403)
        self.assertEqual(self.state(queued), "queued")

    def test_the_new_process_is_linked(self):
        process_id = self.failed()
        self.job(lambda view, pid: "better")
        page = self.post({"again": process_id}).follow()
        new = self.processes()[-1].id
        self.assertRegex(
            page.text, rf'href="[^"]*processing\?process_id={new}"[^>]*>Look'
        )

    def test_odd_values_after_a_button_are_none(self):
        for query in ("done=cancel-all&count=<b>", "done=again&new=x"):
            page = self.client(EDITOR).get(f"{MINE}?{query}")
            self.assertNotIn("<b>", page)
            self.assertNotIn("Look at it", page)
