"""What a Zope sees of others, each second."""

import threading
import time
import unittest
from unittest import mock

import Zope2
from ZODB.Connection import Connection

from netsight.async_.executors.none import none_executor
from netsight.async_.executors.thread import thread_executor
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
from netsight.async_.serving import starts
from netsight.async_.serving.news import ToldNews
from netsight.async_.serving.polling import Poll
from netsight.async_.serving.recovery import recover
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Bell
from netsight.async_.tests.support import Never
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


class PollTestCase(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.bell = Bell()
        self.poll = Poll()
        self.addCleanup(lambda: self.poll.close())

    def start(self, path="/job"):
        """Start a process as another Zope would do it."""
        with processes_run_by(Never()):
            return self.client().start(path)

    def look(self, executor=None):
        """Poll; return whether there may be something to recover."""
        with processes_run_by(executor or self.bell):
            return self.poll()

    def transact(self, function):
        transact("test", lambda root: function(query_registry(root)))

    def claim(self, process_id, worker):
        def take(registry):
            record = registry.worker(worker)
            record.beat()
            registry[process_id].claim_for(record)

        self.transact(take)

    def loads_of_a_look(self, cached=False):
        """Return how many objects a poll gets from the storage.

        Without `cached`, the connection knows nothing before.
        """
        database = self.layer["zodbDB"]
        if not cached:
            database.cacheMinimize()
        database._connectionMap(lambda each: each.getTransferCounts(True))
        self.look()
        loads = []
        database._connectionMap(
            lambda each: loads.append(each.getTransferCounts(True)[0])
        )
        return sum(loads)


class PollTests(PollTestCase):
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
            mock.patch.object(Poll, "_look", lambda *arguments: cut_off()),
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
        # Two roots, the registry, its workers, counts, and its active ids.
        self.assertLessEqual(none_new, 8 + SHARDS)
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


RARE_POLLS = {"NETSIGHT_ASYNC_POLL_SECONDS": "3600"}


class Crowd(Bell):
    """One that may be full; `is_free` tells it that it is not any more."""

    when_free = None
    is_full = False

    def call_when_free(self, function):
        self.when_free = function
        return self.is_full

    def free(self):
        self.is_full = False
        self.when_free()


class NewsTests(PollTestCase):
    """A Zope that is told what others commit, and looks for it alone."""

    def setUp(self):
        super().setUp()
        self.storage = self.layer["zodbDB"].storage
        self.wakes = []
        self.news = ToldNews(lambda: self.wakes.append(0.0))
        self.poll = Poll(self.news, lambda s=0.0: self.wakes.append(s))
        self.patch(mock.patch.dict("os.environ", RARE_POLLS))
        self.patch(mock.patch.object(starts, "pause", lambda *arguments: 0.0))
        self.start()
        self.look()
        self.bell.rung.clear()
        self.wakes.clear()

    def patch(self, patcher):
        patcher.start()
        self.addCleanup(patcher.stop)

    def last_oids(self):
        """Return the oids of what the last transaction has stored."""
        (last,) = self.storage.iterator(self.storage.lastTransaction())
        return [record.oid for record in last]

    def tell(self):
        """Tell of the last transaction."""
        self.news.tell(self.storage.lastTransaction(), self.last_oids())

    def start_and_tell(self, path="/job"):
        process_id = self.start(path)
        self.tell()
        return process_id

    def be_second(self):
        """Let another worker, which lives, have the first turn."""
        return mock.patch.object(starts, "pause", lambda *arguments: 600.0)

    def test_it_does_not_look_without_news(self):
        self.start()
        self.look()
        self.assertEqual(self.bell.rung, [])

    def test_it_looks_when_it_is_told_of_a_start(self):
        process_id = self.start_and_tell()
        self.assertEqual(self.wakes, [0.0])
        self.look()
        self.look()
        self.assertEqual(self.bell.rung, [process_id])

    def test_what_it_loads_of_a_start_is_asked_for_at_once(self):
        asked = []
        prefetch = mock.patch.object(
            Connection,
            "prefetch",
            lambda _connection, oids: asked.extend(oids),
        )
        self.start_and_tell()
        with prefetch:
            self.look()
        self.assertEqual(set(asked), set(self.last_oids()))

    def test_it_loads_nothing_before_its_turn(self):
        with self.be_second():
            self.start_and_tell()
            self.assertEqual(self.loads_of_a_look(), 0)
        self.assertEqual(self.bell.rung, [])
        self.assertGreater(self.wakes[-1], 500)

    def test_what_was_claimed_is_not_loaded_at_a_later_look(self):
        self.claim(self.start_and_tell(), "other")
        self.look_by_the_clock()
        process_id = self.start_and_tell()
        self.claim(process_id, "other")
        self.tell()
        with mock.patch.object(Poll, "_queued", return_value=[]) as queued:
            self.look_by_the_clock()
        queued.assert_not_called()
        self.assertIn(process_id, self.poll._seen)

    def look_by_the_clock(self):
        with mock.patch.object(self.poll, "_looked", -3600.0):
            return self.look()

    def test_the_clock_finds_what_it_was_not_told_of(self):
        process_id = self.start()
        self.poll._looked -= 3600
        self.look()
        self.assertEqual(self.bell.rung, [process_id])

    def test_a_worker_that_comes_and_goes_between_is_a_reason_to_recover(self):
        self.assertFalse(self.look_by_the_clock())
        self.claim(self.start_and_tell(), "other")
        self.look()
        self.transact(lambda registry: registry.remove_worker("other"))
        self.assertTrue(self.look_by_the_clock())
        self.assertFalse(self.look_by_the_clock())

    def test_one_that_comes_back_is_rung_for_at_once(self):
        process_id = self.start_and_tell("/again-job")
        self.look()
        self.claim(process_id, "other")
        self.tell()
        self.look()
        self.wakes.clear()
        self.transact(lambda registry: registry[process_id].recover())
        self.tell()
        self.assertEqual(self.wakes, [0.0])
        self.look()
        self.assertEqual(self.bell.rung.count(process_id), 2)

    def test_what_is_claimed_after_it_was_rung_for_is_known(self):
        self.claim(self.start_and_tell(), "other")
        self.look_by_the_clock()
        process_id = self.start_and_tell()
        self.look()
        self.assertEqual(self.bell.rung[-1], process_id)
        rung = time.monotonic()
        self.assertFalse(self.poll.is_claimed("unknown", rung))
        self.claim(process_id, "other")
        self.tell()
        self.assertTrue(self.poll.is_claimed(process_id, rung))
        self.look()
        self.assertTrue(self.poll.is_claimed(process_id, rung))

    def test_one_that_is_rung_for_since_then_has_come_back(self):
        self.claim(self.start_and_tell(), "other")
        self.look_by_the_clock()
        process_id = self.start_and_tell()
        self.look()
        self.claim(process_id, "other")
        self.tell()
        rung_again = time.monotonic()
        self.assertFalse(self.poll.is_claimed(process_id, rung_again))
        self.look()
        self.assertFalse(self.poll.is_claimed(process_id, rung_again))

    def test_one_that_is_full_looks_when_it_is_not_any_more(self):
        crowd = Crowd()
        crowd.is_full = True
        process_id = self.start_and_tell()
        self.wakes.clear()
        self.look(crowd)
        self.assertEqual(crowd.rung, [])
        self.assertEqual(self.wakes, [])
        crowd.free()
        self.assertEqual(self.wakes, [0.0])
        self.look(crowd)
        self.assertEqual(crowd.rung, [process_id])

    def test_of_one_transaction_with_two_none_is_taken_for_claimed(self):
        self.claim(self.start_and_tell(), "other")
        self.look_by_the_clock()
        both = []
        ids = []
        for _each in range(2):
            ids.append(self.start())
            both += self.last_oids()
        self.news.tell(self.storage.lastTransaction(), both)
        self.claim(ids[0], "other")
        self.tell()
        self.look_by_the_clock()
        self.assertEqual(self.bell.rung[-1], ids[1])

    def test_an_error_of_the_storage_says_nothing_of_workers(self):
        with (
            mock.patch.object(self.news, "take", cut_off),
            mock.patch.object(lookout, "miss") as miss,
            self.assertRaises(OperationalError),
        ):
            self.look()
        miss.assert_called_once_with()


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


class WakeTests(unittest.TestCase):
    """What makes a monitor poll before its time."""

    def setUp(self):
        environ = mock.patch.dict("os.environ", RARE_POLLS)
        environ.start()
        self.addCleanup(environ.stop)
        self.polls = threading.Semaphore(0)
        self.monitor = Monitor()

    def serve(self, poll):
        self.monitor.serve(lambda: None, poll)
        self.addCleanup(self.monitor.stop, WAIT_SECONDS)

    def wait_for_a_poll(self):
        self.assertTrue(self.polls.acquire(timeout=WAIT_SECONDS))

    def test_it_polls_when_it_is_woken(self):
        self.serve(self.polls.release)
        for _each in range(3):
            self.wait_for_a_poll()
            self.monitor.wake()

    def test_it_polls_again_if_it_is_woken_while_it_polls(self):
        woken = iter([True])

        def poll():
            if next(woken, False):
                self.monitor.wake()
            self.polls.release()

        self.serve(poll)
        self.wait_for_a_poll()
        self.wait_for_a_poll()

    def test_it_may_be_told_to_do_so_later(self):
        self.serve(self.polls.release)
        self.wait_for_a_poll()
        self.monitor.wake(0.01)
        self.wait_for_a_poll()

    def test_that_does_not_put_off_what_is_due_before(self):
        self.monitor.wake()
        self.monitor.wake(3600.0)
        self.serve(self.polls.release)
        self.wait_for_a_poll()

    def test_before_and_after_it_serves_nothing_happens(self):
        self.monitor.wake()
        self.serve(self.polls.release)
        self.assertTrue(self.monitor.stop(WAIT_SECONDS))
        self.monitor.wake()

    def test_the_poll_is_closed_in_its_thread(self):
        threads = []

        class Closing:
            def __call__(self):
                threads.append(threading.current_thread())

            def close(self):
                threads.append(threading.current_thread())

        self.monitor.serve(lambda: None, poll := Closing())
        self.assertTrue(wait_until(lambda: threads, WAIT_SECONDS), type(poll))
        self.assertTrue(self.monitor.stop(WAIT_SECONDS))
        self.assertEqual(len(threads), 2)
        self.assertEqual(len(set(threads)), 1)


class MakePollTests(unittest.TestCase):
    """Whose news a Zope hears."""

    def make(self, executor=thread_executor, **environ):
        """Return the databases of which news were asked, and a poll."""
        main, other = mock.Mock(), mock.Mock()
        main.databases = {"records": other}
        self.addCleanup(vars(executor).update, vars(executor).copy())
        with (
            mock.patch.object(Zope2, "DB", main, create=True),
            mock.patch.object(server, "news_of") as news_of,
            mock.patch.object(server, "get_executor", lambda: executor),
            mock.patch.object(server, "pulse") as self.pulse,
            mock.patch.dict("os.environ", environ),
        ):
            poll = server.make_poll()
        names = {main: "main", other: "records"}
        return [names[c[0][0]] for c in news_of.call_args_list], poll

    def test_that_of_the_main_database(self):
        self.assertEqual(self.make()[0], ["main"])

    def test_or_of_the_one_that_has_the_records(self):
        heard, _poll = self.make(NETSIGHT_ASYNC_DATABASE="records")
        self.assertEqual(heard, ["records"])

    def test_one_that_runs_nothing_hears_nothing(self):
        self.assertEqual(self.make(none_executor)[0], [])

    def test_one_that_hears_is_heard_as_well(self):
        self.make()
        self.pulse.be_heard.assert_called_once_with()
        self.make(none_executor)
        self.pulse.be_heard.assert_not_called()

    def test_its_threads_ask_what_is_claimed(self):
        _heard, poll = self.make()
        self.assertEqual(thread_executor.is_claimed, poll.is_claimed)


class ServerTests(unittest.TestCase):
    """Which servers poll."""

    def poll_of_a_server(self, alone):
        """Return what the monitor of a server polls."""
        with (
            mock.patch.object(server, "monitor") as monitor,
            mock.patch.object(server, "is_alone", lambda: alone),
            mock.patch.object(server, "is_exclusive", lambda database: False),
            mock.patch.object(server, "used_databases", list),
            mock.patch.object(server, "make_poll", Poll),
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
