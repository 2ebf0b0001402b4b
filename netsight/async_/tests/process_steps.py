"""What visitors, threads and monitors do in one transaction.

Each step has `act`, which does it with the real code in an open transaction,
and `expect`, which does it in a `process_model`.  See `test_state_machine`.
"""

from dataclasses import dataclass
from types import SimpleNamespace

from persistent.mapping import PersistentMapping

from netsight.async_ import interfaces
from netsight.async_.browser.view import BaseAsyncView
from netsight.async_.config import DEFAULT_QUEUE
from netsight.async_.exceptions import ClaimLostError
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import NotCancellableError
from netsight.async_.records import parts
from netsight.async_.records.database import get_process
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import query_registry
from netsight.async_.records.lease import this_worker
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.records.paused import Pause
from netsight.async_.running import outcomes
from netsight.async_.running import signs
from netsight.async_.running.runner import Run
from netsight.async_.serving import server
from netsight.async_.serving.recovery import sweep
from netsight.async_.tests import process_model
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.zopes import OpenRun
from netsight.async_.tests.zopes import fail


REFUSALS = (ClaimLostError, NoSuchProcessError, NotCancellableError)


@dataclass
class Start:
    """A visitor starts a process."""

    process_id: str
    cancellable: bool
    max_attempts: int
    key: str | None

    def act(self, root):
        registry = getProcessRegistry(root)
        process = registry.single(self.key)
        if process is None:
            process = make_process(
                self.process_id,
                cancellable=self.cancellable,
                max_attempts=self.max_attempts,
                single_key=self.key,
            )
            registry.add(process)
        return process.id

    def expect(self, model, zope):
        new = process_model.Process(
            0, self.cancellable, self.max_attempts, self.key
        )
        return model.start(self.process_id, new, zope)


@dataclass
class Claim:
    """A thread takes a process."""

    process_id: str
    number: int
    """Of the run."""

    def __post_init__(self):
        self.run = Run(self.process_id)

    def act(self, root):
        self.run._claim(root)
        self.done = PersistentMapping()
        root._p_jar.add(self.done)

    def expect(self, model, zope):
        known(model, self.process_id)
        model.claim(self.process_id, self.number, zope)


@dataclass
class Cancel:
    """A visitor does not want a process any more."""

    process_id: str

    def act(self, root):
        CancelView(get_process(root, self.process_id)).process_cancel()

    def expect(self, model, zope):
        known(model, self.process_id)
        model.cancel(self.process_id, zope)


@dataclass
class PauseQueue:
    """An administrator has nothing begin any more."""

    def act(self, root):
        registry = getProcessRegistry(root)
        registry.pause(Pause(DEFAULT_QUEUE, parts.time.time(), ANONYMOUS))

    def expect(self, model, zope):
        model.is_paused = True


@dataclass
class ResumeQueue:
    """An administrator lets what waits begin."""

    def act(self, root):
        getProcessRegistry(root).resume(DEFAULT_QUEUE)

    def expect(self, model, zope):
        model.is_paused = False


class CancelView(BaseAsyncView):
    """The view of a process, without a request, for its owner."""

    def __init__(self, process):
        self._process = process
        self.request = SimpleNamespace(
            response=SimpleNamespace(redirect=lambda url: None)
        )

    def _process_to(self, action, process_id):
        return self._process

    def process_url(self, name, process_id):
        return name


@dataclass
class Fetch:
    """The monitor writes that a result was fetched."""

    process_id: str

    def act(self, root):
        now = parts.time.time()
        signs.show(root, {}, {self.process_id: now})

    def expect(self, model, zope):
        model.fetch(self.process_id, zope)


@dataclass
class Recover:
    """The monitor recovers what nobody runs any more."""

    def act(self, root):
        recovered = server.Duty().look(root).recovered
        return [queued.process_id for queued in recovered.queued]

    def expect(self, model, zope):
        return model.recover(zope)


@dataclass
class Sweep:
    """The monitor drops what is old."""

    def act(self, root):
        registry = query_registry(root)
        after = sweep(registry)
        while after is not None:
            after = sweep(registry, after)

    def expect(self, model, zope):
        model.sweep(zope)


@dataclass
class Beat:
    """The monitor beats."""

    def act(self, root):
        signs.beat(root)

    def expect(self, model, zope):
        model.beat(zope)


@dataclass
class Stop:
    """A Zope hands back what it still runs, before it exits.

    One that never ran anything, or not for long, has nothing to do.
    """

    def act(self, root):
        registry = query_registry(root)
        workers = registry.workers()
        self.is_known = this_worker() in [w.name for w in workers]
        server._end_this(root)

    def expect(self, model, zope):
        model.stop(zope, self.is_known)


@dataclass
class Fail:
    """A thread writes that its process failed."""

    open_run: OpenRun

    def act(self, root):
        fail(root, self.open_run.run)

    def expect(self, model, zope):
        model.end_run(self.open_run.number, interfaces.FAILED)


@dataclass
class GiveIn:
    """A thread writes that its process was cancelled."""

    open_run: OpenRun

    def act(self, root):
        run = self.open_run.run
        outcomes.cancel(root, run.hold, run.attempts)

    def expect(self, model, zope):
        model.end_run(self.open_run.number, interfaces.CANCELLED)


ENDS = (Fail, GiveIn)


def known(model, process_id):
    if process_id not in model.processes:
        raise NoSuchProcessError(process_id)


def outcome_of(function, *args):
    """Return what a function returns, or the class of its refusal."""
    try:
        return function(*args)
    except REFUSALS as exc:
        return type(exc)
