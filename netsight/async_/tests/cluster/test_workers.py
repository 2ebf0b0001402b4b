"""How the children of a Celery worker begin, end, and are interrupted."""

import os
import signal
from contextlib import contextmanager
from unittest import mock

from netsight.async_.executors.celery import TASK
from netsight.async_.executors.celery import make_app
from netsight.async_.tests.cluster.support import ClusterTestCase
from netsight.async_.tests.cluster.support import RabbitMQCluster
from netsight.async_.tests.waiting import READY_SECONDS


LONG = "600"
"""Seconds that no test waits for."""

EXIT_SECONDS = 15

ZEO_WAIT_SECONDS = 30
"""So long a client of ZEO waits for its server: `wait-timeout` of ZEO."""


class WorkerTestCase(ClusterTestCase):
    """Has a worker with two children, and `options` of Celery."""

    options = ()

    def setUp(self):
        self.make_cluster()
        self.worker = self.cluster.worker
        self.worker.options = self.options

    def start(self):
        self.cluster.start()

    def restart_worker(self):
        self.worker.start(**self.cluster.settings)

    def worker_pid(self, process_id):
        """Return the number of the child that runs a process."""
        worker = self.web.states()[process_id]["worker"]
        return int(worker.split(":")[1])


class BeginTests(WorkerTestCase):
    def assert_refused(self, message, **environ):
        self.worker.launch(**self.cluster.settings, **environ)
        self.assertEqual(self.worker.wait(READY_SECONDS), 1)
        self.assertIn(message, self.worker.new_log)

    def test_it_needs_a_zope_conf(self):
        self.assert_refused(
            "NETSIGHT_ASYNC_ZOPE_CONF must be", NETSIGHT_ASYNC_ZOPE_CONF=""
        )

    def test_it_needs_processes(self):
        self.worker.options = ("--pool", "threads")
        self.assert_refused("a worker needs --pool=prefork")

    def test_each_child_is_a_worker_of_its_own(self):
        self.start()
        running = {
            self.worker_pid(self.web.start_running("crash-slow", LONG))
            for _each in range(2)
        }
        self.assertEqual(running, set(self.worker.child_pids()))

    def test_the_parent_has_no_connection_to_the_database(self):
        self.start()
        self.assertNotIn("MainProcess] ClientStorage", self.worker.log)
        self.assertEqual(self.worker.log.count("Ready to handle requests"), 2)

    def test_a_child_without_database_takes_no_message(self):
        self.start()
        self.worker.kill()
        self.cluster.storage.kill()
        settings = {**self.cluster.settings}
        self.worker.launch(**settings)
        self.wait(
            lambda: "has no Zope" in self.worker.new_log,
            seconds=ZEO_WAIT_SECONDS + READY_SECONDS,
        )
        self.cluster.storage.start()
        self.wait(lambda: self.worker.answers())
        self.run_job("crash-quick")


class EndTests(WorkerTestCase):
    def test_a_warm_shutdown_finishes_what_runs(self):
        self.start()
        process_id = self.web.start_running("crash-slow", "3")
        self.worker.terminate()
        self.assertEqual(self.worker.wait(EXIT_SECONDS), 0)
        record = self.web.states()[process_id]
        self.assertEqual(
            (record["state"], record["effects"]), ("completed", [1])
        )

    def test_a_cold_shutdown_hands_back_by_policy(self):
        self.start()
        again = self.web.start_running("crash-slow-again", "3")
        lost = self.web.start_running("crash-slow", LONG)
        self.worker.os_process.send_signal(signal.SIGQUIT)
        self.assertEqual(self.worker.wait(EXIT_SECONDS), 0)
        states = self.web.states()
        self.assertEqual(states[lost]["stored"], "lost")
        self.assertEqual(states[again]["state"], "queued")
        self.restart_worker()
        self.wait(lambda: self.web.state(again) == "completed")

    def test_a_child_that_is_told_to_end_hands_back_what_it_runs(self):
        self.start()
        process_id = self.web.start_running("crash-slow-again", "3")
        self.worker.signal_child(self.worker_pid(process_id), signal.SIGTERM)
        self.wait(lambda: self.web.state(process_id) == "completed")
        self.assertEqual(self.web.states()[process_id]["effects"], [2])

    def test_an_idle_child_ends_in_order(self):
        self.start()
        pid = self.worker.child_pids()[0]
        self.worker.signal_child(pid, signal.SIGTERM)
        self.wait(lambda: pid not in self.worker.child_pids())
        self.wait(lambda: len(self.worker.child_pids()) == 2)
        self.run_job("crash-quick")


class RecycledTests(WorkerTestCase):
    options = ("--max-tasks-per-child", "1")

    def test_each_process_has_a_fresh_child(self):
        self.start()
        pids = set()
        for _each in range(3):
            process_id, _record = self.run_job("cluster-worker")
            pids.add(self.web.result("cluster-worker", process_id)[2])
        self.assertEqual(len(pids), 3)


class ViewLimitTests(WorkerTestCase):
    def test_it_ends_a_process_that_hangs(self):
        self.start()
        _id, record = self.run_job("cluster-hang-limited", "failed")
        self.assertEqual(record["error"], "TimeLimitExceeded")
        self.assertEqual(record["effects"], [])
        self.assertIn("time limit of its view, 2 s", self.worker.log)
        # The child goes on.
        self.run_job("crash-quick")
        self.assertNotIn("has no Zope", self.worker.log)


