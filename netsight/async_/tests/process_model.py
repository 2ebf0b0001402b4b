"""What processes may do, said with plain data: the model of the machine.

It knows nothing of ZODB, transactions and claim numbers.  Each operation
is done at once, and one after the other.  See `test_state_machine`.
"""

from dataclasses import dataclass
from dataclasses import field

from netsight.async_.exceptions import ClaimLostError
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import NotCancellableError
from netsight.async_.interfaces import CANCELLED
from netsight.async_.interfaces import COMPLETED
from netsight.async_.interfaces import FAILED
from netsight.async_.interfaces import FINAL_STATES
from netsight.async_.interfaces import LOST
from netsight.async_.interfaces import QUEUED
from netsight.async_.interfaces import RUNNING


LEASE_SECONDS = 60
LOOKED_AWAY_SECONDS = 45
TOLERANCE_SECONDS = 60
KEEP_FETCHED_SECONDS = 600
KEEP_SECONDS = 7 * 24 * 60 * 60
KEEP_REQUEST_SECONDS = 24 * 60 * 60


@dataclass
class Zope:
    """One worker, as all can know it."""

    watched: float
    """Since when it watches the others without a gap."""

    skew: float
    """By how much its time of day is wrong, in seconds."""

    beat: float = float("-inf")
    mute: bool = False
    """Lives, but its heartbeats do not reach the database."""

    ended: bool = False
    """Has said, or is known, to be dead."""


@dataclass
class Process:
    """One process."""

    created: float
    cancellable: bool
    max_attempts: int
    key: str | None
    ended_as: str | None = None
    finished: float | None = None
    run: int | None = None
    """The run that holds the claim; it may be gone."""

    zope: str | None = None
    """The worker of that run."""

    deaths: int = 0
    cancel_requested: bool = False
    fetched: float | None = None
    progress: int | None = None
    has_request: bool = True

    @property
    def is_restartable(self):
        return self.max_attempts > 1

    def end(self, state, when):
        """Enter a final state, once."""
        assert self.ended_as is None
        self.ended_as = state
        self.finished = when
        self.run = None
        # All others may be run again.
        self.has_request = state != COMPLETED


@dataclass
class Run:
    """One run that has not ended, whether it holds the claim or not."""

    process_id: str
    zope: str
    drafts: int = 0
    """Marks written in its open transaction."""

    told: int | None = None
    """Progress that the monitor has not written."""

    cancel_noticed: bool = False
    failed_at: float | None = None
    """When its failure was written, which is not committed yet."""


@dataclass
class Done:
    """What a run has committed."""

    marks: int = 0
    effect_of: str | None = None


