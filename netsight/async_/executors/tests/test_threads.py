"""Real threads: the pool, progress as others see it, a real server."""

import http.client
import json
import logging
import threading
import unittest
from unittest import mock

import transaction
from webtest.http import StopableWSGIServer
from ZODB.POSException import ReadOnlyError
from zope.interface.verify import verifyObject
from ZPublisher.httpexceptions import HTTPExceptionHandler
from ZPublisher.WSGIPublisher import publish_module

from netsight.async_ import config
from netsight.async_.executors import thread
from netsight.async_.executors.doorbell import get_executor
from netsight.async_.executors.inline import InlineExecutor
from netsight.async_.executors.none import NoneExecutor
from netsight.async_.executors.none import none_executor
from netsight.async_.executors.thread import ThreadExecutor
from netsight.async_.executors.thread import thread_executor
from netsight.async_.interfaces import IExecutor
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.lease import Hold
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.running import signs
from netsight.async_.running.monitor import Monitor
from netsight.async_.running.monitor import monitor
from netsight.async_.running.publishing import JobRequest
from netsight.async_.serving.server import make_room
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.record_support import BOB
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


def gated():
    """Return a Gate, a list, and a function that runs a process.

    It puts the id of the process into the list, and waits at the gate.
    """
    gate, ran = Gate(), []

    def run(process_id):
        ran.append(process_id)
        gate.reach()

    return gate, ran, run