class SoftLimitTests(WorkerTestCase):
    options = ("--soft-time-limit", "2")

    def test_it_fails_the_process_with_a_clear_text(self):
        self.start()
        process_id, record = self.run_job("crash-slow", "failed", seconds=LONG)
        self.assertEqual(record["error"], "TimeLimitExceeded")
        self.assertEqual(record["effects"], [])
        self.assertIn("soft time limit of its worker, 2", self.worker.log)
        # The child goes on.
        self.run_job("crash-quick")
        self.assertNotIn("has no Zope", self.worker.log)

    def test_it_never_ends_a_commit(self):
        self.start()
        process_id = self.web.start_job("cluster-commit", seconds="4")
        self.wait(lambda: self.web.state(process_id) == "completed")
        self.assertEqual(self.web.states()[process_id]["effects"], [1])

    def test_one_that_comes_in_a_commit_is_raised_after_it(self):
        self.start()
        process_id, record = self.run_job(
            "cluster-commits", "failed", seconds="4"
        )
        self.assertEqual(record["error"], "TimeLimitExceeded")
        body = self.web.get("/cluster-commits-done")[1]
        self.assertEqual(body, "1")


class HardLimitTests(WorkerTestCase):
    options = ("--time-limit", "2")

    def test_it_kills_the_child_and_the_process_is_lost(self):
        self.start()
        process_id, record = self.run_job("crash-slow", "lost", seconds=LONG)
        self.assertEqual(record["effects"], [])
        self.run_job("crash-quick")

    def test_one_that_is_run_again_fails_in_the_end(self):
        self.start()
        process_id, record = self.run_job(
            "crash-slow-again", "failed", seconds=LONG
        )
        self.assertEqual(record["error"], "WorkerDied")


class MultiprocessingTests(WorkerTestCase):
    def test_a_child_may_have_no_children(self):
        """As docs/howto/run-celery-workers.rst says."""
        self.start()
        process_id, record = self.run_job("cluster-children", "failed")
        self.assertEqual(record["error"], "AssertionError")


class MessageTests(WorkerTestCase):
    def send(self, *args):
        with mock.patch.dict(os.environ, self.cluster.settings):
            app = make_app()
            prefix = self.cluster.settings["NETSIGHT_ASYNC_CELERY_PREFIX"]
            app.send_task(TASK, args, queue=f"{prefix}.default", priority=9)
            app.close()

    def test_one_of_another_database_is_told(self):
        self.start()
        self.send("an-id", "elsewhere")
        self.wait(lambda: "do two sites share a broker" in self.worker.log)

    def test_doubles_and_unknown_ids_do_nothing(self):
        self.start()
        process_id = self.web.start_running("crash-slow", "2")
        for _each in range(10):
            self.send(process_id, "main")
        self.send("unknown", "main")
        self.wait(lambda: self.web.state(process_id) == "completed")
        self.wait(lambda: self.worker.log.count("is not for this worker") > 10)
        self.assertEqual(self.web.states()[process_id]["effects"], [1])


class FetchedTests(WorkerTestCase):
    """No process waits behind a long one while another child is idle."""

    def test_an_idle_worker_gets_what_another_has_fetched(self):
        self.cluster.children = self.worker.children = 1
        self.cluster.add_worker("other")
        self.start()
        self.web.start_running("crash-slow", LONG)
        for _each in range(3):
            self.run_job("crash-quick")


class RabbitMQFetchedTests(FetchedTests):
    """With RabbitMQ, Celery fetches one beyond what it runs."""

    cluster_class = RabbitMQCluster


class RabbitMQTests(WorkerTestCase):
    cluster_class = RabbitMQCluster

    @contextmanager
    def queue(self):
        """Give the queue of the worker, to ask the broker about."""
        with (
            mock.patch.dict(os.environ, self.cluster.settings),
            make_app() as app,
            app.connection_for_write() as connection,
        ):
            (queue,) = app.amqp.queues.values()
            yield queue(connection.default_channel)

    def consumers(self):
        """Return how many take messages from the queue."""
        with self.queue() as queue:
            return queue.queue_declare(passive=True).consumer_count

    def test_no_message_is_kept_while_all_children_work(self):
        """The broker ends the channel of who keeps one for too long."""
        self.start()
        for _child in range(2):
            self.web.start_running("crash-slow", LONG)
        for _each in range(2):
            self.web.start_job("crash-quick")
        self.wait(lambda: "gave 2 messages back" in self.worker.log)
        self.assertEqual(self.consumers(), 0)

    def test_what_was_given_back_is_run_when_a_child_is_free(self):
        self.cluster.children = self.worker.children = 1
        self.start()
        self.web.start_running("crash-slow", "20")
        process_id = self.web.start_job("crash-quick")
        self.wait(lambda: self.consumers() == 0)
        self.wait_stored(process_id, "completed")
        self.run_job("crash-quick")

    def test_a_queue_that_is_deleted_is_made_anew(self):
        self.start()
        with self.queue() as queue:
            queue.delete()
        self.run_job("crash-quick")
