"""What is sent to a broker, and what happens while it is away."""

import os
import threading
import unittest
from collections import Counter
from unittest import mock

from netsight.async_.executors import broker
from netsight.async_.executors.broker import BrokerExecutor
from netsight.async_.executors.broker import missing
from netsight.async_.records.queued import Queued
from netsight.async_.tests.record_support import ANN
from netsight.async_.tests.record_support import BOB
from netsight.async_.tests.waiting import wait_until


WAIT_SECONDS = 30


class Broker:
    """A broker in memory: it can be away, and lose what it has."""

    def __init__(self):
        self.is_away = False
        self.bad_queue = None
        self.messages = []
        self.connections = 0
        self.made = 0
        self.cuts = 0
        self.asked = threading.Event()
        self.let_go = threading.Event()
        self.let_go.set()

    def connect(self):
        self.asked.set()
        self.let_go.wait(WAIT_SECONDS)
        if self.is_away:
            raise ConnectionError("away")
        self.connections += 1
        self.made += 1
        return self

    def send(self, process_id, queue, priority):
        if self.cuts:
            self.cuts -= 1
            raise ConnectionError("cut")
        if queue == self.bad_queue:
            raise ValueError(queue)
        self.messages.append((process_id, queue, priority))

    def length(self, queue):
        return Counter(q for _id, q, _priority in self.messages)[queue]

    def close(self):
        self.connections -= 1


def at_default(process_id):
    return Queued(process_id, "default", 0)


class SenderTestCase(unittest.TestCase):
    def setUp(self):
        self.broker = Broker()
        self.executor = BrokerExecutor(self.broker.connect)
        self.executor.RETRY_SECONDS = 0.01
        self.addCleanup(self.executor.stop, WAIT_SECONDS)

    def wait_sent(self):
        self.assertTrue(self.executor.wait_idle(WAIT_SECONDS))

    def hold(self):
        """Have the sender wait for the broker until `let_go`."""
        self.broker.let_go.clear()
        self.addCleanup(self.executor.stop, WAIT_SECONDS)
        self.addCleanup(setattr, self.executor, "GONE_SECONDS", WAIT_SECONDS)
        self.addCleanup(self.broker.let_go.set)

    def sent_ids(self):
        return [process_id for process_id, *_rest in self.broker.messages]


class StartTests(SenderTestCase):
    def test_a_thread_that_cannot_be_started_is_tried_for_again(self):
        error = RuntimeError("can't start new thread")
        with (
            mock.patch.object(threading.Thread, "start", side_effect=error),
            self.assertLogs(broker.logger),
        ):
            self.executor.ring("a")
        self.executor.ring("b")
        self.wait_sent()
        self.assertEqual(self.sent_ids(), ["a", "b"])

    def test_each_start_is_sent_with_its_queue_and_priority(self):
        self.executor.ring("a")
        self.executor.ring("b", "heavy", 9)
        self.wait_sent()
        self.assertEqual(
            self.broker.messages, [("a", "default", 0), ("b", "heavy", 9)]
        )

    def test_who_starts_does_not_wait_for_the_broker(self):
        self.hold()
        self.executor.ring("a")
        self.broker.asked.wait(WAIT_SECONDS)
        self.executor.ring("b")
        self.assertEqual(self.executor.health()["waiting"], 2)

    def test_what_waits_is_sent_once(self):
        self.hold()
        self.executor.ring("a")
        self.executor.ring("a")
        self.broker.let_go.set()
        self.wait_sent()
        self.assertEqual(self.sent_ids(), ["a"])

    def test_a_full_backlog_takes_no_more(self):
        self.hold()
        self.executor.BACKLOG_MOST = 2
        for process_id in "abc":
            self.executor.ring(process_id)
        self.broker.let_go.set()
        self.wait_sent()
        self.assertEqual(self.sent_ids(), ["a", "b"])

    def test_connections_are_given_back(self):
        self.executor.ring("a")
        self.wait_sent()
        self.executor.stop(WAIT_SECONDS)
        self.assertEqual(self.broker.connections, 0)


class ConnectionTests(SenderTestCase):
    def ring(self, process_id):
        self.executor.ring(process_id)
        self.wait_sent()

    def test_one_is_kept_for_what_comes_next(self):
        for number in range(20):
            self.ring(str(number))
        self.assertEqual(self.broker.made, 1)
        self.assertEqual(len(self.sent_ids()), 20)

    def test_one_that_was_cut_meanwhile_is_replaced_without_a_word(self):
        self.ring("a")
        self.broker.cuts = 1
        with self.assertNoLogs("netsight.async_.executors.broker"):
            self.ring("b")
        self.assertEqual(self.sent_ids(), ["a", "b"])
        self.assertEqual((self.broker.made, self.broker.connections), (2, 1))

    def test_one_that_fails_is_dropped(self):
        self.broker.cuts = 1
        with self.assertLogs("netsight.async_.executors.broker"):
            self.ring("a")
        self.assertEqual((self.broker.made, self.broker.connections), (2, 1))

    def test_an_idle_one_is_closed(self):
        self.executor.IDLE_SECONDS = 0.01
        self.ring("a")
        self.assertTrue(
            wait_until(lambda: not self.broker.connections, WAIT_SECONDS)
        )
        self.ring("b")
        self.assertEqual(self.sent_ids(), ["a", "b"])

    @unittest.skipUnless(hasattr(os, "fork"), "the system has no fork")
    def test_a_forked_child_has_its_own_and_leaves_that_of_the_parent(self):
        self.ring("a")
        child = os.fork()
        if not child:
            try:
                self.executor.renew()
                self.ring("b")
                kept = self.broker.made, self.broker.connections
                os._exit(0 if kept == (2, 2) else 1)
            finally:
                os._exit(2)
        _pid, status = os.waitpid(child, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)


