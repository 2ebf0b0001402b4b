"""What monitoring is told, and what it costs."""

import json
import re
import time
import unittest
from unittest import mock

import transaction

from netsight.async_ import queries
from netsight.async_.config import PROCESS_REGISTRY_ID
from netsight.async_.queries import ACTIVE_MOST
from netsight.async_.queries import RECENT_MOST
from netsight.async_.queries import health_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.lease import Worker
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.records.parts import Error
from netsight.async_.records.paused import Pause
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import ANN
from netsight.async_.tests.record_support import deployed
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never


NOTHING = {
    "queued": 0,
    "oldest_queued_seconds": 0,
    "running": 0,
    "silent": 0,
    "held": 0,
    "paused_queues": 0,
    "failed_last_hour": 0,
    "lost_last_hour": 0,
    "workers_alive": 1,
}

PROMETHEUS_ACCEPT = (
    "application/openmetrics-text;version=1.0.0;q=0.8,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)

RECORDS = 10_000


def started(seconds_ago=0, owner=ANONYMOUS):
    """Return a queued process that was started some seconds ago."""
    process_id = new_process_id(time.time_ns() - seconds_ago * 10**9)
    process = make_process(process_id, owner, "/job")
    process.created -= seconds_ago
    return process


def failed(process, seconds_ago):
    """End a process some seconds ago."""
    process.fail(1, Error("E", "text", "traceback"))
    process.outcome.finished -= seconds_ago
    return process


class NumberTests(unittest.TestCase):
    def setUp(self):
        self.registry = ProcessRegistry()

    def add(self, *processes):
        for process in processes:
            self.registry.add(process)
            if process.is_final:
                self.registry.retire(process.id)

    def check(self, **expected):
        self.assertEqual(health_of(self.registry), {**NOTHING, **expected})

    def test_of_an_empty_registry(self):
        self.check()

    def test_the_queue_and_how_long_the_oldest_waits(self):
        self.add(started(90), started(30), started(60))
        self.check(queued=3, oldest_queued_seconds=90)

    def test_a_start_by_a_clock_that_is_ahead_waits_no_negative_time(self):
        self.add(started(-90))
        self.check(queued=1)

    def test_what_runs_is_not_queued(self):
        self.add(started(90), started(30))
        worker = Worker("other")
        first = self.registry.active_ids()[0]
        self.registry[first].claim_for(worker)
        self.check(queued=1, oldest_queued_seconds=30, running=1)

    def test_a_long_queue_is_counted_whole(self):
        with mock.patch.object(queries, "ACTIVE_MOST", 2):
            self.add(*(started(n) for n in range(5)))
            self.check(queued=5, oldest_queued_seconds=4)

    def test_queues_that_are_paused(self):
        for queue in ("default", "slow"):
            self.registry.pause(Pause(queue, 1.0, ANN))
        self.check(paused_queues=2)

    def test_what_is_held_is_not_queued(self):
        self.add(started(90), started(60))
        self.registry.hold(self.registry[self.registry.active_ids()[0]])
        with deployed("staging"):
            self.add(started(30))
            self.check(queued=1, oldest_queued_seconds=30, held=2)

    def test_it_is_counted_whole(self):
        self.add(*(started(n) for n in range(5)))
        for process_id in self.registry.active_ids():
            self.registry.hold(self.registry[process_id])
        with (
            deployed("staging"),
            mock.patch.object(queries, "ACTIVE_MOST", 2),
        ):
            self.check(held=5)

    def test_what_failed_or_was_lost_within_an_hour(self):
        lost = started(70)
        lost.claim_for(Worker("other"))
        lost.recover()
        self.add(
            failed(started(5000), 3500), failed(started(5000), 3700),
            failed(started(90), 10), lost,
        )  # fmt: skip
        self.check(failed_last_hour=2, lost_last_hour=1)

    def test_only_the_newest_are_looked_at(self):
        self.add(*(failed(started(n), 0) for n in range(5)))
        with mock.patch.object(queries, "RECENT_MOST", 3):
            self.check(failed_last_hour=3)

    def test_what_was_started_days_ago_is_not_looked_at(self):
        self.add(failed(started(25 * 3600), 10))
        self.check()

    def test_workers_that_beat_are_alive(self):
        self.registry.worker("other")
        self.registry.worker("ended").end()
        self.check(workers_alive=2)


class CostTests(AsyncTestCase):
    """Objects that are loaded for a look, with nothing in the cache."""

    def loads(self):
        transaction.commit()
        connection = self.app._p_jar
        connection.cacheMinimize()
        before = connection.getTransferCounts()[0]
        health_of(query_registry(self.app))
        return connection.getTransferCounts()[0] - before

    def fill(self, count, make):
        self.app._setObject("netsight_async_process_registry", registry := (
            ProcessRegistry()
        ))  # fmt: skip
        for number in range(count):
            process = make(number)
            registry.add(process)
            if process.is_final:
                registry.retire(process.id)

    def test_among_many_that_have_ended(self):
        self.fill(RECORDS, lambda n: failed(started(RECORDS - n), 0))
        loads = self.loads()
        # The process and its outcome, and their buckets.
        self.assertLess(loads, 2 * RECENT_MOST + 200)

    def test_among_many_that_wait(self):
        self.fill(RECORDS, lambda n: started(RECORDS - n))
        loads = self.loads()
        # The same, the claim, and all buckets of the active ones.
        most = 3 * (ACTIVE_MOST + RECENT_MOST)
        self.assertLess(loads, most + RECORDS / 6 + 300)


class PageTests(AsyncTestCase):
    def get(self, query="", login=MANAGER, status=200, **headers):
        return self.client(login).get(
            f"/@@async-health{query}", headers=headers, status=status
        )

    def test_it_is_json(self):
        response = self.get()
        self.assertEqual(response.content_type, "application/json")
        self.assertEqual(
            response.headers["Cache-Control"], "no-store, private"
        )
        self.assertEqual(response.headers["Vary"], "Accept")
        self.assertEqual(response.json, NOTHING)

    def test_it_tells_of_real_processes(self):
        gate = Gate()
        self.job(lambda view, process_id: gate.reach())
        with self.threads():
            self.client().start("/job")
            gate.wait()
            with processes_run_by(Never()):
                self.client().start("/job")
            seen = self.get().json
            gate.open()
        self.assertEqual((seen["running"], seen["queued"]), (1, 1))

    def test_for_prometheus(self):
        for query, headers in (
            ("?format=prometheus", {}),
            ("", {"Accept": PROMETHEUS_ACCEPT}),
        ):
            with self.subTest(query=query):
                response = self.get(query, **headers)
                self.assertEqual(
                    response.headers["Content-Type"],
                    "text/plain; version=0.0.4; charset=utf-8",
                )
                names = self.check_exposition(response.text)
                self.assertEqual(
                    names, [f"netsight_async_{key}" for key in NOTHING]
                )

    def check_exposition(self, text):
        """Return the names of the gauges in a text for Prometheus.

        Behind them are only those of which `test_prometheus` looks at more.
        """
        gauge = re.compile(r"# HELP (\w+) [^\n]+\n# TYPE \1 gauge\n\1 \d+\n")
        head = r"# HELP (\w+) [^\n]+\n# TYPE \1 (?:counter|histogram)\n"
        other = re.compile(rf"{head}(?:\1[^\n]+\n)*")
        self.assertEqual(other.sub("", gauge.sub("", text)), "")
        return gauge.findall(text)

    def test_json_can_be_asked_for_by_name(self):
        response = self.get("?format=json", Accept=PROMETHEUS_ACCEPT)
        self.assertEqual(json.loads(response.text), NOTHING)

    def test_an_unknown_format_is_a_problem(self):
        for query in ("?format=xml", "?format=json&format=json"):
            response = self.get(query, status=400)
            self.assertTrue(response.json["type"].endswith("#health-format"))

    def test_it_is_for_managers(self):
        for login in (None, EDITOR):
            self.get(login=login, status=401)

    def test_it_can_be_given_to_a_role_of_its_own(self):
        self.app.manage_permission("netsight.async: View health", ["Owner"])
        transaction.commit()
        self.get(login=EDITOR)

    def test_it_is_at_the_root_only(self):
        self.app.manage_addFolder("folder")
        transaction.commit()
        self.client(MANAGER).get("/folder/@@async-health", status=404)

    def test_it_writes_nothing(self):
        before = self.app._p_jar.db().storage.lastTransaction()
        self.get()
        self.assertNotIn(PROCESS_REGISTRY_ID, self.app.objectIds())
        after = self.app._p_jar.db().storage.lastTransaction()
        self.assertEqual(after, before)
