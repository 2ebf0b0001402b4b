"""What is known of a process that has expired, and who is told."""

import pickle
import time
from unittest import mock

import transaction

from netsight.async_.records import expired
from netsight.async_.records.database import get_process
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import transact
from netsight.async_.records.expired import Expired
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.owners import Owner
from netsight.async_.serving.recovery import sweep
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import text_of


DAY_SECONDS = 24 * 3600
ANN, BOB = Owner("ann", "/acl_users"), Owner("bob", "/acl_users")


def end_days_ago(root, process_id, days):
    process = get_process(root, process_id)
    process.outcome.finished = time.time() - days * DAY_SECONDS


class ExpiredTests(AsyncTestCase):
    def expired(self, login=EDITOR):
        _client, process_id = self.run_job(lambda view, pid: "x", login)
        transact("test", end_days_ago, process_id, 8)
        transaction.begin()
        sweep(getProcessRegistry(self.app))
        transaction.commit()
        self.assertEqual(self.processes(), [])
        return process_id

    def test_its_owner_is_told_when(self):
        process_id = self.expired()
        client = self.client(EDITOR)
        for path in ("/job", "/@@async-process"):
            for page in ("processing", "result", "process-status"):
                answer = client.see(path, page, process_id, status=410)
                self.assertIn("has expired on 20", text_of(answer))
                self.assertIn("<title>Expired</title>", answer)

    def test_a_program_gets_a_problem(self):
        url = f"/job/process-status?process_id={self.expired()}"
        headers = {"Accept": "application/json"}
        problem = self.client(EDITOR).get(url, headers=headers, status=410)
        self.assertTrue(problem.json["type"].endswith("#expired"))

    def test_scripts_for_1x_get_an_error_as_before(self):
        process_id = self.expired()
        answer = self.client(EDITOR).see(
            "/job", "completed", process_id, output_json=1, status=410
        )
        self.assertEqual(answer.json, {"completed": "ERROR"})

    def test_others_are_not_told(self):
        process_id = self.expired()
        for login in (READER, None):
            self.client(login).see("/job", "result", process_id, status=404)

    def test_of_an_anonymous_visitors_the_id_is_the_key(self):
        process_id = self.expired(None)
        self.client().see("/job", "result", process_id, status=410)

    def test_an_unknown_id_is_not_found(self):
        self.expired()
        self.client(EDITOR).see("/job", "result", new_process_id(), 404)

    def test_lists_and_pages_say_until_when(self):
        client, _id = self.run_job(lambda view, pid: "x", EDITOR)
        self.assertIn("Kept until", client.get("/@@my-processes"))
        with self.assertLogs("netsight.async_", "ERROR"):
            client, process_id = self.run_job(lambda view, pid: 1 / 0)
        page = client.see("/job", "processing", process_id)
        self.assertIn("This page is kept until", text_of(page))


class BoundTests(AsyncTestCase):
    def process(self, owner=ANN):
        process = make_process(owner=owner)
        process.id = new_process_id()
        return process

    def test_those_that_were_started_first_are_forgotten(self):
        gone, processes = Expired(), [self.process() for _each in range(5)]
        with mock.patch.object(expired, "GONE_MOST", 3):
            for process in processes:
                gone.note(process, 12)
        known = [gone.when(process.id, ANN) for process in processes]
        self.assertEqual(known, [None, None, 12, 12, 12])

    def test_one_that_is_noted_twice_counts_once(self):
        gone, process = Expired(), self.process()
        with mock.patch.object(expired, "GONE_MOST", 1):
            gone.note(process, 12)
            gone.note(process, 13)
        self.assertEqual(gone.when(process.id, ANN), 13)

    def test_the_owner_counts(self):
        gone, process = Expired(), self.process()
        gone.note(process, 12)
        self.assertIsNone(gone.when(process.id, BOB))

    def test_each_takes_fifty_bytes_at_most(self):
        gone = Expired()
        for _each in range(1000):
            gone.note(self.process(), time.time())
        state = dict(gone._gone)
        self.assertLess(len(pickle.dumps(list(state.items()), 3)), 50_000)