def call_at_once(number, function):
    """Call a function in so many threads, and wait until all have ended."""
    threads = [threading.Thread(target=function) for _ in range(number)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(WAIT_SECONDS)


def no_more_threads():
    """Have the system refuse to start a thread, in a block."""
    error = RuntimeError("can't start new thread")
    return mock.patch.object(threading.Thread, "start", side_effect=error)


class ThreadExecutorTests(unittest.TestCase):
    """The pool, without Zope."""

    def executor(self, run):
        executor = ThreadExecutor(run)
        self.addCleanup(self.check_stopped, executor)
        return executor

    def check_stopped(self, executor):
        self.assertTrue(executor.stop(WAIT_SECONDS), "a thread survived")

    def test_all_executors_provide_the_interface(self):
        for each in (ThreadExecutor(), InlineExecutor(), NoneExecutor()):
            verifyObject(IExecutor, each)
            self.assertEqual(each.health()["waiting"], 0)

    def test_it_tells_when_a_thread_is_free_if_all_were_busy(self):
        gate, ran, run = gated()
        executor = self.executor(run)
        free = threading.Event()
        self.assertFalse(executor.call_when_free(free.set))
        for number in range(config.get("threads")):
            executor.ring(str(number))
        self.assertTrue(
            wait_until(lambda: len(ran) == config.get("threads"), WAIT_SECONDS)
        )
        self.assertTrue(executor.call_when_free(free.set))
        self.assertFalse(free.is_set())
        gate.open()
        self.assertTrue(free.wait(WAIT_SECONDS))

    def test_while_something_waits_it_is_not_full_of_what_it_knows(self):
        gate, _ran, run = gated()
        self.addCleanup(gate.open)
        executor = self.executor(run)
        for number in range(config.get("threads") + 1):
            executor.ring(str(number))
        self.assertFalse(executor.call_when_free(self.fail))
        gate.open()

    def test_what_is_known_to_be_claimed_is_not_tried(self):
        ran = []
        executor = self.executor(ran.append)
        executor.is_claimed = lambda process_id, rung: process_id == "1"
        for number in range(3):
            executor.ring(str(number))
        self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(sorted(ran), ["0", "2"])

    def test_what_is_rung_is_run(self):
        ran = []
        executor = self.executor(ran.append)
        for number in range(100):
            executor.ring(str(number))
        self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(sorted(ran, key=int), [str(n) for n in range(100)])

    def test_no_more_than_the_set_number_of_threads_run(self):
        started = threading.Semaphore(0)
        go = threading.Event()

        def run(process_id):
            started.release()
            go.wait(WAIT_SECONDS)

        executor = self.executor(run)
        for number in range(10):
            executor.ring(str(number))
        for _ in range(4):
            self.assertTrue(started.acquire(timeout=WAIT_SECONDS))
        health = executor.health()
        self.assertEqual(health, {"running": 4, "waiting": 6, "threads": 4})
        go.set()
        self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(executor.health()["threads"], 4)

    def test_an_idle_thread_is_used_again(self):
        names = []
        executor = self.executor(
            lambda pid: names.append(threading.current_thread().name)
        )
        for number in range(5):
            executor.ring(str(number))
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(set(names), {"netsight.async 1"})

    def test_an_idle_thread_ends_after_a_while(self):
        executor = self.executor(lambda pid: None)
        executor.IDLE_SECONDS = 0.0
        executor.ring("1")
        for each in threading.enumerate():
            if each.name.startswith("netsight.async "):
                each.join(WAIT_SECONDS)
        self.assertEqual(executor.health()["threads"], 0)

    def test_a_second_ring_for_a_waiting_process_is_one(self):
        gate, ran, run = gated()
        executor = self.executor(run)
        executor.ring("first")
        gate.wait()
        with self.one_thread():
            executor.ring("again")
            executor.ring("again")
        gate.open()
        self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(ran, ["first", "again"])

    def one_thread(self):
        return mock.patch.dict("os.environ", NETSIGHT_ASYNC_THREADS="1")

    def ran_after_the_first(self, *rings):
        """Return what a single thread ran of `rings`, in that order.

        All are rung while it is busy.
        """
        gate = Gate()
        ran = []
        runs = {"first": gate.reach}
        executor = self.executor(
            lambda pid: runs.get(pid, lambda: ran.append(pid))()
        )
        with self.one_thread():
            executor.ring("first")
            gate.wait()
            for ring in rings:
                executor.ring(*ring)
            gate.open()
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        return ran

    def test_a_higher_priority_comes_first(self):
        ran = self.ran_after_the_first(
            ("1", "default", 0), ("2", "default", 9), ("3", "default", 5)
        )
        self.assertEqual(ran, ["2", "3", "1"])

    def test_one_priority_is_run_in_the_order_of_the_starts(self):
        ids = [new_process_id() for _number in range(5)]
        ran = self.ran_after_the_first(*((pid,) for pid in reversed(ids)))
        self.assertEqual(ran, ids)

    def test_owners_take_turns(self):
        many = [(f"{n:03}", "default", 0, ANONYMOUS) for n in range(120)]
        bobs = [("500", "default", 0, BOB), ("501", "default", 0, BOB)]
        ran = self.ran_after_the_first(*many, *bobs)
        self.assertEqual(ran[:4], ["000", "500", "001", "501"])

    def test_queues_that_are_not_served_are_left_alone(self):
        queues = {"NETSIGHT_ASYNC_QUEUES": "heavy, default"}
        with mock.patch.dict("os.environ", queues):
            ran = self.ran_after_the_first(("1", "mail"), ("2", "heavy"))
        self.assertEqual(ran, ["2"])

    def test_a_process_can_be_rung_for_again_when_it_was_taken(self):
        ran = []
        executor = self.executor(ran.append)
        for _number in range(2):
            executor.ring("1")
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(ran, ["1", "1"])

    def test_a_thread_that_cannot_be_started_takes_no_place(self):
        ran = []
        executor = self.executor(ran.append)
        with no_more_threads(), self.assertLogs(thread.logger) as logs:
            for number in range(5):
                executor.ring(str(number))
            self.assertEqual(
                executor.health(), {"running": 0, "waiting": 5, "threads": 0}
            )
        self.assertEqual(len(logs.output), 1)
        # As each beat does.
        executor.ring("0")
        self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(ran, [str(number) for number in range(5)])

    def test_a_stopped_pool_forgets_what_waits(self):
        gate, ran, run = gated()
        executor = ThreadExecutor(run)
        with self.one_thread():
            executor.ring("first")
            gate.wait()
            executor.ring("second")
        self.assertFalse(executor.stop(0), "the first still runs")
        gate.open()
        self.assertTrue(executor.stop(WAIT_SECONDS))
        self.assertEqual(ran, ["first"])

    def test_a_stopped_pool_takes_nothing_new(self):
        ran = []
        executor = ThreadExecutor(ran.append)
        self.assertTrue(executor.stop(WAIT_SECONDS))
        executor.ring("late")
        self.assertTrue(executor.stop(WAIT_SECONDS))
        self.assertEqual(ran, [])

    def test_the_threads_do_not_hold_up_the_exit_of_python(self):
        gate = Gate()
        executor = self.executor(lambda pid: gate.reach())
        executor.ring("1")
        gate.wait()
        threads = [
            each
            for each in threading.enumerate()
            if each.name.startswith("netsight.async ")
        ]
        self.assertTrue(threads)
        self.assertTrue(all(each.daemon for each in threads))
        gate.open()


class ChoiceTests(AsyncTestCase):
    def test_an_unnamed_utility_is_the_executor(self):
        self.assertIsInstance(get_executor(), InlineExecutor)
        with self.threads() as executor:
            self.assertIs(get_executor(), executor)

    def test_without_it_the_setting_names_the_executor(self):
        unnamed = "netsight.async_.executors.doorbell.queryUtility"
        with mock.patch(unnamed, return_value=None):
            self.assertIs(get_executor(), thread_executor)
            none = {"NETSIGHT_ASYNC_EXECUTOR": "none"}
            with mock.patch.dict("os.environ", none):
                self.assertIs(get_executor(), none_executor)

    def test_with_none_a_process_stays_queued(self):
        with processes_run_by(none_executor):
            process_id = self.client().start("/job")
        self.assertEqual(self.process(process_id).state, "queued")


class ProgressTests(AsyncTestCase):
    """What other connections see while `__run__` goes on."""

    def setUp(self):
        super().setUp()
        self.gates = []

    def see(self, *steps):
        """Run a job that takes `steps`; yield what is seen after each.

        A step is called with (view, process id).
        """
        gates = [Gate() for _step in steps]

        def work(view, process_id):
            for step, gate in zip(steps, gates):
                step(view, process_id)
                gate.reach()

        self.job(work)
        with self.threads():
            client = self.client()
            process_id = client.start("/job")
            for gate in gates:
                gate.wait()
                self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
                yield client, process_id
                gate.open()

    def progress(self, value, message=None):
        return lambda view, pid: view.set_progress(pid, value, message)

    def completed(self, client, process_id):
        response = client.see("/job", "completed", process_id, output_json=1)
        return response.json["completed"]

    def test_it_is_seen_without_any_commit_of_the_job(self):
        def step(view, process_id):
            view.context.title = "not yet"
            view.set_progress(process_id, 33.333)

        before = self.app.title
        for client, process_id in self.see(step):
            self.assertEqual(self.completed(client, process_id), 33.3)
            self.app._p_jar.sync()
            self.assertEqual(self.app.title, before)

    def test_the_last_of_many_is_seen(self):
        def step(view, process_id):
            for number in range(10_000):
                view.set_progress(process_id, number / 200)

        for client, process_id in self.see(step):
            self.assertEqual(self.completed(client, process_id), 50)

    def test_whole_numbers_are_whole_in_json(self):
        for client, process_id in self.see(self.progress(50.0)):
            response = client.see(
                "/job", "completed", process_id, output_json=1
            )
            self.assertEqual(response.text, '{"completed": 50}')

    def test_100_before_the_end_is_not_done(self):
        for client, process_id in self.see(self.progress(100)):
            self.assertEqual(self.completed(client, process_id), 99.9)
            page = client.see("/job", "processing", process_id)
            self.assertIn("99.9% completed...", page)
            client.see("/job", "result", process_id, status=202)

    def test_out_of_range_is_clamped(self):
        seen = [
            self.completed(*each)
            for each in self.see(self.progress(-5), self.progress(1000))
        ]
        self.assertEqual(seen, [0, 99.9])

    def test_the_page_shows_progress_and_message(self):
        step = self.progress(25, "Importing 3 of <12>")
        for client, process_id in self.see(step):
            page = client.see("/job", "processing", process_id)
            self.assertIn("25% completed...", page)
            self.assertIn("Importing 3 of &lt;12&gt;", page)
            self.assertIn('value="25"', page)
            status = client.see("/job", "process-status", process_id).json
            self.assertEqual(status["state"], "running")
            self.assertEqual(status["progress"], 25)
            self.assertEqual(status["message"], "Importing 3 of <12>")

    def test_a_helper_thread_of_the_job_may_set_it(self):
        def step(view, process_id):
            thread = threading.Thread(
                target=view.set_progress, args=(process_id, 12)
            )
            thread.start()
            thread.join()

        for client, process_id in self.see(step):
            self.assertEqual(self.completed(client, process_id), 12)

    def test_outside_a_job_it_checks_the_number_and_does_nothing(self):
        view = self.app.restrictedTraverse("job")
        view.set_progress(None, 50)
        with self.assertRaises(ValueError):
            view.set_progress(None, "50")
        with self.assertRaises(RuntimeError):
            view.set_progress("some-id", 50)

    def test_all_processes_are_written_in_one_commit(self):
        written = []
        gates = [Gate(), Gate()]
        both = threading.Barrier(2)

        def work(view, process_id):
            both.wait(WAIT_SECONDS)
            view.set_progress(process_id, 10)
            gates.pop().reach()

        keep = list(gates)
        self.job(work)
        with self.threads():
            ids = [self.client().start("/job") for _ in range(2)]
            for gate in keep:
                gate.wait()
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
            written = [self.process(each).progress for each in ids]
            for gate in keep:
                gate.open()
        self.assertEqual(written, [10, 10])


class SoonOverTests(AsyncTestCase):
    @mock.patch("netsight.async_.running.monitor.FIRST_SECONDS", 60.0)
    def test_a_process_has_no_commit_for_its_progress(self):
        with mock.patch.object(signs, "show", wraps=signs.show) as show:
            _client, process_id = self.run_job(
                lambda view, pid: view.set_progress(pid, 50)
            )
        show.assert_not_called()
        self.assertEqual(self.process(process_id).state, "completed")


class FetchedTests(AsyncTestCase):
    """When a result was fetched is written later, by the monitor."""

    def test_a_get_writes_nothing_and_a_server_notes_it_later(self):
        duty = threading.Event()
        client, process_id = self.run_job(lambda view, pid: "x")
        monitor.serve(duty.set)
        try:
            self.assertTrue(duty.wait(WAIT_SECONDS))
            before = self.app._p_jar.db().storage.lastTransaction()
            with mock.patch.object(signs, "show", side_effect=ReadOnlyError):
                client.see("/job", "result", process_id)
            after = self.app._p_jar.db().storage.lastTransaction()
            self.assertEqual(after, before)
        finally:
            self.assertTrue(monitor.stop(WAIT_SECONDS))
        self.assertIsNotNone(self.process(process_id).fetched)

    def test_without_a_server_nothing_is_noted(self):
        client, process_id = self.run_job(lambda view, pid: "x")
        client.see("/job", "result", process_id)
        self.assertTrue(monitor.stop(WAIT_SECONDS))
        self.assertIsNone(self.process(process_id).fetched)


A = Hold("a-process", "1")
B = Hold("b-process", "1")


class MonitorTests(unittest.TestCase):
    """Without a database."""

    def monitor(self):
        self.batches = []

        class Recording(Monitor):
            def _write(monitor, batch, fetched):
                self.batches.append(batch)
                for hold, shown in batch.items():
                    monitor._reports[hold].shown = shown

        return Recording()

    def test_the_thread_lives_while_something_runs(self):
        watching = self.monitor()
        watching.watch(A)
        self.assertFalse(watching.stopped(0))
        watching.unwatch(A)
        self.assertTrue(watching.stopped(WAIT_SECONDS))

    def test_what_the_record_shows_already_is_not_written(self):
        watching = self.monitor()
        watching.watch(A)
        watching.put(A, None, None)
        self.assertTrue(watching.wait_idle(0))
        watching.watch(B, shown=(7, "old"))
        watching.put(B, 7, "old")
        self.assertTrue(watching.wait_idle(WAIT_SECONDS))
        self.assertEqual(self.batches, [])
        watching.unwatch(A)
        watching.unwatch(B)
        self.assertTrue(watching.stopped(WAIT_SECONDS))

    def test_a_thread_that_cannot_be_started_is_started_for_the_next(self):
        watching = self.monitor()
        with no_more_threads(), self.assertRaises(RuntimeError):
            watching.watch(A)
        watching.unwatch(A)
        self.assertEqual(watching.holds(), set())
        watching.watch(B)
        self.assertFalse(watching.stopped(0))
        watching.unwatch(B)
        self.assertTrue(watching.stopped(WAIT_SECONDS))

    def test_it_tells_which_claims_are_held(self):
        watching = self.monitor()
        watching.watch(A)
        watching.watch(B)
        watching.unwatch(A)
        self.assertEqual(watching.holds(), {B})
        watching.unwatch(B)
        self.assertTrue(watching.stopped(WAIT_SECONDS))

    def test_what_is_not_watched_is_dropped(self):
        watching = self.monitor()
        watching.put(A, 1, None)
        self.assertTrue(watching.wait_idle(0))

    def test_the_same_again_is_not_written(self):
        watching = self.monitor()
        watching.watch(A)
        watching.put(A, 1, None)
        self.assertTrue(watching.wait_idle(WAIT_SECONDS))
        watching.put(A, 1, None)
        self.assertTrue(watching.wait_idle(WAIT_SECONDS))
        watching.unwatch(A)
        self.assertTrue(watching.stopped(WAIT_SECONDS))
        self.assertEqual(self.batches, [{A: (1, None)}])

    def test_a_run_that_is_over_soon_writes_no_progress(self):
        watching = self.monitor()
        watching.serve(lambda: None)
        for _each in range(3):
            watching.watch(A)
            watching.put(A, 1, None)
            watching.unwatch(A)
        self.assertTrue(watching.stop(WAIT_SECONDS))
        self.assertEqual(self.batches, [])

    def test_short_runs_do_not_wake_its_threads_each_time(self):
        watching = self.monitor()
        begun = threading.Event()
        watching.serve(begun.set, lambda: None)
        self.addCleanup(watching.stop, WAIT_SECONDS)
        self.assertTrue(begun.wait(WAIT_SECONDS))
        with (
            mock.patch.object(
                watching._lock, "notify_all", wraps=watching._lock.notify_all
            ) as notify,
            # Neither thread comes to it meanwhile.
            watching._lock,
        ):
            for _each in range(100):
                watching.watch(A, cancel=lambda: None)
                watching.put(A, None, None)
                watching.unwatch(A)
        # What begins to be wanted, by each thread.
        self.assertLess(notify.call_count, 10)

    def test_a_database_error_is_logged_and_tried_again(self):
        watching = Monitor()
        failures = [OSError("gone"), None]

        def transact(note, function, *args, **kwargs):
            error = failures.pop(0)
            if error is not None:
                raise error

        with (
            mock.patch.multiple(
                "netsight.async_.running.monitor",
                transact=transact,
                PROGRESS_SECONDS=0.0,
            ),
            self.assertLogs("netsight.async_.running.tasks", "ERROR") as logs,
        ):
            watching.watch(A)
            watching.put(A, 1, None)
            self.assertTrue(watching.wait_idle(WAIT_SECONDS))
            watching.unwatch(A)
            self.assertTrue(watching.stopped(WAIT_SECONDS))
        self.assertIn(A.process_id, logs.output[0])
        self.assertEqual(failures, [])


class LogCapture(logging.Handler):
    """The warnings of a logger, in a block."""

    def __init__(self, name):
        super().__init__(logging.WARNING)
        self._logger = logging.getLogger(name)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())

    def __enter__(self):
        self._logger.addHandler(self)
        return self

    def __exit__(self, *exc_info):
        self._logger.removeHandler(self)


