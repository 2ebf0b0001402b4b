"""Processes of one view and context that run one at a time, in turn."""

import threading

import transaction
from zope.interface import implementer

from netsight.async_.actions import cancel
from netsight.async_.executors.doorbell import ring_all
from netsight.async_.executors.inline import InlineExecutor
from netsight.async_.interfaces import IBrokerExecutor
from netsight.async_.records.database import get_process
from netsight.async_.records.database import transact
from netsight.async_.records.queued import Queued
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of
from netsight.async_.tests.waiting import WAIT_SECONDS


VIEW = "/in-turn-job"


class InTurnTestCase(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.app.manage_addFolder("folder")
        transaction.commit()
        self.ran = []

    def note(self, view, process_id):
        self.ran.append(process_id)

    def queued(self, count):
        with processes_run_by(Never()):
            return [self.client().start(VIEW) for _ in range(count)]

    def states(self):
        return [process.state for process in self.processes()]


class RefusedTests(InTurnTestCase):
    """Without threads: who may be claimed."""

    def test_only_the_first_is_run(self):
        self.job(self.note)
        first, second, third = self.queued(3)
        for process_id in (third, second, first):
            run(process_id)
        self.assertEqual(self.ran, [first])
        self.assertEqual(self.states(), ["completed", "queued", "queued"])

    def test_then_the_second(self):
        self.job(self.note)
        ids = self.queued(3)
        for process_id in ids:
            run(process_id)
        self.assertEqual(self.ran, ids)

    def test_one_that_is_cancelled_is_not_waited_for(self):
        self.job(self.note)
        first, second = self.queued(2)
        transact("test", lambda root: cancel(get_process(root, first)))
        run(second)
        self.assertEqual(self.ran, [second])

    def test_nor_is_one_in_another_context(self):
        self.job(self.note)
        self.queued(1)
        with processes_run_by(Never()):
            other = self.client().start(f"/folder{VIEW}")
        run(other)
        self.assertEqual(self.ran, [other])

    def test_a_refusal_writes_nothing(self):
        self.job(self.note)
        _first, second = self.queued(2)
        storage = self.app._p_jar.db().storage
        before = storage.lastTransaction()
        run(second)
        self.assertEqual(storage.lastTransaction(), before)


class ThreadTests(InTurnTestCase):
    def test_all_run_one_after_the_other_in_the_order_of_the_starts(self):
        running = threading.Semaphore(1)

        def work(view, process_id):
            self.assertTrue(running.acquire(blocking=False), "two at once")
            self.note(view, process_id)
            running.release()

        self.job(work)
        with self.threads() as executor:
            ids = [self.client().start(VIEW) for _ in range(8)]
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(self.states(), ["completed"] * 8)
        self.assertEqual(self.ran, ids)

    def test_one_that_waits_keeps_no_thread(self):
        gate = Gate()
        self.job(lambda view, process_id: gate.reach())
        with self.threads() as executor:
            self.client().start(VIEW)
            gate.wait()
            for _number in range(8):
                self.client().start(VIEW)
            self.job(lambda view, process_id: "x")
            other = self.client().start("/job")
            self.wait_for(executor, running=1)
            self.assertEqual(self.process(other).state, "completed")
            self.assertEqual(self.states()[1:9], ["queued"] * 8)
            gate.open()
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(set(self.states()), {"completed"})

    def wait_for(self, executor, running):
        """Wait until so many run and nothing waits for a thread."""
        with executor._changed:
            executor._changed.wait_for(
                lambda: (
                    not executor._waiting
                    and executor.health()["running"] == running
                ),
                WAIT_SECONDS,
            )

    def test_one_that_fails_lets_the_next_begin(self):
        def work(view, process_id):
            self.note(view, process_id)
            raise ValueError("why")

        self.job(work)
        with self.assertLogs("netsight.async_", "ERROR"):
            with self.threads() as executor:
                ids = [self.client().start(VIEW) for _ in range(3)]
                self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(self.ran, ids)

    def test_inline_the_end_of_one_runs_the_next(self):
        self.job(self.note)
        ids = self.queued(3)
        InlineExecutor().ring(ids[0])
        self.assertEqual(self.ran, ids)


class PageTests(InTurnTestCase):
    def test_the_page_says_that_it_waits_for_others(self):
        _first, second, third = self.queued(3)
        page = text_of(self.client().see(VIEW, "processing", third))
        self.assertIn("In turn", page)
        self.assertIn("Ahead of you: 2", page)

    def test_the_status_says_so(self):
        ids = self.queued(3)
        status = [
            self.client().see(VIEW, "process-status", each).json
            for each in ids
        ]
        self.assertEqual(
            [(each["in_turn"], each["ahead"]) for each in status],
            [(False, 0), (True, 1), (True, 2)],
        )

    def test_those_that_run_are_counted(self):
        gate = Gate()
        self.job(lambda view, process_id: gate.reach())
        with self.threads():
            self.client().start(VIEW)
            gate.wait()
            second = self.client().start(VIEW)
            status = self.client().see(VIEW, "process-status", second).json
            gate.open()
        self.assertEqual((status["in_turn"], status["ahead"]), (True, 1))


@implementer(IBrokerExecutor)
class Reminded:
    """A broker's executor that notes what it is reminded of."""

    def remind(self, queued):
        self.queued = queued


class RingTests(InTurnTestCase):
    def test_only_the_first_of_each_line_is_rung_again(self):
        ids = self.queued(3)
        queued = [Queued.of(process) for process in self.processes()]
        with processes_run_by(Reminded()) as reminded:
            ring_all(queued)
        self.assertEqual([q.process_id for q in reminded.queued], ids[:1])