class AwayTests(SenderTestCase):
    def test_what_was_started_meanwhile_is_sent_later(self):
        self.broker.is_away = True
        with self.assertLogs("netsight.async_.executors.broker"):
            self.executor.ring("a")
            self.executor.ring("b")
            self.broker.asked.wait(WAIT_SECONDS)
            self.broker.is_away = False
            self.wait_sent()
        self.assertEqual(sorted(self.sent_ids()), ["a", "b"])

    def test_it_is_told_once_until_it_works_again(self):
        self.broker.is_away = True
        with self.assertLogs("netsight.async_.executors.broker") as logs:
            self.executor.ring("a")
            for _again in range(3):
                self.broker.asked.clear()
                self.broker.asked.wait(WAIT_SECONDS)
            self.assertEqual(self.executor.health()["broker"], "away")
            self.broker.is_away = False
            self.wait_sent()
            self.executor.stop(WAIT_SECONDS)
        self.assertEqual(len(logs.records), 2, logs.output)
        self.assertEqual(self.executor.health()["broker"], "there")

    def test_one_queue_that_refuses_does_not_stop_the_others(self):
        self.broker.bad_queue = "bad"
        with self.assertLogs("netsight.async_.executors.broker"):
            self.executor.ring("a", "bad")
            self.executor.ring("b")
            while "b" not in self.sent_ids():
                self.broker.asked.clear()
                self.broker.asked.wait(WAIT_SECONDS)
        self.broker.bad_queue = None
        self.wait_sent()
        self.assertEqual(self.sent_ids(), ["b", "a"])

    def test_a_stop_does_not_wait_for_it(self):
        self.hold()
        self.executor.GONE_SECONDS = 0
        self.executor.ring("a")
        self.broker.asked.wait(WAIT_SECONDS)
        self.assertTrue(self.executor.stop(WAIT_SECONDS))


class ReminderTests(SenderTestCase):
    def remind(self, *queued):
        self.executor.remind(queued)
        self.wait_sent()

    def test_a_broker_that_has_all_is_sent_nothing(self):
        self.executor.ring("a")
        self.wait_sent()
        self.remind(at_default("a"))
        self.assertEqual(self.sent_ids(), ["a"])

    def test_one_that_has_lost_all_is_sent_all(self):
        self.executor.ring("a")
        self.executor.ring("b")
        self.wait_sent()
        self.broker.messages.clear()
        self.remind(*map(at_default, "ab"))
        self.assertEqual(self.sent_ids(), ["a", "b"])

    def test_many_reminders_do_not_add_up(self):
        for _beat in range(5):
            self.remind(*map(at_default, "ab"))
        self.assertEqual(self.sent_ids(), ["a", "b"])


class MissingTests(unittest.TestCase):
    def test_the_oldest_of_each_queue_that_is_too_short(self):
        queued = [Queued(i, q, 0) for i, q in ("ax", "by", "cx", "dx", "ey")]
        lengths = {"x": 1, "y": 2}
        self.assertEqual(
            missing(queued, lengths.get),
            [Queued("a", "x", 0), Queued("c", "x", 0)],
        )

    def test_those_first_that_are_to_be_taken_first(self):
        queued = [Queued(i, "x", p) for i, p in (("a", 0), ("b", 5), ("c", 5))]
        self.assertEqual(
            missing(queued, lambda queue: 1),
            [Queued("b", "x", 5), Queued("c", "x", 5)],
        )

    def test_owners_take_turns(self):
        owners = (("a", ANN), ("b", ANN), ("c", BOB))
        queued = [Queued(i, "x", 0, owner) for i, owner in owners]
        again = missing(queued, lambda queue: 1)
        self.assertEqual([each.process_id for each in again], ["a", "c"])

    def test_none_where_messages_are_doubled(self):
        self.assertEqual(missing([Queued("a", "x", 0)], lambda queue: 7), [])

    def test_only_queues_with_queued_processes_are_looked_at(self):
        asked = []
        missing([Queued("a", "x", 0)], lambda queue: asked.append(queue) or 0)
        self.assertEqual(asked, ["x"])
