"""Each end without a result is told once, whoever has stored it."""

from contextlib import contextmanager
from unittest import mock

import transaction
from zope.component import getGlobalSiteManager

from netsight.async_ import actions
from netsight.async_.interfaces import IProcessEndedEvent
from netsight.async_.records.database import get_process
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import transact
from netsight.async_.running import patience
from netsight.async_.running import telling
from netsight.async_.running.monitor import monitor
from netsight.async_.running.runner import Run
from netsight.async_.running.runner import run
from netsight.async_.running.telling import wait_told
from netsight.async_.running.tests.cut_off import ClientDisconnected
from netsight.async_.running.tests.cut_off import OperationalError
from netsight.async_.running.tests.cut_off import cut_off
from netsight.async_.running.tests.told import told_states
from netsight.async_.serving import server
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.failing_commits import Failing
from netsight.async_.tests.faults import LostAnswers
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.storage_support import FileStorageTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.views import JobView
from netsight.async_.tests.waiting import WAIT_SECONDS


ERRORS = {
    "RelStorage": lambda: cut_off(OperationalError),
    "ZEO": lambda: cut_off(ClientDisconnected, "ZEO.asyncio.client"),
}


class ToldTestCase(FileStorageTestCase):
    def setUp(self):
        super().setUp()
        patcher = mock.patch.object(patience, "FIRST_SECONDS", 0)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.states = told_states(self)

    def told(self):
        """Return the states that subscribers were told of, once they were."""
        wait_told(WAIT_SECONDS)
        return self.states

    def start(self, view="job"):
        """Return the id of a process that is queued."""
        with processes_run_by(Never()):
            return self.client().start(f"/{view}")

    def abandoned(self, view="job"):
        """Return the id of a process whose worker is dead."""
        process_id = self.start(view)
        transact("test", die_with_claim, process_id)
        return process_id

    def post_cancel(self, process_id, **kwargs):
        return self.client().post(
            "/cancellable-job/process-cancel",
            {"process_id": process_id},
            **kwargs,
        )


class LostAnswerTests(ToldTestCase):
    """The commit that stores the end is done, and its answer is lost."""

    def check(self, end, note, states):
        for name, fault in ERRORS.items():
            with self.subTest(name):
                self.states.clear()
                lost = LostAnswers(note, fault)
                with lost.watched():
                    end()
                self.assertEqual(lost.lost, 1)
                # A later look must not tell of it again.
                server.Duty()()
                self.assertEqual(self.told(), states)

    def do_duty(self):
        duty = server.Duty()
        try:
            duty()
        except OperationalError:
            duty()

    def lose(self):
        self.abandoned()
        self.do_duty()

    def fail_by_deaths(self):
        transact("test", die_often, self.abandoned("again-job"))
        self.do_duty()

    def hand_back(self):
        with claimed(self.start()):
            try:
                server._hand_back()
            except OperationalError:
                server._hand_back()

    def cancel_in_the_queue(self):
        process_id = self.start("cancellable-job")
        try:
            self.post_cancel(process_id, status="*")
        except OperationalError:
            self.assertEqual(self.process(process_id).state, "cancelled")

    def cancel_what_cannot_be_read(self):
        process_id = self.start("cancellable-job")
        transact("test", want_cancelled, process_id)
        with (
            claimed(process_id) as run,
            self.assertLogs("netsight.async_", "ERROR"),
        ):
            run._request.put_back(OSError("the blob directory is away"))

    def test_of_what_a_server_finds_lost(self):
        self.check(self.lose, "recovery", ["lost"])

    def test_of_what_has_killed_all_its_workers(self):
        self.check(self.fail_by_deaths, "recovery", ["failed"])

    def test_of_what_is_handed_back_at_the_stop(self):
        self.check(self.hand_back, "stop", ["lost"])

    def test_of_what_is_cancelled_in_the_queue(self):
        retry_conflicts(self)
        self.check(self.cancel_in_the_queue, "process-cancel", ["cancelled"])

    def test_of_what_is_cancelled_as_it_cannot_be_read(self):
        self.check(self.cancel_what_cannot_be_read, "back", ["cancelled"])


class RolledBackTests(ToldTestCase):
    def test_an_end_that_was_not_stored_is_not_told(self):
        process_id = self.start("cancellable-job")
        process = self.process(process_id)
        actions.cancel(process)
        transaction.get().join(Failing(ValueError("vote")))
        with self.assertRaises(ValueError):
            transaction.commit()
        transaction.abort()
        self.assertEqual(self.told(), [])

    def test_nor_is_that_of_a_recovery_which_conflicted(self):
        self.abandoned()
        duty = server.Duty()
        with (
            mock.patch.object(server, "look", roll_back),
            self.assertRaises(ZeroDivisionError),
        ):
            duty()
        self.assertEqual(self.told(), [])
        duty()
        self.assertEqual(self.told(), ["lost"])


