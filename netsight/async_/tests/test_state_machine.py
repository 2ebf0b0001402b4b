"""A process's transitions, in any order and at once, against a model.

Hypothesis plays several Zopes on one database: their visitors, the threads of
their processes with transactions that stay open, their monitors, their deaths.
All is done by the real code on a real ZODB; only the publisher is left out.
After each step every Zope must see what `process_model` says.

Steps that are done at once see the same state of the database, and are
committed one after the other; one that conflicts is repeated, as Zope and
`database.transact` do it.  The outcome must be that of some order.

A run of the tests plays the same examples each time.  To look for more, with
new ones, and on a FileStorage::

    STATE_MACHINE_EXAMPLES=5000 STATE_MACHINE_STORAGE=file \\
    python -m zope.testrunner --test-path=. -s netsight -m test_state_machine
"""

import os
import tempfile
from copy import deepcopy
from itertools import permutations

from hypothesis import HealthCheck
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import initialize
from hypothesis.stateful import invariant
from hypothesis.stateful import precondition
from hypothesis.stateful import rule
from transaction.interfaces import TransientError
from ZODB.DemoStorage import DemoStorage
from ZODB.FileStorage import FileStorage

from netsight.async_ import interfaces
from netsight.async_.exceptions import ClaimLostError
from netsight.async_.exceptions import ProcessCancelled
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running.publishing import JobResponse
from netsight.async_.serving import server
from netsight.async_.tests import process_model
from netsight.async_.tests.process_steps import ENDS
from netsight.async_.tests.process_steps import REFUSALS
from netsight.async_.tests.process_steps import Beat
from netsight.async_.tests.process_steps import Cancel
from netsight.async_.tests.process_steps import Claim
from netsight.async_.tests.process_steps import Fail
from netsight.async_.tests.process_steps import Fetch
from netsight.async_.tests.process_steps import GiveIn
from netsight.async_.tests.process_steps import PauseQueue
from netsight.async_.tests.process_steps import Recover
from netsight.async_.tests.process_steps import ResumeQueue
from netsight.async_.tests.process_steps import Start
from netsight.async_.tests.process_steps import Stop
from netsight.async_.tests.process_steps import Sweep
from netsight.async_.tests.process_steps import outcome_of
from netsight.async_.tests.zopes import OpenRun
from netsight.async_.tests.zopes import Session
from netsight.async_.tests.zopes import Stage
from netsight.async_.tests.zopes import Zope
from netsight.async_.tests.zopes import fail


EXAMPLES = 200
STEPS = 50
ZOPES = 3
SKEWS = (0, -30, 30)
AT_ONCE = 3
LOOK_SECONDS = 30
LONG_SILENCE = 125
DAY = 24 * 60 * 60
SECONDS = (1, 59, 61, LONG_SILENCE, 601, DAY + 1, 8 * DAY)


