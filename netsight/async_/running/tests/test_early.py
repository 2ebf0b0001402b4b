"""Processes that wait for a time: who starts and takes them, what is shown."""

import math
import time
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from unittest import mock

import transaction
from zope.interface import implementer

from netsight.async_ import Retry
from netsight.async_ import start_process
from netsight.async_.actions import run_again
from netsight.async_.executors.doorbell import ring_all
from netsight.async_.interfaces import IBrokerExecutor
from netsight.async_.queries import active_of
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running.runner import run
from netsight.async_.running.tests.retry_support import LATER
from netsight.async_.running.tests.retry_support import VIEW
from netsight.async_.running.tests.retry_support import RetryTestCase
from netsight.async_.running.tests.retry_support import come
from netsight.async_.running.tests.retry_support import is_away
from netsight.async_.serving import server
from netsight.async_.serving.polling import Poll
from netsight.async_.serving.rounds import Rounds
from netsight.async_.serving.worker import _has_work
from netsight.async_.testing import inline_processes
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Client
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of
from netsight.async_.tests.views import JobView


class StartTests(RetryTestCase):
    """What code says when it starts one."""

    def test_it_does_not_begin_before_its_time(self):
        process = self.process(self.start_later())
        self.assertEqual(process.state, "queued")
        self.assertEqual(process.not_before, LATER)
        self.assertTrue(process.is_early)
        self.job(lambda view, process_id: "done")
        self.assertEqual(self.run_in_time(process.id).state, "completed")

    def test_a_time_that_is_over_delays_nothing(self):
        self.job(lambda view, process_id: "done")
        process_id = self.start_later(when=time.time() - 1)
        self.assertEqual(self.process(process_id).state, "completed")

    def test_a_datetime_with_a_zone(self):
        for zone in (timezone.utc, timezone(timedelta(hours=2))):
            when = datetime.fromtimestamp(LATER, zone)
            process = start_process(self.app, "job", not_before=when)
            self.assertEqual(process.not_before, LATER)

    def test_what_is_no_time_is_refused(self):
        for when, error in (
            (datetime(2100, 1, 1), TypeError),
            ("2100-01-01", TypeError),
            (True, TypeError),
            (1e18, ValueError),
            (math.inf, ValueError),
            (math.nan, ValueError),
        ):
            with self.subTest(when), self.assertRaises(error):
                start_process(self.app, "job", not_before=when)

    def test_a_retry_stands_in_for_that_of_the_view(self):
        self.job(is_away)
        with self.assertLogs("netsight.async_", "WARNING"):
            process_id = start_process(
                self.app, "job", retry=Retry(OSError, first_delay=7)
            ).id
            transaction.commit()
        process = self.process(process_id)
        self.assertEqual(process.retries, 1)
        self.assertAlmostEqual(process.not_before, time.time() + 7, delta=5)

    def test_what_is_no_retry_is_refused(self):
        with self.assertRaises(TypeError):
            start_process(self.app, "job", retry=OSError)

    def test_run_again_it_does_not_wait(self):
        with mock.patch.object(JobView, "restart_after_crash", True):
            process_id = self.start_later()
        process = self.process(process_id)
        process.cancel()
        new = run_again(query_registry(self.app), process)
        self.assertIsNone(new.not_before)