@dataclass
class Model:
    """All of it, at one moment."""

    now: float
    zopes: dict = field(default_factory=dict)
    processes: dict = field(default_factory=dict)
    runs: dict = field(default_factory=dict)
    done: dict = field(default_factory=dict)
    is_paused: bool = False
    """Whether the queue is, in which all of them wait."""

    dead: set = field(default_factory=set)
    """Pairs of a worker and a Zope that takes it for dead."""

    # What a Zope knows

    def time_of_day(self, zope):
        """Return what the clock of a Zope shows."""
        return self.now + self.zopes[zope].skew

    def is_alive(self, worker, reader):
        """Tell whether `reader` must take a worker to be alive."""
        if self.zopes[worker].ended or worker == reader:
            return not self.zopes[worker].ended
        return (worker, reader) not in self.dead

    def pass_time(self, seconds):
        """Let time pass, and all look who lives; if need be, again."""
        self.now += seconds
        for zope in self.zopes.values():
            if seconds > LOOKED_AWAY_SECONDS:
                zope.watched = self.now
        self.look()

    def look(self):
        """Note who was silent for a lease, seen by whom."""
        for worker, zope in self.zopes.items():
            for reader, other in self.zopes.items():
                silent = self.now - max(zope.beat, other.watched)
                if silent >= LEASE_SECONDS:
                    self.dead.add((worker, reader))

    def add_zope(self, reader, skew):
        """Begin to watch: dead are those that were silent for too long."""
        self.zopes[reader] = Zope(self.now, skew)
        for worker, zope in self.zopes.items():
            age = self.time_of_day(reader) - (zope.beat + zope.skew)
            if age >= LEASE_SECONDS + TOLERANCE_SECONDS:
                self.dead.add((worker, reader))

    def is_abandoned(self, process, reader):
        """Tell whether the worker of a process is dead to `reader`."""
        return (
            process.ended_as is None
            and process.zope is not None
            and not self.is_alive(process.zope, reader)
        )

    def state(self, process, reader):
        """Return the state that `reader` must see."""
        if process.ended_as is not None:
            return process.ended_as
        if process.zope is None:
            return QUEUED
        if not self.is_abandoned(process, reader):
            return RUNNING
        if not process.is_restartable:
            return LOST
        last = process.deaths == process.max_attempts - 1
        return FAILED if last else QUEUED

    def holds_claim(self, run):
        """Tell whether a run may commit."""
        process = self.processes.get(self.runs[run].process_id)
        return process is not None and process.run == run

    def refuse(self, process_id):
        """Raise what a run gets whose claim is lost."""
        if process_id not in self.processes:
            raise NoSuchProcessError
        raise ClaimLostError

    # Transitions

    def start(self, process_id, process, reader):
        """Return the id of the new process, or of the single active one."""
        for other_id, other in self.processes.items():
            if process.key is not None and process.key == other.key:
                if self.state(other, reader) not in FINAL_STATES:
                    return other_id
                if self.is_abandoned(other, reader):
                    self._die(other, reader)
        process.created = self.time_of_day(reader)
        self.processes[process_id] = process
        return process_id

    def claim(self, process_id, run, zope):
        """Take a queued process."""
        process = self.processes[process_id]
        if self.state(process, zope) != QUEUED or self.is_paused:
            raise ClaimLostError
        if self.is_abandoned(process, zope):
            self._die(process, zope)
        process.run, process.zope = run, zope
        self.runs[run] = Run(process_id, zope)
        self.done[run] = Done()
        self.beat(zope)

    def beat(self, zope):
        """Have a worker live for all."""
        self.zopes[zope].beat = self.now
        self.dead = {pair for pair in self.dead if pair[0] != zope}

    def end_run(self, run, state):
        """End a run, and its process if it holds the claim."""
        holds = self.holds_claim(run)
        gone = self.runs.pop(run)
        if not holds:
            self.refuse(gone.process_id)
        when = gone.failed_at or self.time_of_day(gone.zope)
        self.processes[gone.process_id].end(state, when)

    def complete(self, run):
        """Commit the effect with the outcome."""
        gone = self.runs[run]
        self.end_run(run, COMPLETED)
        self.done[run].marks += gone.drafts
        self.done[run].effect_of = gone.process_id

    def checkpoint(self, run):
        """Commit what is done so far."""
        if not self.holds_claim(run):
            self.refuse(self.runs.pop(run).process_id)
        self.done[run].marks += self.runs[run].drafts
        self.runs[run].drafts = 0

    def begin_to_fail(self, run):
        """Write a failure, and commit it later."""
        gone = self.runs[run]
        gone.drafts = 0
        gone.failed_at = self.time_of_day(gone.zope)
        if not self.holds_claim(run):
            self.refuse(self.runs.pop(run).process_id)

    def cancel(self, process_id, reader):
        """Have a process cancelled: at once if it is queued."""
        process = self.processes[process_id]
        if not process.cancellable:
            raise NotCancellableError
        state = self.state(process, reader)
        if state == QUEUED:
            process.end(CANCELLED, self.time_of_day(reader))
        elif state == RUNNING:
            process.cancel_requested = True

    def recover(self, zope, leaving=False):
        """Do what is due after deaths; return the queue, the oldest first."""
        for process in self.processes.values():
            if leaving and process.zope == zope:
                self._die(process, zope, counts=False)
            elif self.is_abandoned(process, zope) or (
                process.zope == zope and process.run not in self.runs
            ):
                self._die(process, zope)
        queue = [
            (process.created, process_id)
            for process_id, process in self.processes.items()
            if self.state(process, zope) == QUEUED
        ]
        return [process_id for _created, process_id in sorted(queue)]

    def _die(self, process, reader, counts=True):
        if process.ended_as is not None:
            return
        process.deaths += counts
        when = self.time_of_day(reader)
        if not process.is_restartable:
            process.end(LOST, when)
        elif process.deaths == process.max_attempts:
            process.end(FAILED, when)
        else:
            process.run = process.zope = None

    def stop(self, zope, is_known):
        """Hand back what a Zope runs, and say good-bye if it is known."""
        self.zopes[zope].ended = True
        if is_known:
            self.recover(zope, leaving=True)

    def sweep(self, reader):
        """Drop what nobody can want any more."""
        now = self.time_of_day(reader)
        for process_id, process in list(self.processes.items()):
            if process.ended_as is None:
                continue
            if process.fetched is not None and process.ended_as == COMPLETED:
                due = now > process.fetched + KEEP_FETCHED_SECONDS
            else:
                due = now > process.finished + KEEP_SECONDS
            if due:
                del self.processes[process_id]
            elif not process.is_restartable:
                kept = now - process.finished < KEEP_REQUEST_SECONDS
                process.has_request = process.has_request and kept

    def fetch(self, process_id, reader):
        """Note the first time that a result was fetched."""
        process = self.processes.get(process_id)
        if process is not None and process.fetched is None:
            process.fetched = self.time_of_day(reader)

    def write_progress(self, zope):
        """Have the monitor write what its runs told."""
        for number, run in self.runs.items():
            if run.zope == zope and run.told is not None:
                if self.holds_claim(number):
                    self.processes[run.process_id].progress = run.told
                run.told = None

    def notice_cancel(self, zope):
        """Have the monitor tell its runs who wants them cancelled."""
        for run in self.runs.values():
            process = self.processes.get(run.process_id)
            if run.zope == zope and process and process.cancel_requested:
                run.cancel_noticed = True

    def kill(self, zope):
        """End a Zope, and the open transactions of its runs."""
        for number, run in list(self.runs.items()):
            if run.zope == zope:
                del self.runs[number]

    # What can be seen

    def seen_by(self, reader):
        """Return {process id: what `reader` must see of it}."""
        return {
            process_id: {
                "state": self.state(process, reader),
                "ended as": process.ended_as,
                "run": process.run if process.run in self.runs else None,
                "deaths": process.deaths,
                "cancel": process.cancel_requested,
                "fetched": process.fetched,
                "progress": (
                    100 if process.ended_as == COMPLETED else process.progress
                ),
                "request": process.has_request,
            }
            for process_id, process in self.processes.items()
        }