class ServerTests(AsyncTestCase):
    """A real WSGI server, real threads, a real client on a socket."""

    def setUp(self):
        super().setUp()
        self.server = StopableWSGIServer.create(
            HTTPExceptionHandler(publish_module)
        )
        self.addCleanup(self.server.runner.join, WAIT_SECONDS)
        self.addCleanup(self.server.shutdown)
        retry_conflicts(self)

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.effective_port, timeout=WAIT_SECONDS
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response, data

    def test_the_whole_timeline_on_a_socket(self):
        gate = Gate()

        def work(view, process_id):
            view.set_progress(process_id, 50)
            gate.reach()
            view.request.response.setHeader("Content-Type", "x/y")
            return view.request.form["a"].encode() * 100_000

        self.job(work)
        with self.threads() as executor:
            start, _body = self.request("POST", "/job", "a=yes")
            self.assertEqual(start.status, 302)
            query = start.getheader("Location").partition("?")[2]
            gate.wait()
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
            _response, body = self.request(
                "GET", f"/job/completed?{query}&output_json=1"
            )
            self.assertEqual(json.loads(body), {"completed": 50})
            gate.open()
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        result, body = self.request("GET", f"/job/result?{query}")
        self.assertEqual(body, b"yes" * 100_000)
        self.assertEqual(result.getheader("Content-Length"), "300000")
        head, body = self.request("HEAD", f"/@@job/result?{query}")
        self.assertEqual((head.status, body), (200, b""))
        self.assertEqual(head.getheader("Content-Length"), "300000")

    def test_many_starts_at_once(self):
        self.job(lambda view, pid: "done")
        locations = []
        with self.threads() as executor:

            def start():
                response, _body = self.request("POST", "/job", "")
                locations.append(response.getheader("Location"))

            call_at_once(20, start)
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(len(set(locations)), 20)
        states = [process.state for process in self.processes()]
        self.assertEqual(states, ["completed"] * 20)

    def test_500_starts_at_once(self):
        self.job(lambda view, pid: "done")
        statuses = []

        def start():
            response, _body = self.request("POST", "/job", "")
            statuses.append(response.status)

        database = self.app._p_jar.db()
        make_room(database)
        before = self.open_connections(database)
        no_limit = mock.patch.dict(
            "os.environ", NETSIGHT_ASYNC_MAX_QUEUED_ANONYMOUS="0"
        )
        with no_limit, self.threads() as executor, LogCapture("ZODB") as logs:
            call_at_once(500, start)
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
            self.assertLessEqual(executor.health()["threads"], 4)
        self.assertEqual(statuses, [302] * 500)
        states = [process.state for process in self.processes()]
        self.assertEqual(states, ["completed"] * 500)
        self.assertEqual(self.open_connections(database), before)
        self.assertEqual(logs.messages, [], "no warning of the pool")

    def open_connections(self, database):
        info = database.connectionDebugInfo()
        return len([each for each in info if each["opened"]])

    def test_twenty_processes_that_change_one_object(self):
        self.app.counter = 0
        transaction.commit()

        def work(view, process_id):
            view.context.counter += 1
            return str(view.context.counter)

        self.job(work)
        with (
            mock.patch.object(JobRequest, "delay_retry"),
            mock.patch.dict(
                "os.environ", NETSIGHT_ASYNC_CONFLICT_RETRIES="100"
            ),
        ):
            with self.threads() as executor:
                for _ in range(20):
                    self.client().start("/job")
                self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        transaction.begin()
        self.assertEqual(self.app.counter, 20)
        results = {p.response.body.read() for p in self.processes()}
        self.assertEqual(results, {str(n).encode() for n in range(1, 21)})
