"""What `process-status` tells."""

import time
from datetime import datetime
from unittest import mock

import transaction

from netsight.async_.actions import pause_queue
from netsight.async_.answers.status import elapsed
from netsight.async_.answers.status import iso_time
from netsight.async_.answers.status import waited
from netsight.async_.records import places
from netsight.async_.records.database import get_process
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import lookout
from netsight.async_.running.monitor import monitor
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import deployed
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.waiting import WAIT_SECONDS


class StatusTests(AsyncTestCase):
    def status(self, client, process_id, path="/job"):
        return client.see(path, "process-status", process_id).json

    def queued(self, count):
        with processes_run_by(Never()):
            return [self.client().start("/job") for _ in range(count)]

    def test_of_a_completed_process(self):
        client, process_id = self.run_job(lambda view, pid: "x")
        status = self.status(client, process_id)
        at = "http://localhost/@@async-process"
        query = f"?process_id={process_id}"
        times = [status.pop(name) for name in ("created", "started")]
        self.assertLessEqual(times[1], status.pop("finished"))
        self.assertGreaterEqual(status.pop("waited"), 0)
        self.assertEqual(
            status,
            {
                "id": process_id,
                "title": "job",
                "state": "completed",
                "progress": 100,
                "message": None,
                "cancelling": False,
                "ahead": None,
                "ahead_more": False,
                "in_turn": False,
                "held": False,
                "paused": False,
                "not_before": None,
                "retries": 0,
                "elapsed": 0,
                "seconds_left": None,
                "download": False,
                "reason": None,
                "log": None,
                "links": {
                    "process-status": f"{at}/process-status{query}",
                    "processing": f"{at}/processing{query}",
                    "result": f"{at}/result{query}",
                },
            },
        )

    def test_it_is_looked_twice_at_most_whether_the_worker_lives(self):
        with (
            self.held() as (client, process_id),
            mock.patch.object(
                lookout, "is_alive", wraps=lookout.is_alive
            ) as is_alive,
        ):
            self.assertEqual(self.status(client, process_id)["elapsed"], 0)
            # For the state, and for the link to cancel it.
            self.assertEqual(is_alive.call_count, 2)

    def test_of_a_running_process(self):
        def work(view, process_id):
            view.set_progress(process_id, 25, "Importing")

        with self.held(work=work) as (client, process_id):
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
            status = self.status(client, process_id)
        self.assertEqual(status["state"], "running")
        self.assertEqual(status["progress"], 25)
        self.assertEqual(status["message"], "Importing")
        self.assertIsNone(status["finished"])
        self.assertIsNone(status["ahead"])

    def test_a_queued_process_has_a_place_in_the_queue(self):
        self.job(lambda view, pid: "x")
        ids = self.queued(3)
        ahead = [self.status(self.client(), i)["ahead"] for i in ids]
        self.assertEqual(ahead, [0, 1, 2])
        run(ids[0])
        # As when the next poll comes, a second later.
        with mock.patch.object(places, "SEEN_SECONDS", 0):
            places._seen.clear()
            ahead = [self.status(self.client(), i)["ahead"] for i in ids]
        self.assertEqual(ahead, [None, 0, 1])

    def test_a_file_to_save(self):
        disposition = "attachment; filename=a.csv"

        def work(view, process_id):
            view.request.response.setHeader("Content-Disposition", disposition)
            return "a,b"

        client, process_id = self.run_job(work)
        self.assertTrue(self.status(client, process_id)["download"])

    def test_how_long_it_has_waited(self):
        (process_id,) = self.queued(1)
        created = self.process(process_id).created
        with mock.patch("time.time", return_value=created + 65):
            self.assertEqual(waited(self.process(process_id)), 65)

    def test_one_that_is_held_has_none(self):
        (process_id,) = self.queued(1)
        with deployed("staging"):
            status = self.status(self.client(), process_id)
        self.assertEqual(
            (status["state"], status["held"], status["ahead"]),
            ("queued", True, None),
        )

    def test_one_in_a_paused_queue_says_so(self):
        (process_id,) = self.queued(1)
        pause_queue(getProcessRegistry(self.app), "default")
        transaction.commit()
        status = self.status(self.client(), process_id)
        self.assertEqual((status["state"], status["paused"]), ("queued", True))

    def test_it_does_not_look_further_than_the_limit(self):
        self.job(lambda view, pid: "x")
        last = self.queued(5)[-1]
        with mock.patch("netsight.async_.records.places.AHEAD_MOST", 2):
            status = self.status(self.client(), last)
        self.assertEqual((status["ahead"], status["ahead_more"]), (2, True))

    def test_what_is_left_is_told_for_a_steady_process(self):
        gate = Gate()
        self.job(lambda view, pid: gate.reach())
        with self.threads():
            client = self.client()
            process_id = client.start("/job")
            gate.wait()
            transact("test", show_steadily, process_id)
            left = self.status(client, process_id)["seconds_left"]
            gate.open()
        self.assertTrue(88 <= left <= 90, left)

    def test_a_get_writes_nothing(self):
        client, process_id = self.run_job(lambda view, pid: "x")
        before = self.app._p_jar.db().storage.lastTransaction()
        self.status(client, process_id)
        after = self.app._p_jar.db().storage.lastTransaction()
        self.assertEqual(after, before)


def show_steadily(root, process_id):
    """Have progress of one percent a second, of which the last is now."""
    part = get_process(root, process_id)
    now = time.time()
    for number in range(11):
        with mock.patch("time.time", return_value=now - 10 + number):
            part.show(number, None)


class TimeTests(AsyncTestCase):
    def test_times_are_in_utc(self):
        self.assertEqual(iso_time(0.5), "1970-01-01T00:00:00+00:00")
        self.assertIsNone(iso_time(None))
        parsed = datetime.fromisoformat(iso_time(1_700_000_000))
        self.assertEqual(parsed.timestamp(), 1_700_000_000)

    def test_elapsed_ends_with_the_process(self):
        process = mock.Mock(started=100.0, finished=160.4)
        self.assertEqual(elapsed(process), 60)

    def test_elapsed_is_never_negative(self):
        process = mock.Mock(started=100.0, finished=90.0)
        self.assertEqual(elapsed(process), 0)