class BesideTheDutyTests(ToldTestCase):
    """Recovered by a request, before the duty has looked."""

    def registry(self):
        transaction.begin()
        return getProcessRegistry(self.app)

    def test_of_what_a_single_start_replaces(self):
        with mock.patch.object(JobView, "single", "view"):
            replaced = self.abandoned()
            self.start()
        self.assertEqual(self.process(replaced).state, "lost")
        self.assertEqual(self.told(), ["lost"])

    def test_of_what_is_removed(self):
        process_id = self.abandoned()
        registry = self.registry()
        actions.remove(registry, registry[process_id])
        transaction.commit()
        self.assertNotIn(process_id, self.registry())
        self.assertEqual(self.told(), ["lost"])

    def test_of_what_is_run_again(self):
        process_id = self.abandoned("again-job")
        transact("test", die_often, process_id)
        registry = self.registry()
        with processes_run_by(Never()):
            actions.run_again(registry, registry[process_id])
            transaction.commit()
        self.assertEqual(self.told(), ["failed"])

    def test_a_claim_leaves_what_is_lost_to_the_duty(self):
        process_id = self.abandoned()
        with self.assertLogs("netsight.async_", "INFO") as logs:
            run(process_id)
        self.assertIn("is not for this worker", logs.output[0])
        self.assertIsNone(self.process(process_id).outcome.state)
        server.Duty()()
        self.assertEqual(self.told(), ["lost"])


class AwayTests(ToldTestCase):
    """The database is away when an end is to be told."""

    def away(self, name, fault, times=3):
        """Have a function of `telling` fail so often."""
        original, errors = getattr(telling, name), [fault] * times

        def do(*args):
            if errors:
                errors.pop()()
            return original(*args)

        patcher = mock.patch.object(telling, name, do)
        patcher.start()
        self.addCleanup(patcher.stop)

    def check(self, name):
        for error, fault in ERRORS.items():
            with self.subTest(error):
                self.states.clear()
                self.away(name, fault)
                with self.assertLogs("netsight.async_", "WARNING") as logs:
                    self.abandoned()
                    server.Duty()()
                    self.assertEqual(self.told(), ["lost"])
                self.assertEqual(len(logs.output), 1)
                self.assertIn("the database was cut off", logs.output[0])

    def test_it_is_told_when_it_can_be_read_again(self):
        self.check("transact")

    def test_it_is_told_when_it_can_be_published(self):
        self.check("publish_as_owner")

    def test_the_request_that_cancels_does_not_wait_for_it(self):
        gate = Gate()
        process_id = self.start("cancellable-job")
        self.away("publish_as_owner", ERRORS["RelStorage"], times=1)
        with mock.patch.object(patience.time, "sleep", lambda s: gate.reach()):
            self.post_cancel(process_id)
            gate.wait()
            self.assertEqual(self.states, [])
            gate.open()
            self.assertEqual(self.told(), ["cancelled"])

    def test_subscribers_are_not_called_again_when_their_commit_is_cut(self):
        def join(event):
            transaction.get().join(Failing(error_of_a_cut()))

        manager = getGlobalSiteManager()
        manager.registerHandler(join, (IProcessEndedEvent,))
        self.addCleanup(manager.unregisterHandler, join, (IProcessEndedEvent,))
        self.abandoned()
        with self.assertLogs("netsight.async_", "ERROR") as logs:
            server.Duty()()
            self.assertEqual(self.told(), ["lost"])
        self.assertIn("is not told", logs.output[0])


@contextmanager
def claimed(process_id):
    """Yield a Run of this worker that has its claim, in a block."""
    run = Run(process_id)
    transact("test", run._claim)
    try:
        yield run
    finally:
        monitor.unwatch(run.hold)


def die_often(root, process_id):
    """Let the death of the worker be the last that is allowed."""
    process = get_process(root, process_id)
    process.claim.deaths = process.max_attempts - 1


def want_cancelled(root, process_id):
    get_process(root, process_id).request_cancel()


def roll_back(note, function, *args):
    """Do a transaction of ours, and roll it back."""

    def fail(root):
        function(root, *args)
        raise ZeroDivisionError

    return transact(note, fail)


def error_of_a_cut():
    try:
        cut_off(OperationalError)
    except OperationalError as exc:
        return exc
