"""A process is run again from its own page; how long its request is kept."""

import time
from unittest import mock
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import transaction

from netsight.async_.answers.refusals import refusal_of
from netsight.async_.exceptions import NotRepeatableError
from netsight.async_.records import limits
from netsight.async_.records.database import get_process
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import transact
from netsight.async_.serving.recovery import sweep
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of


HOURS = "NETSIGHT_ASYNC_KEEP_REQUEST_HOURS"
PROGRAM = {"Accept": "application/json", "Prefer": "respond-async"}
LASTING = "/@@async-process"


def end_hours_ago(root, process_id, hours):
    get_process(root, process_id).outcome.finished = time.time() - hours * 3600


class AgainTestCase(AsyncTestCase):
    def failed(self, login=EDITOR, view="job"):
        with self.assertLogs("netsight.async_", "ERROR"):
            client, process_id = self.run_job(
                lambda view, pid: 1 / 0, login, view, {"name": "ann"}
            )
        self.job(lambda view, pid: f"better for {view.request.form['name']}")
        return client, process_id

    def again(self, process_id, login=EDITOR, path="/job", **kwargs):
        return self.client(login).post(
            f"{path}/process-again", {"process_id": process_id}, **kwargs
        )

    def has_button(self, client, process_id):
        page = client.see("/job", "processing", process_id)
        return "process-again?" in page.text


class PageTests(AgainTestCase):
    def test_the_page_of_a_failed_one_has_the_button(self):
        client, process_id = self.failed()
        page = client.see("/job", "processing", process_id)
        form = next(iter(page.forms.values()))
        answer = form.submit()
        query = parse_qs(urlsplit(answer.location).query)
        new = self.processes()[-1]
        self.assertEqual(query["process_id"], [new.id])
        result = answer.follow().follow()
        self.assertEqual(result.text, "better for ann")

    def test_it_can_be_done_once(self):
        client, process_id = self.failed()
        self.again(process_id, status=302)
        page = self.again(process_id, status=409)
        sentence = refusal_of(NotRepeatableError()).sentence
        self.assertIn(sentence.default, text_of(page))
        self.assertFalse(self.has_button(client, process_id))

    def test_so_it_is_at_the_address_that_needs_no_context(self):
        _client, process_id = self.failed()
        answer = self.again(process_id, path=LASTING, status=302)
        self.assertIn(f"{LASTING}/processing?", answer.location)
        self.assertEqual(self.processes()[-1].state, "completed")

    def test_a_get_changes_nothing(self):
        client, process_id = self.failed()
        page = client.see("/job", "process-again", process_id, status=405)
        self.assertEqual(page.headers["Allow"], "POST")
        self.assertEqual(len(self.processes()), 1)

    def test_a_forged_one_changes_nothing(self):
        _client, process_id = self.failed()
        headers = {"Origin": "https://evil.example"}
        self.again(process_id, headers=headers, status=403)
        self.assertEqual(len(self.processes()), 1)

    def test_others_cannot(self):
        _client, process_id = self.failed()
        for login in (READER, None):
            for path in ("/job", LASTING):
                self.again(process_id, login, path, status=404)
        self.assertEqual(len(self.processes()), 1)

    def test_it_runs_as_its_owner(self):
        _client, process_id = self.failed()
        self.again(process_id, ("manager", "s3cret-of-manager"))
        self.assertEqual(self.processes()[-1].owner.user_id, "editor")

    def test_what_completed_cannot(self):
        client, process_id = self.run_job(lambda view, pid: "x", EDITOR)
        self.again(process_id, status=409)
        status = client.see("/job", "process-status", process_id).json
        self.assertNotIn("process-again", status["links"])

    def test_a_program_gets_the_new_status(self):
        client, process_id = self.failed()
        status = client.see("/job", "process-status", process_id).json
        answer = client.post(
            status["links"]["process-again"], headers=PROGRAM, status=202
        )
        self.assertEqual(answer.json["id"], self.processes()[-1].id)
        self.assertIn("process-status", answer.headers["Location"])

    def test_a_full_queue_refuses(self):
        _client, process_id = self.failed()
        with (
            mock.patch.dict("os.environ", NETSIGHT_ASYNC_MAX_QUEUED_USER="1"),
            processes_run_by(Never()),
            mock.patch.object(limits, "_next", {}),
            self.assertLogs("netsight.async_", "WARNING"),
        ):
            self.client(EDITOR).start("/job")
            self.again(process_id, status=429)
        self.assertTrue(self.process(process_id).may_run_again)

    def test_one_that_was_cancelled_can(self):
        with processes_run_by(Never()):
            client = self.client(EDITOR)
            process_id = client.start("/cancellable-job")
            client.post(
                "/cancellable-job/process-cancel", {"process_id": process_id}
            )
        self.assertTrue(self.process(process_id).may_run_again)


class KeptTests(AgainTestCase):
    def test_after_that_time_it_cannot(self):
        client, process_id = self.failed()
        transact("test", end_hours_ago, process_id, 25)
        self.assertFalse(self.has_button(client, process_id))
        self.again(process_id, status=409)

    def test_before_it_can(self):
        client, process_id = self.failed()
        transact("test", end_hours_ago, process_id, 23)
        self.assertTrue(self.has_button(client, process_id))

    def test_the_sweep_drops_the_request_then(self):
        _client, old = self.failed()
        _client, new = self.failed()
        transact("test", end_hours_ago, old, 25)
        transaction.begin()
        sweep(getProcessRegistry(self.app))
        transaction.commit()
        self.assertIsNone(self.process(old).request)
        self.assertIsNotNone(self.process(new).request)

    def test_a_view_that_runs_again_after_a_crash_keeps_it(self):
        _client, process_id = self.failed(view="again-job")
        transact("test", end_hours_ago, process_id, 25)
        transaction.begin()
        sweep(getProcessRegistry(self.app))
        transaction.commit()
        self.assertTrue(self.process(process_id).may_run_again)

    def test_with_0_it_is_dropped_at_the_end(self):
        with mock.patch.dict("os.environ", {HOURS: "0"}):
            _client, process_id = self.failed()
            self.assertIsNone(self.process(process_id).request)
        self.assertFalse(self.process(process_id).may_run_again)

    def test_what_completed_drops_it(self):
        _client, process_id = self.run_job(lambda view, pid: "x", EDITOR)
        self.assertIsNone(self.process(process_id).request)
