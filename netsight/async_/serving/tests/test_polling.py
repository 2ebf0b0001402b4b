"""What a Zope sees of others, each second."""

import threading
import unittest
from unittest import mock

import Zope2
from ZODB.ActivityMonitor import ActivityMonitor
from ZODB.Connection import Connection

from netsight.async_.executors.none import none_executor
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import lookout
from netsight.async_.records.lease import this_worker
from netsight.async_.records.shards import SHARDS
from netsight.async_.running.monitor import Monitor
from netsight.async_.running.tests.cut_off import OperationalError
from netsight.async_.running.tests.cut_off import cut_off
from netsight.async_.serving import polling
from netsight.async_.serving import server
from netsight.async_.serving.polling import Poll
from netsight.async_.serving.recovery import recover
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.waiting import WAIT_SECONDS


class Bell:
    """An executor that notes the rings, and leaves everything queued."""

    runs_here = True

    def __init__(self):
        self.rung = []

    def ring(self, process_id, *choices):
        self.rung.append(process_id)


class PollTests(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.bell = Bell()
        self.poll = Poll()

    def start(self):
        """Start a process as another Zope would do it."""
        with processes_run_by(Never()):
            return self.client().start("/job")

    def look(self, executor=None):
        """Poll; return whether there may be something to recover."""
        with processes_run_by(executor or self.bell):
            return self.poll()

    def transact(self, function):
        transact("test", lambda root: function(query_registry(root)))

    def claim(self, process_id, worker):
        self.transact(lambda r: r[process_id].claim_for(r.worker(worker)))

    def test_before_the_first_start_there_is_nothing(self):
        self.assertFalse(self.look())
        self.assertEqual(self.bell.rung, [])

    def test_what_another_has_queued_is_rung_for_once_by_age(self):
        ids = [self.start(), self.start()]
        self.assertFalse(self.look())
        self.assertEqual(self.bell.rung, ids)
        ids.append(self.start())
        self.look()
        self.look()
        self.assertEqual(self.bell.rung, ids)

    def test_of_many_the_rest_is_rung_for_by_the_next_looks(self):
        ids = [self.start() for _number in range(5)]
        with mock.patch.object(polling, "LOOK_MOST", 2):
            self.look()
            self.assertEqual(self.bell.rung, ids[:2])
            self.look()
            self.look()
        self.assertEqual(self.bell.rung, ids)

    def test_what_is_old_is_left_to_recovery(self):
        self.start()
        with mock.patch.object(polling, "RECENT_SECONDS", -1.0):
            self.look()
        self.assertEqual(self.bell.rung, [])

    def test_what_another_runs_is_not_rung_for(self):
        self.claim(self.start(), "other")
        self.look()
        self.assertEqual(self.bell.rung, [])

    def test_queues_that_are_not_served_are_not_rung_for(self):
        self.start()
        queues = {"NETSIGHT_ASYNC_QUEUES": "heavy"}
        with mock.patch.dict("os.environ", queues):
            self.look()
        self.assertEqual(self.bell.rung, [])

    def test_with_none_nothing_is_rung_for(self):
        self.start()
        with mock.patch.object(none_executor, "ring") as ring:
            self.look(none_executor)
        ring.assert_not_called()

    def loads_of_a_look(self, cached=False):
        """Return how many objects a poll gets from the storage.

        Without `cached`, the connection knows nothing before.
        """
        database = self.layer["zodbDB"]
        if not cached:
            database.cacheMinimize()
        database._connectionMap(lambda each: each.getTransferCounts(True))
        activity = ActivityMonitor()
        database.setActivityMonitor(activity)
        self.look()
        database.setActivityMonitor(None)
        loads = [loads for _time, loads, _stores in activity.log]
        self.assertEqual(len(loads), 1)
        return loads[0]

    def test_a_look_writes_nothing(self):
        self.start()
        storage = self.layer["zodbDB"].storage
        before = storage.lastTransaction()
        self.look()
        self.assertEqual(storage.lastTransaction(), before)

    def votes_of_a_look(self):
        """Return how often a poll has a storage vote in a commit."""
        with mock.patch.object(
            Connection,
            "tpc_vote",
            autospec=True,
            side_effect=Connection.tpc_vote,
        ) as vote:
            self.look()
        return vote.call_count

    def test_a_look_waits_for_other_commits_if_a_worker_is_in_doubt(self):
        self.claim(self.start(), "other")
        self.assertEqual(self.votes_of_a_look(), 0)
        with mock.patch.object(lookout, "is_in_doubt", lambda worker: True):
            self.assertEqual(self.votes_of_a_look(), 1)

    def test_time_of_looks_that_are_cut_off_is_no_silence(self):
        with (
            mock.patch.object(Poll, "_look", lambda poll, root: cut_off()),
            mock.patch.object(lookout, "miss") as miss,
            self.assertRaises(OperationalError),
        ):
            self.look()
        miss.assert_called_once_with()

    def test_other_errors_of_a_look_say_nothing_of_workers(self):
        with (
            mock.patch.object(Poll, "_look", side_effect=KeyError),
            mock.patch.object(lookout, "miss") as miss,
            self.assertRaises(KeyError),
        ):
            self.look()
        miss.assert_not_called()

    def test_what_was_seen_is_not_loaded_again(self):
        for _number in range(20):
            self.start()
        all_new = self.loads_of_a_look()
        none_new = self.loads_of_a_look()
        self.start()
        one_new = self.loads_of_a_look()
        # Two roots, the registry, its workers and its active ids.
        self.assertLessEqual(none_new, 6 + SHARDS)
        # The record, its claim and outcome, and where records are.
        self.assertLessEqual(one_new - none_new, 8)
        self.assertGreaterEqual(all_new - none_new, 3 * 20)
        self.assertEqual(self.loads_of_a_look(cached=True), 0)

    def test_a_dead_worker_is_a_reason_to_recover(self):
        self.claim(self.start(), "other")
        self.assertFalse(self.look())
        self.transact(lambda registry: registry.worker("other").end())
        self.assertTrue(self.look())

    def test_so_is_one_that_another_zope_has_recovered_from(self):
        self.claim(self.start(), "other")
        self.look()
        self.transact(lambda registry: registry.worker("other").end())
        self.transact(recover)
        self.transact(recover)
        self.assertTrue(self.look())
        self.assertFalse(self.look())

    def test_a_worker_that_came_is_no_reason(self):
        self.look()
        self.claim(self.start(), this_worker())
        self.assertFalse(self.look())


class MonitorTests(unittest.TestCase):
    """When a monitor polls."""

    def serve(self, duty, poll):
        monitor = Monitor()
        monitor.serve(duty, poll)
        self.addCleanup(monitor.stop, WAIT_SECONDS)

    def test_a_poll_that_finds_something_makes_it_time_for_the_duty(self):
        duties = threading.Semaphore(0)
        found = iter([True])
        self.serve(duties.release, lambda: next(found, False))
        for _number in range(2):
            self.assertTrue(duties.acquire(timeout=WAIT_SECONDS))
        self.assertFalse(duties.acquire(timeout=0))

    def test_it_goes_on(self):
        polls = threading.Semaphore(0)
        self.serve(lambda: None, polls.release)
        for _number in range(2):
            self.assertTrue(polls.acquire(timeout=WAIT_SECONDS))

    def test_a_monitor_that_is_told_so_does_not_poll(self):
        polled, served = threading.Event(), threading.Semaphore(0)
        environ = {
            "NETSIGHT_ASYNC_POLL_SECONDS": "0",
            "NETSIGHT_ASYNC_BEAT_SECONDS": "1",
        }
        with mock.patch.dict("os.environ", environ):
            self.serve(served.release, polled.set)
            for _number in range(2):
                self.assertTrue(served.acquire(timeout=WAIT_SECONDS))
        self.assertFalse(polled.is_set())


class ServerTests(unittest.TestCase):
    """Which servers poll."""

    def poll_of_a_server(self, alone):
        """Return what the monitor of a server polls."""
        with (
            mock.patch.object(server, "monitor") as monitor,
            mock.patch.object(server, "is_alone", lambda: alone),
            mock.patch.object(server, "is_exclusive", lambda database: False),
            mock.patch.object(server, "used_databases", list),
            mock.patch.object(server, "stop_on_terminate"),
            mock.patch.object(server, "atexit"),
            mock.patch.object(Zope2, "opened", []),
            mock.patch.object(Zope2, "DB", None, create=True),
        ):
            server.start()
        (_duty, poll), _keywords = monitor.serve.call_args
        return poll

    def test_one_that_shares_its_database_polls(self):
        self.assertIsInstance(self.poll_of_a_server(alone=False), Poll)

    def test_one_that_has_a_file_storage_alone_does_not(self):
        self.assertIsNone(self.poll_of_a_server(alone=True))
