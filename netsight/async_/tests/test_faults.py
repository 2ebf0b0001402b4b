"""A fault at every line of a run and in every commit: nothing is lost.

After each, the monitor of a server does what it does each beat, and then the
record must be final and agree with the effects.
"""

import errno
import itertools
import logging
import sys
from contextlib import suppress

import transaction
from transaction.interfaces import TransientError
from zExceptions import Redirect
from ZODB.POSException import ConflictError

from netsight.async_ import interfaces
from netsight.async_.executors.inline import InlineExecutor
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running.monitor import monitor
from netsight.async_.serving.server import Duty
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.faults import Commits
from netsight.async_.tests.faults import Lines
from netsight.async_.tests.faults import TracedExecutor
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never


FAULTS = {
    "error": lambda: RuntimeError("a fault"),
    "full disk": lambda: OSError(errno.ENOSPC, "a fault"),
    "conflict": lambda: ConflictError("a fault"),
    # As ZEO.Exceptions.ClientDisconnected is.
    "connection lost": lambda: TransientError("a fault"),
    "exit": lambda: SystemExit("a fault"),
}

REPEATED = ("conflict", "connection lost")

TIDYING = (
    "running.runner.run: try:",
    "running.failure.printable: return str(exc)",
    "records.inputs.is_seekable: stream.seek(",
    "running.runner.execute: monitor.unwatch(self.hold)",
    "running.monitor.unwatch:",
    "running.fence.afterCompletion:",
)
"""Beginnings of places where a fault would be one of the interpreter, or
is expected."""

ERROR = {"error": FAULTS["error"]}

BODY = b"the result" * 10_000
"""Is stored as a blob."""


def complete(view, process_id):
    """Write one effect and answer."""
    view.set_progress(process_id, 50)
    view.context.effects = (*view.context.effects, process_id)
    return BODY


def commit_midway(view, process_id):
    """Write a mark, commit it, and complete; does no step twice."""
    if process_id not in view.context.marks:
        view.context.marks = (*view.context.marks, process_id)
        view.checkpoint()
    return complete(view, process_id)


def fail(view, process_id):
    complete(view, process_id)
    raise ValueError("the job's own error")


def redirect(view, process_id):
    complete(view, process_id)
    raise Redirect("http://localhost/elsewhere")


def doom(view, process_id):
    transaction.doom()
    return complete(view, process_id)


def be_cancelled(view, process_id):
    complete(view, process_id)
    view.request.async_run.cancel()
    view.check_cancelled()


class FaultTestCase(AsyncTestCase):
    level = 2

    def setUp(self):
        super().setUp()
        self.app.effects = self.app.marks = ()
        transaction.commit()
        retry_conflicts(self)
        self.wrong = []

    def start(self, view, executor):
        """Start a job, and settle; return the answer and the log.

        The answer is None if the start ended with an error.
        """
        client, response = self.client(), None
        logger = logging.getLogger("netsight.async_")
        with self.assertLogs(logger, logging.INFO) as logs:
            logger.info("begin")
            with processes_run_by(executor):
                with suppress(OSError, TransientError):
                    response = client.post(f"/{view}", expect_errors=True)
                self.settle()
        return response, logs.records

    def settle(self):
        """Do what a server does each beat, until all have ended."""
        duty = Duty()
        for _beat in range(5):
            if all(process.is_final for process in self.processes()):
                return
            duty()

    def check(self, place, has_effect=True):
        """Note what is wrong with the one process that there may be."""
        for hold in monitor.holds():
            self.complain(place, f"the claim {hold.token} is held for ever")
            monitor.unwatch(hold)
        (process,) = self.processes()
        state, error = process.state, process.error and process.error.text
        effects = self.app.effects.count(process.id)
        marks = self.app.marks.count(process.id)
        done = state == interfaces.COMPLETED
        if process.outcome.state is None:
            self.complain(place, f"{state} is not stored")
        if effects != (done and has_effect):
            self.complain(place, f"{state} with {effects} effects: {error}")
        if marks > 1 or (done and self.has_marks and not marks):
            self.complain(place, f"{state} with {marks} marks: {error}")
        if process.request and not process.may_run_again:
            self.complain(place, f"{state} has kept its request")
        if done and has_effect and process.response.body.read() != BODY:
            self.complain(place, "another result")
        self.app.effects = self.app.marks = ()
        query_registry(self.app).remove(process.id)
        transaction.commit()
        return process.id, state

    def complain(self, place, text):
        self.wrong.append(f"{place}: {text}")


def is_told(records, process_id):
    """Tell whether the log has a traceback of the fault with the id."""
    return any(
        process_id in record.getMessage()
        and record.exc_info
        and "a fault" in str(record.exc_info[1])
        for record in records
    )