class ProcessMachine(RuleBasedStateMachine):
    """See the module."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.stage = None
        self.model = None
        self.zopes = {}
        self.runs = {}
        self.holds = set()
        self.done = {}
        self.born = 0
        self.started = 0
        self.claimed = 0

    def teardown(self):
        for open_run in list(self.runs.values()):
            self.forget(open_run)
        for zope in self.zopes.values():
            zope.reading.close()
        if self.stage is not None:
            self.stage.close()
        self.folder.cleanup()

    # Zopes

    @initialize(
        data=st.data(),
        skews=st.permutations(SKEWS),
        files=st.sampled_from((["Data.fs"], ["Data.fs", "records.fs"])),
    )
    def two_zopes_have_two_processes(self, data, skews, files):
        """The records may be in a database of their own."""
        paths = [f"{self.folder.name}/{name}" for name in files]
        self.stage = Stage(*map(new_storage, paths))
        self.model = process_model.Model(self.stage.now)
        for skew in skews[:2]:
            self.new_zope(skew)
        for _number in range(2):
            self.do((self.draw_zope(data), data.draw(self.some_start())))

    @precondition(lambda self: len(self.zopes) < ZOPES)
    @rule(skew=st.sampled_from(SKEWS))
    def a_zope_starts(self, skew):
        self.new_zope(skew)

    def new_zope(self, skew):
        """Start a Zope; return its name."""
        self.born += 1
        name = f"zope-{self.born}"
        self.zopes[name] = Zope(self.stage, name, skew)
        self.zopes[name].look()
        self.model.add_zope(name, skew)
        return name

    @precondition(lambda self: self.busy() or self.stopped())
    @rule(data=st.data())
    def a_zope_exits(self, data):
        """It is killed, or has stopped."""
        zopes = [*self.busy(), *self.stopped()]
        self.kill(data.draw(st.sampled_from(zopes), "zope").name)

    @precondition(lambda self: self.runs)
    @rule()
    def all_are_killed_and_one_starts_again(self):
        """As with FileStorage: nobody else can be there."""
        for name in list(self.zopes):
            self.kill(name)
        name = self.new_zope(0)
        self.stage.enter(self.zopes[name])
        transact("start", server._end_others)
        for other, zope in self.model.zopes.items():
            zope.ended = zope.ended or other != name
        self.do((self.zopes[name], Recover()))

    @precondition(lambda self: self.busy())
    @rule(data=st.data())
    def a_zope_is_not_heard_of_or_is_again(self, data):
        zope = data.draw(st.sampled_from(self.busy()), "zope")
        zope = self.model.zopes[zope.name]
        zope.mute = not zope.mute

    @rule(seconds=st.sampled_from(SECONDS))
    def time_passes(self, seconds):
        """In steps, unless it is so long that nobody can have looked on."""
        step = seconds if seconds > LONG_SILENCE else LOOK_SECONDS
        for part in range(0, seconds, step):
            self.stage.now += min(step, seconds - part)
            self.model.pass_time(min(step, seconds - part))
            for zope in self.zopes.values():
                zope.look()
            for zope in self.busy():
                if not self.model.zopes[zope.name].mute:
                    self.stage.enter(zope)
                    zope.monitor.beat()
                    self.model.beat(zope.name)

    @precondition(lambda self: len(self.working()) > 1)
    @precondition(lambda self: self.running() or self.claimable())
    @rule(data=st.data(), kind=st.sampled_from((Recover, Claim, Start)))
    def a_run_is_taken_for_dead(self, data, kind):
        """It speaks when another Zope has been at its work."""
        if not self.running():
            self.claim_some(data)
        open_run = data.draw(st.sampled_from(self.running()), "run")
        zope, process_id = open_run.zope, open_run.run.process_id
        others = [each for each in self.working() if each is not zope]
        other = data.draw(st.sampled_from(others), "other")
        if not self.tell(open_run, 50):
            return
        if data.draw(st.booleans(), "cancel"):
            self.do((other, Cancel(process_id)))
        self.model.zopes[zope.name].mute = True
        self.time_passes(LONG_SILENCE)
        self.model.zopes[zope.name].mute = False
        if kind is Start:
            key = self.model.processes[process_id].key
            step = other, data.draw(self.some_start(key), "start")
        else:
            step = other, self.step_of(kind, process_id)
        if data.draw(st.sampled_from((False, False, True)), "fails at once"):
            self.do((zope, Fail(open_run)), step)
            return
        self.do(step)
        self.write_and_look(zope)
        if self.tell(open_run, 60):
            self.commit_midway(open_run)

    @precondition(lambda self: self.claimable() and len(self.working()) > 1)
    @rule(data=st.data())
    def an_idle_zope_claims_as_it_is_forgotten(self, data):
        zope, process_id = data.draw(st.sampled_from(self.claimable()))
        self.time_passes(LONG_SILENCE)
        others = [each for each in self.working() if each is not zope]
        other = data.draw(st.sampled_from(others), "other")
        self.do((zope, self.step_of(Claim, process_id)), (other, Recover()))
        self.time_passes(59)
        self.time_passes(59)

    def running(self):
        """Return the runs that another Zope might take for dead."""
        return [r for r in self.ready() if r.zope in self.working()]

    def kill(self, name):
        for open_run in self.runs_of(name):
            self.forget(open_run)
        self.model.kill(name)
        self.zopes.pop(name).reading.close()

    def working(self):
        """Return the Zopes that do not stop."""
        return [
            zope
            for zope in self.zopes.values()
            if not self.model.zopes[zope.name].ended
        ]

    def stopped(self):
        """Return the Zopes that stop."""
        working = self.working()
        return [z for z in self.zopes.values() if z not in working]

    def busy(self):
        """Return the Zopes that have runs, and do not stop."""
        zopes = {open_run.zope for open_run in self.runs.values()}
        return [zope for zope in self.working() if zope in zopes]

    def draw_zope(self, data):
        return data.draw(st.sampled_from(self.working()), "zope")

    # Steps at once

    @precondition(lambda self: self.claimable())
    @rule(data=st.data())
    def a_queued_process_is_claimed(self, data):
        self.claim_some(data)

    def claim_some(self, data):
        zope, process_id = data.draw(st.sampled_from(self.claimable()))
        self.do((zope, self.step_of(Claim, process_id)))

    def claimable(self):
        """Return Zopes, each with a process that is queued for it."""
        return [
            (zope, process_id)
            for zope in self.working()
            for process_id, process in self.model.processes.items()
            if self.model.state(process, zope.name) == interfaces.QUEUED
            and not self.model.is_paused
        ]

    @precondition(lambda self: self.working())
    @rule(data=st.data())
    def one_step(self, data):
        self.do(self.draw_step(data))

    @precondition(lambda self: self.working())
    @rule(data=st.data(), count=st.integers(2, AT_ONCE))
    def steps_at_once(self, data, count):
        steps = []
        for _number in range(count):
            steps.append(self.draw_step(data, steps))
        self.do(*steps)

    @precondition(lambda self: self.working() and self.model.processes)
    @rule(data=st.data())
    def one_process_at_once(self, data):
        """Several want the same process."""
        process_id = data.draw(self.some_process(), "process")
        steps = [(zope, Claim) for zope in self.working()]
        steps += [(zope, Cancel) for zope in self.working()]
        steps += [(zope, Recover) for zope in self.working()]
        steps += [(self.draw_zope(data), self.other_pause())]
        steps = data.draw(st.permutations(steps))[:AT_ONCE]
        self.do(*((z, self.step_of(kind, process_id)) for z, kind in steps))

    def step_of(self, kind, process_id):
        """Return a step of a kind that may be about a process."""
        if kind is Claim:
            self.claimed += 1
            return Claim(process_id, self.claimed - 1)
        return kind(process_id) if kind in (Cancel, Fetch) else kind()

    def other_pause(self):
        """Return the kind of step that pauses the queue, or resumes it."""
        return ResumeQueue if self.model.is_paused else PauseQueue

    def draw_step(self, data, others=()):
        """Return a Zope and what it does."""
        zope = self.draw_zope(data)
        kinds = [Start, Recover, Sweep, Beat, self.other_pause()]
        if self.model.is_paused:
            # Most is to be seen while it is not.
            kinds += [ResumeQueue, ResumeQueue]
        if self.model.processes:
            kinds += [Cancel, Fetch]
        if not any(
            z is zope and isinstance(s, (Claim, Stop)) for z, s in others
        ):
            # Claims of one Zope wait for each other, its stop for them.
            kinds += [Stop]
            if self.model.processes:
                kinds += [Claim, Claim]
        ends = [
            run
            for run in self.ready()
            if run.zope is zope and run not in ended_by(others)
        ]
        if ends:
            kinds += [Fail]
        kind = data.draw(st.sampled_from(kinds), "step")
        if kind is Start:
            return zope, data.draw(self.some_start(), "start")
        if kind in ENDS:
            return zope, kind(data.draw(st.sampled_from(ends)))
        process_id = None
        if kind in (Claim, Cancel, Fetch):
            process_id = data.draw(self.some_process(), "process")
        return zope, self.step_of(kind, process_id)

    def some_process(self):
        return st.sampled_from(list(self.model.processes))

    def some_start(self, *keys):
        self.started += 1
        return st.builds(
            Start,
            process_id=st.just(f"process-{self.started}"),
            cancellable=st.booleans(),
            max_attempts=st.sampled_from((1, 1, 2, 3)),
            key=st.sampled_from(keys or (None, "single")),
        )

    def do(self, *steps):
        """Do steps at once; the outcome must be that of some order."""
        sessions = []
        for zope, step in steps:
            self.stage.enter(zope)
            session = Session(self.stage)
            sessions.append((session, outcome_of(step.act, session.app)))
        results = [
            self.finish(zope, step, session, result)
            for (zope, step), (session, result) in zip(steps, sessions)
        ]
        self.settle(steps, results)

    def finish(self, zope, step, session, result):
        """Commit a step, if need be again; return its result."""
        self.stage.enter(zope)
        try:
            if result not in REFUSALS:
                session.commit()
        except TransientError:
            result = outcome_of(transact, "again", step.act)
        session.close()
        self.after(zope, step, result)
        return result

    def after(self, zope, step, result):
        """Do what the thread of a step does next."""
        if isinstance(step, Claim):
            if result is None:
                assert step.run.hold not in self.holds, "claimed twice"
                self.holds.add(step.run.hold)
                done_oid = self.done[step.number] = step.done._p_oid
                self.runs[step.number] = OpenRun(
                    zope, step.run, step.number, done_oid
                )
            else:
                zope.monitor.unwatch(step.run.hold)
        elif isinstance(step, ENDS):
            self.forget(step.open_run)

    def settle(self, steps, results):
        """Have the model do the steps in the order that explains all."""
        seen = self.seen()
        tried = []
        for order in permutations(range(len(steps))):
            model = deepcopy(self.model)
            expected = [None] * len(steps)
            for index in order:
                zope, step = steps[index]
                expected[index] = outcome_of(step.expect, model, zope.name)
            tried.append((order, expected, self.expected(model)))
            if (expected, self.expected(model)) == (results, seen):
                self.model = model
                return
        raise AssertionError(explain(results, seen, tried))

    # Runs

    @precondition(lambda self: self.ready())
    @rule(data=st.data())
    def a_run_writes(self, data):
        self.write_mark(self.draw_run(data))

    @precondition(lambda self: self.ready())
    @rule(data=st.data())
    def a_run_commits_midway(self, data):
        open_run = self.draw_run(data)
        if not self.gives_in(open_run):
            self.commit_midway(open_run)

    def commit_midway(self, open_run):
        self.stage.enter(open_run.zope)
        self.write_mark(open_run)
        result = self.commit(open_run)
        expected = outcome_of(self.model.checkpoint, open_run.number)
        self.agree(result, expected)

    @precondition(lambda self: self.ready())
    @rule(data=st.data(), is_told=st.sampled_from((True, True, False)))
    def a_run_completes(self, data, is_told):
        """The storage's answer may be lost."""
        open_run = self.draw_run(data)
        open_run.done["effect"] = open_run.run.process_id
        open_run.session.manager.get().addBeforeCommitHook(
            open_run.run._complete, (JobResponse(),)
        )
        result = self.commit(open_run)
        expected = outcome_of(self.model.complete, open_run.number)
        self.agree(result, expected)
        if not is_told:
            again = outcome_of(transact, "failed", fail, open_run.run)
            self.agree(again, result or ClaimLostError)
        self.forget(open_run)

    @precondition(lambda self: self.ready())
    @rule(data=st.data())
    def a_run_answers_and_is_rolled_back(self, data):
        open_run = self.draw_run(data)
        open_run.roll_back()
        open_run.session.begin()
        open_run.session.manager.get().addBeforeCommitHook(
            open_run.run._complete, (JobResponse(),)
        )
        result = self.commit(open_run)
        self.forget(open_run)
        expected = outcome_of(
            self.model.end_run, open_run.number, interfaces.COMPLETED
        )
        self.agree(result, expected)

    @precondition(lambda self: self.ready())
    @rule(data=st.data())
    def a_run_is_about_to_fail(self, data):
        """Its failure is written now, and committed later or never."""
        open_run = self.draw_run(data)
        open_run.roll_back()
        session = open_run.pending = Session(self.stage)
        result = outcome_of(Fail(open_run).act, session.app)
        if result in REFUSALS:
            self.forget(open_run)
        expected = outcome_of(self.model.begin_to_fail, open_run.number)
        self.agree(result, expected)

    @precondition(lambda self: self.pending())
    @rule(data=st.data())
    def it_fails(self, data):
        open_run = data.draw(st.sampled_from(self.pending()), "run")
        step, session = Fail(open_run), open_run.pending
        open_run.pending = None
        result = self.finish(open_run.zope, step, session, None)
        self.settle([(open_run.zope, step)], [result])

    @precondition(lambda self: self.ready())
    @rule(data=st.data(), number=st.integers(0, 99))
    def a_run_tells_progress(self, data, number):
        self.tell(self.draw_run(data), number)

    @precondition(lambda self: self.ready())
    @rule(data=st.data())
    def the_outcome_of_a_run_cannot_be_written(self, data):
        open_run = self.draw_run(data)
        self.forget(open_run)
        del self.model.runs[open_run.number]

    @precondition(lambda self: self.busy())
    @rule(data=st.data())
    def a_monitor_writes_and_looks(self, data):
        self.write_and_look(data.draw(st.sampled_from(self.busy()), "zope"))

    def write_and_look(self, zope):
        self.stage.enter(zope)
        zope.monitor.flush()
        zope.monitor.look()
        self.model.write_progress(zope.name)
        self.model.notice_cancel(zope.name)

    def draw_run(self, data):
        open_run = data.draw(st.sampled_from(self.ready()), "run")
        self.stage.enter(open_run.zope)
        return open_run

    def ready(self):
        return [r for r in self.runs.values() if r.pending is None]

    def pending(self):
        return [r for r in self.runs.values() if r.pending is not None]

    def runs_of(self, name):
        return [r for r in self.runs.values() if r.zope.name == name]

    def write_mark(self, open_run):
        open_run.done["marks"] = open_run.done.get("marks", 0) + 1
        self.model.runs[open_run.number].drafts += 1

    def tell(self, open_run, number):
        """Have a run tell progress; return whether it goes on."""
        self.stage.enter(open_run.zope)
        if self.gives_in(open_run):
            return False
        open_run.run.set_progress(number, None)
        self.model.runs[open_run.number].told = number
        return True

    def gives_in(self, open_run):
        """Have a run end that was cancelled; tell whether it was."""
        noticed = self.model.runs[open_run.number].cancel_noticed
        try:
            open_run.run.check_cancelled()
            assert not noticed
        except ProcessCancelled:
            assert noticed
            open_run.roll_back()
            self.do((open_run.zope, GiveIn(open_run)))
        return noticed

    def commit(self, open_run):
        """Commit as the publisher does; return None or the refusal."""
        try:
            result = outcome_of(open_run.session.commit)
        except TransientError:
            # The next attempt.
            open_run.roll_back()
            open_run.session.begin()
            result = outcome_of(open_run.run.check_claim)
            assert result is not None, "a conflict for no reason"
        if result is not None:
            self.forget(open_run)
        return result

    def forget(self, open_run):
        self.runs.pop(open_run.number, None)
        open_run.end()

    # What is there

    def agree(self, result, expected):
        assert result == expected, f"{result} is not {expected}"

    @invariant()
    def all_see_what_the_model_says(self):
        seen, expected = self.seen(), self.expected(self.model)
        assert seen == expected, explain([], seen, [((), [], expected)])

    def seen(self):
        """Return what each Zope sees, and what runs have done."""
        views = {name: self.seen_by(zope) for name, zope in self.zopes.items()}
        return views, {
            number: (done.get("marks", 0), done.get("effect"))
            for number, done in self.committed().items()
            if done
        }

    def committed(self):
        """Return what each run has committed, by its number."""
        session = Session(self.stage)
        done = {
            number: dict(session.connection.get(oid))
            for number, oid in self.done.items()
        }
        session.close()
        return done

    def seen_by(self, zope):
        registry = zope.look()
        return {
            process_id: self.described(registry[process_id])
            for process_id in registry.process_ids()
        }

    def described(self, process):
        holders = [
            open_run.number
            for open_run in self.runs.values()
            if process.outcome.state is None
            and open_run.run.process_id == process.id
            and open_run.holds_claim(process.claim)
        ]
        assert len(holders) <= 1
        return {
            "state": process.state,
            "ended as": process.outcome.state,
            "run": holders[0] if holders else None,
            "deaths": process.claim.deaths,
            "cancel": process.is_cancel_requested,
            "fetched": process.fetched,
            "progress": process.progress,
            "request": bool(process.request),
        }

    def expected(self, model):
        done = {n: (d.marks, d.effect_of) for n, d in model.done.items()}
        return (
            {name: model.seen_by(name) for name in self.zopes},
            {n: d for n, d in done.items() if d != (0, None)},
        )

    @invariant()
    def what_is_promised_holds(self):
        """What must hold whatever the model says."""
        effects = [done.get("effect") for done in self.committed().values()]
        session = Session(self.stage)
        registry = query_registry(session.app)
        active = registry.active_ids()
        keys = []
        for process_id in registry.process_ids():
            process = registry[process_id]
            state = process.outcome.state
            assert state in (None, *interfaces.FINAL_STATES)
            assert effects.count(process_id) <= (state == "completed")
            claims = [h for h in self.holds if h.process_id == process_id]
            assert process.claim.number == len(claims)
            assert process.claim.deaths <= process.max_attempts
            assert state != "lost" or process.max_attempts == 1
            assert state != "cancelled" or process.cancellable
            if state is None:
                assert process_id in active
                keys.append(self.model.processes[process_id].key)
        session.close()
        keys = [key for key in keys if key is not None]
        assert len(keys) == len(set(keys)), "a second one of a single key"


def ended_by(steps):
    """Return the runs that steps end."""
    return [step.open_run for _zope, step in steps if isinstance(step, ENDS)]


def explain(results, seen, tried):
    """Return a text that tells what differs."""
    lines = [f"results: {results}", f"seen: {seen}"]
    for order, expected, view in tried:
        lines += [f"in the order {order}: {expected}", f"    {view}"]
    return "\n".join(lines)


def new_storage(path):
    if os.environ.get("STATE_MACHINE_STORAGE") == "file":
        return FileStorage(path)
    return DemoStorage(path)


StateMachineTests = ProcessMachine.TestCase
StateMachineTests.level = 2
StateMachineTests.settings = settings(
    max_examples=int(os.environ.get("STATE_MACHINE_EXAMPLES", EXAMPLES)),
    stateful_step_count=STEPS,
    deadline=None,
    derandomize="STATE_MACHINE_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
