"""What arrives at a broker: Redis, RabbitMQ, and one in memory."""

import os
import unittest
from types import SimpleNamespace
from unittest import mock

import Zope2
from kombu import Queue

from netsight.async_.executors.celery import BrokerExecutor
from netsight.async_.executors.celery import CeleryBroker
from netsight.async_.executors.celery import broker_queue
from netsight.async_.executors.celery import make_app
from netsight.async_.records.queued import Queued
from netsight.async_.tests.cluster.services import MEMORY
from netsight.async_.tests.cluster.services import RABBITMQ
from netsight.async_.tests.cluster.services import REDIS
from netsight.async_.tests.cluster.services import RedisServer
from netsight.async_.tests.cluster.services import fresh_name
from netsight.async_.tests.cluster.services import need


WAIT_SECONDS = 30


class BrokerTestCase(unittest.TestCase):
    def use(self, url):
        settings = {
            "NETSIGHT_ASYNC_CELERY_BROKER": url,
            "NETSIGHT_ASYNC_CELERY_PREFIX": fresh_name(),
        }
        database = SimpleNamespace(database_name="main")
        for patch in (
            mock.patch.dict(os.environ, settings),
            mock.patch.object(Zope2, "DB", database),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.app = make_app()
        self.connected = []
        self.executor = BrokerExecutor(self.connect)
        self.executor.RETRY_SECONDS = 0.1
        self.addCleanup(self.executor.stop, WAIT_SECONDS)

    def connect(self):
        broker = CeleryBroker(self.app)
        self.connected.append(broker)
        return broker

    def wait_sent(self):
        self.assertTrue(self.executor.wait_idle(WAIT_SECONDS))

    def fetched(self, queue="default"):
        """Return all messages of a queue, in the order they are fetched."""
        with self.app.connection_for_read() as connection:
            bound = self.app.amqp.queues[broker_queue(queue)](connection)
            messages = iter(lambda: bound.get(no_ack=True), None)
            return list(messages)

    def ids(self, queue="default"):
        return [each.payload[0][0] for each in self.fetched(queue)]


class Messages:
    """The tests that each broker must pass."""

    def tearDown(self):
        with self.app.connection_for_write() as connection:
            for queue in ("default", "heavy"):
                name = broker_queue(queue)
                self.app.amqp.queues[name](connection).delete()

    def test_a_message_is_json_with_the_id_and_the_database(self):
        self.executor.ring("a-process")
        self.wait_sent()
        (message,) = self.fetched()
        self.assertEqual(message.content_type, "application/json")
        self.assertEqual(message.payload[:2], [["a-process", "main"], {}])
        self.assertEqual(message.headers["task"], "netsight.async.run")
        self.assertTrue(message.headers["ignore_result"])

    def test_each_queue_has_its_own(self):
        self.executor.ring("a")
        self.executor.ring("b", "heavy")
        self.wait_sent()
        self.assertEqual((self.ids(), self.ids("heavy")), (["a"], ["b"]))

    def test_many_need_one_connection_and_one_declaration(self):
        with mock.patch.object(
            Queue, "declare", autospec=True, side_effect=Queue.declare
        ) as declare:
            for number in range(20):
                self.executor.ring(str(number))
                self.wait_sent()
        self.assertEqual(len(self.connected), 1)
        self.assertEqual(declare.call_count, 1)
        self.assertEqual(len(self.ids()), 20)

    def test_higher_priorities_are_fetched_first(self):
        for process_id, priority in (("a", 0), ("b", 5), ("c", 9), ("d", 5)):
            self.executor.ring(process_id, "default", priority)
        self.wait_sent()
        self.assertEqual(self.ids(), ["c", "b", "d", "a"])

    def test_reminders_fill_up_what_is_missing(self):
        queued = [Queued("a", "default", 0), Queued("b", "default", 9)]
        for _beat in range(3):
            self.executor.remind(queued)
            self.wait_sent()
        self.assertEqual(self.ids(), ["b", "a"])
        self.executor.remind(queued)
        self.wait_sent()
        self.assertEqual(self.ids(), ["b", "a"])


class MemoryTests(Messages, BrokerTestCase):
    def setUp(self):
        self.use(MEMORY)

    test_higher_priorities_are_fetched_first = None
    test_reminders_fill_up_what_is_missing = None


class RedisTests(Messages, BrokerTestCase):
    def setUp(self):
        need("Redis")
        self.use(REDIS)


class RabbitMQTests(Messages, BrokerTestCase):
    def setUp(self):
        need("RabbitMQ")
        self.use(RABBITMQ)

    def test_a_queue_that_was_deleted_is_filled_by_reminders(self):
        self.executor.ring("a")
        self.wait_sent()
        self.tearDown()
        queued = [Queued("a", "default", 0), Queued("b", "default", 0)]
        self.executor.remind(queued)
        self.wait_sent()
        self.assertEqual(len(self.connected), 1)
        self.assertEqual(self.ids(), ["a", "b"])


class AwayTests(BrokerTestCase):
    def setUp(self):
        self.redis = RedisServer()
        self.addCleanup(self.redis.kill)
        self.use(self.redis.url)

    def test_what_was_started_meanwhile_is_sent_when_it_is_there(self):
        with self.assertLogs("netsight.async_.executors.broker") as logs:
            self.executor.ring("a")
            self.assertFalse(self.executor.wait_idle(1))
            self.redis.start()
            self.wait_sent()
            self.executor.stop(WAIT_SECONDS)
        self.assertEqual(len(logs.records), 2, logs.output)
        self.assertEqual(self.ids(), ["a"])

    def test_one_that_was_emptied_is_filled_by_reminders(self):
        self.redis.start()
        queued = [Queued("a", "default", 0), Queued("b", "default", 0)]
        self.executor.remind(queued)
        self.wait_sent()
        self.redis.flush()
        self.executor.remind(queued)
        self.wait_sent()
        self.assertEqual(self.ids(), ["a", "b"])

    def test_one_that_was_restarted_takes_starts_without_a_word(self):
        self.redis.start()
        self.executor.ring("a")
        self.wait_sent()
        self.redis.kill()
        self.redis.start()
        with self.assertNoLogs("netsight.async_.executors.broker"):
            self.executor.ring("b")
            self.wait_sent()
        self.assertEqual(self.ids(), ["b"])

    def test_one_that_was_emptied_takes_starts(self):
        self.redis.start()
        self.executor.ring("a")
        self.wait_sent()
        self.redis.flush()
        self.executor.ring("b")
        self.wait_sent()
        self.assertEqual(self.ids(), ["b"])