class LineTests(FaultTestCase):
    """A fault at each line that the thread of a job goes through."""

    def break_everywhere(self, work, view, faults=FAULTS, has_effect=True):
        """Return Counter-like {state: number} of how the processes ended."""
        self.job(work)
        self.has_marks = work is commit_midway
        count = len(self.run_with(Lines(tidying=TIDYING), view).names)
        self.check("without a fault", has_effect)
        self.assertGreater(count, 100)
        states = {}
        for name, make_fault in faults.items():
            for at in range(1, count + 1):
                lines = Lines(at, make_fault(), TIDYING)
                self.run_with(lines, view)
                place = f"{name} at {lines.names[-1]}"
                process_id, state = self.check(place, has_effect)
                told = is_told(self.records, process_id)
                if lines.sprung and name not in REPEATED and not told:
                    self.complain(place, "nothing in the log")
                states.setdefault(state, []).append(place)
        self.assertFalse(self.wrong, "\n".join(self.wrong[:20]))
        return states

    def run_with(self, lines, view):
        _response, self.records = self.start(view, TracedExecutor(lines))
        return lines

    def test_a_job_that_is_not_repeated(self):
        states = self.break_everywhere(complete, "job", ERROR)
        self.assertEqual(states.keys(), {"completed", "failed", "lost"})

    def test_a_job_that_is_repeated_when_its_worker_died(self):
        states = self.break_everywhere(complete, "again-job")
        self.assertEqual(states.keys(), {"completed", "failed"})

    def test_a_job_with_a_checkpoint(self):
        self.break_everywhere(commit_midway, "again-job", ERROR)

    def test_a_job_that_fails(self):
        states = self.break_everywhere(fail, "job", ERROR)
        self.assertEqual(states.keys(), {"failed", "lost"})

    def test_a_job_that_raises_a_redirect(self):
        states = self.break_everywhere(redirect, "job", ERROR, False)
        self.assertEqual(states.keys(), {"completed", "failed", "lost"})

    def test_a_job_that_dooms_its_transaction(self):
        states = self.break_everywhere(doom, "job", ERROR, False)
        self.assertEqual(states.keys(), {"completed", "failed", "lost"})

    def test_a_job_that_is_cancelled(self):
        states = self.break_everywhere(be_cancelled, "cancellable-job", ERROR)
        self.assertEqual(states.keys(), {"cancelled", "failed", "lost"})


class DutyTests(FaultTestCase):
    """A fault at each line of what a server's monitor does each beat."""

    has_marks = False

    def setUp(self):
        super().setUp()
        self.job(complete)
        self.client().start("/job")
        self.clear()

    def prepare(self):
        """Make a process that is queued, and two of a dead worker."""
        with processes_run_by(Never()):
            ids = [
                self.client().start(f"/{view}")
                for view in ("job", "job", "again-job")
            ]
        transact("test", take_and_die, ids[1:])
        return ids

    def do_duty(self, lines):
        with processes_run_by(InlineExecutor()):
            sys.settrace(lines)
            try:
                Duty()()
            except RuntimeError:
                self.assertTrue(lines.sprung)
            finally:
                sys.settrace(None)
            Duty()()

    def states(self, ids):
        return [self.process(process_id).state for process_id in ids]

    def test_all_is_done_in_the_next_beat(self):
        tidying = (*TIDYING, "executors.inline")
        for count in itertools.count(1):
            ids = self.prepare()
            lines = Lines(count, RuntimeError("a fault"), tidying)
            self.do_duty(lines)
            with self.subTest(lines.names[-1]):
                states = self.states(ids)
                self.assertEqual(states, ["completed", "lost", "completed"])
                self.assertEqual(len(self.processes()), len(ids))
                self.assertEqual(self.app.effects, (ids[0], ids[2]))
            if not lines.sprung:
                break
            self.clear()
        self.assertGreater(count, 100)

    def clear(self):
        """Leave one process, which has expired."""
        transaction.begin()
        self.app.effects = ()
        transaction.commit()
        transact("test", age)


def age(root):
    """Leave one of the processes, and make it an old one."""
    registry = query_registry(root)
    for process_id in list(registry.process_ids())[1:]:
        registry.remove(process_id)
    for process_id in registry.process_ids():
        registry[process_id].outcome.finished = 0.0


def take_and_die(root, ids):
    """Have a worker claim processes and end."""
    registry = query_registry(root)
    for process_id in ids:
        registry[process_id].claim_for(registry.worker("dead"))
    registry.worker("dead").end()


class CommitTests(FaultTestCase):
    """A fault before or after each step of each commit."""

    def break_everywhere(self, work, view, after):
        self.job(work)
        self.has_marks = work is commit_midway
        count = len(self.run_with(Commits(), view).names)
        self.check("without a fault")
        for name in ("full disk", "connection lost"):
            for at in range(1, count + 1):
                commits = Commits(at, FAULTS[name](), after)
                self.run_with(commits, view)
                self.check_start(f"{name} at {commits.names[-1]}")
        self.assertFalse(self.wrong, "\n".join(self.wrong[:20]))

    def run_with(self, commits, view):
        with commits.watched():
            self.response, _records = self.start(view, InlineExecutor())
        return commits

    def check_start(self, place):
        """Who was led to a process has one; there may be one of others."""
        answer = self.response
        if answer and answer.status_int == 302 and not self.processes():
            self.complain(place, "the answer leads to no process")
        if self.processes():
            self.check(place)

    def test_work_that_is_committed_is_not_called_again(self):
        calls = []
        self.job(lambda view, process_id: calls.append(process_id))
        count = len(self.run_with(Commits(after=True), "job").names)
        calls.clear()
        # The last commit is that of the job.
        lost = Commits(count, TransientError("a fault"), after=True)
        self.run_with(lost, "job")
        self.assertTrue(lost.sprung)
        self.assertEqual(len(calls), 1)
        states = [process.state for process in self.processes()]
        self.assertEqual(states, ["completed"] * 2)

    def test_before(self):
        self.break_everywhere(commit_midway, "again-job", after=False)

    def test_after(self):
        self.break_everywhere(commit_midway, "again-job", after=True)