class RungTests(RetryTestCase):
    """Who rings for it, and when."""

    def rung_by(self, function):
        rung = []

        class Noting(Never):
            runs_here = True

            def ring(self, process_id, *choices):
                rung.append(process_id)

        with processes_run_by(Noting()):
            function()
        return rung

    def test_nobody_when_it_is_started(self):
        self.assertEqual(self.rung_by(self.start_later), [])

    def test_a_server_at_the_first_beat_after_that_time(self):
        process_id = self.start_later()
        self.assertEqual(self.rung_by(server.Duty()), [])
        transact("test", come, process_id)
        self.assertEqual(self.rung_by(server.Duty()), [process_id])

    def test_one_that_knows_of_it_need_not_look_again(self):
        duty = server.Duty()
        with mock.patch("time.time", return_value=LATER - 1):
            process_id = self.start_later()
            self.assertEqual(self.rung_by(duty), [])
        with mock.patch("time.time", return_value=LATER + 1):
            self.assertEqual(self.rung_by(duty), [process_id])

    def test_what_is_looked_at_often_rings_for_none(self):
        self.start_later()
        self.assertEqual(self.rung_by(Poll()), [])

    def test_a_broker_gets_no_message(self):
        reminded = []

        @implementer(IBrokerExecutor)
        class Broker(Never):
            def remind(self, queued):
                reminded.append(queued)

        self.start_later()
        with processes_run_by(Broker()):
            ring_all(self.queued())
        self.assertEqual(reminded, [[]])

    def queued(self):
        rounds = Rounds()
        transaction.begin()
        rounds.note(rounds.look(query_registry(self.app)))
        self.assertEqual(len(rounds.queued()), 1)
        return rounds.queued()

    def test_a_worker_that_drains_does_not_wait_for_it(self):
        process_id = self.start_later()
        transaction.begin()
        self.assertFalse(_has_work(self.app))
        transact("test", come, process_id)
        transaction.begin()
        self.assertTrue(_has_work(self.app))


class LineTests(RetryTestCase):
    """One that is early keeps nobody waiting."""

    def test_those_behind_it_in_its_line_begin(self):
        self.start_later("in-turn-job")
        self.job(lambda view, process_id: "done")
        with inline_processes():
            process_id = self.client().start("/in-turn-job")
        self.assertEqual(self.process(process_id).state, "completed")

    def test_when_its_time_has_come_it_is_waited_for(self):
        early = self.start_later("in-turn-job")
        transact("test", come, early)
        self.job(lambda view, process_id: "done")
        with processes_run_by(Never()):
            process_id = self.client().start("/in-turn-job")
        run(process_id)
        self.assertEqual(self.process(process_id).state, "queued")

    def test_it_has_no_place_in_the_queue(self):
        self.start_later()
        with processes_run_by(Never()):
            process_id = self.client().start("/job")
        transaction.begin()
        registry = query_registry(self.app)
        self.assertEqual(registry.queued_before(process_id).count, 0)

    def test_it_is_queued_for_monitoring_but_not_late(self):
        self.start_later()
        transaction.begin()
        active = active_of(query_registry(self.app))
        self.assertEqual((active.queued, active.oldest), (1, None))

    def test_it_waits_since_its_time(self):
        process_id = self.start_later()
        transact("test", come, process_id)
        transaction.begin()
        process = get_process(self.app, process_id)
        since = max(process.created, process.not_before)
        active = active_of(query_registry(self.app))
        self.assertEqual(active.oldest, since)


class ShownTests(RetryTestCase):
    """What people and programs see."""

    def status(self, process_id, view="/job"):
        page = Client().see(view, "process-status", process_id)
        return page.json

    def test_json_has_the_time_and_how_often(self):
        status = self.status(self.start_later())
        self.assertEqual(status["state"], "queued")
        self.assertEqual(status["not_before"], "2100-01-01T00:00:00+00:00")
        self.assertEqual(status["retries"], 0)
        self.assertIsNone(status["ahead"])
        self.assertEqual(self.status(self.put_off(), VIEW)["retries"], 1)

    def test_when_the_time_has_come_it_has_none(self):
        process_id = self.start_later()
        transact("test", come, process_id)
        status = self.status(process_id)
        self.assertIsNone(status["not_before"])
        self.assertEqual(status["ahead"], 0)

    def test_the_waiting_page_says_when_it_begins(self):
        process_id = self.start_later()
        text = text_of(Client().see("/job", "processing", process_id))
        self.assertRegex(text, "Begins at .*2100|Begins at .*1999")

    def test_or_that_an_attempt_has_failed(self):
        process_id = self.put_off()
        text = text_of(Client().see(VIEW, "processing", process_id))
        self.assertIn("The last attempt failed. Next attempt at", text)
        self.assertNotIn("Ahead of you", text)

    def test_so_do_the_lists(self):
        self.put_off()
        self.start_later()
        text = text_of(self.client(MANAGER).get("/@@async-processes"))
        self.assertIn("The last attempt failed. Next attempt at", text)
        self.assertIn("Begins at", text)
