"""One process: its persistent parts, and its transitions.

A process is several persistent objects because each has one writer, and so
none of them conflicts: the start request makes all of them, then

=========  ==================================================
part       written by
=========  ==================================================
claim      the worker that takes the process; recovery
progress   the monitor, for the running `__run__`
outcome    the process's own transaction; `fail` after it;
           recovery, if the worker is dead
control    requests of people who want it cancelled
retention  the monitor, when the result was fetched
=========  ==================================================
"""

import math
import time
from decimal import Decimal
from numbers import Real

from zope.interface import implementer

from netsight.async_ import interfaces
from netsight.async_.exceptions import ClaimLostError
from netsight.async_.interfaces import IProcess
from netsight.async_.lease import watch
from netsight.async_.part import Part


class RequestSnapshot(Part):
    """The request that started a process.  See `netsight.async_.snapshot`."""

    def __init__(self, environ, body=None):
        self.environ = environ
        self.body = body

    def drop(self):
        """Forget the input, which nobody needs after the outcome."""
        self.environ = {}
        self.body = None


class ResponseSnapshot(Part):
    """A whole response.  See `netsight.async_.snapshot`."""

    def __init__(self, status, reason, headers, body):
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body


class Claim(Part):
    """Who runs the process: the fence that a late worker cannot pass."""

    number = 0
    worker = None
    since = None

    def take(self, worker):
        """Note that a Worker runs the process from now on.

        Returns the number of the claim (int, from 1).
        """
        self.number += 1
        self.worker = worker
        self.since = time.time()
        return self.number

    def release(self):
        """Put the process back into the queue."""
        self.worker = None
        self.since = None

    def revoke(self):
        """Let nobody commit under this claim any more."""
        self.number += 1

    def is_held_by(self, name, number):
        """Tell whether the worker of that name holds claim `number`."""
        holder = self.worker and self.worker.name
        return (holder, self.number) == (name, number)


class Progress(Part):
    """What `set_progress` said last."""

    number = None
    message = None

    def show(self, number, message):
        """Store a checked number and a message."""
        self.number = number
        self.message = message


class Error:
    """Why a process failed; plain data, for managers only."""

    def __init__(self, kind, text, traceback):
        self.kind = kind
        self.text = text
        self.traceback = traceback


class Outcome(Part):
    """How the process ended; `state` is None until then."""

    state = None
    finished = None
    attempts = 0
    response = None
    error = None

    def settle(self, state, attempts, response=None, error=None):
        """Set the final `state`, once.

        Raises ClaimLostError if the process has ended before.
        """
        if self.state is not None:
            raise ClaimLostError(f"the process is {self.state} already")
        self.state = state
        self.finished = time.time()
        self.attempts = attempts
        self.response = response
        self.error = error


class Control(Part):
    """What people want of a running process."""

    cancel_requested = False

    def request_cancel(self):
        """Ask that the process be cancelled."""
        self.cancel_requested = True


class Retention(Part):
    """How long the record is still wanted."""

    fetched = None

    def note_fetched(self, when):
        """Keep the POSIX time of the first fetch of the result."""
        if self.fetched is None:
            self.fetched = when


@implementer(IProcess)
class Process(Part):
    """See IProcess.  This object itself never changes."""

    cancellable = False
    max_attempts = 1

    def __init__(
        self,
        process_id,
        view_path,
        view_name,
        title,
        owner,
        request,
        *,
        cancellable=False,
        max_attempts=1,
    ):
        self.id = process_id
        self.view_path = view_path
        self.view_name = view_name
        self.title = title
        self.owner = owner
        self.created = time.time()
        self.request = request
        self.claim = Claim()
        self.progress_part = Progress()
        self.outcome = Outcome()
        self.control = Control()
        self.retention = Retention()
        self.cancellable = cancellable
        self.max_attempts = max_attempts

    @property
    def state(self):
        if self.outcome.state is not None:
            return self.outcome.state
        if self.claim.worker is None:
            return interfaces.QUEUED
        if watch.is_alive(self.claim.worker):
            return interfaces.RUNNING
        return interfaces.LOST

    @property
    def is_final(self):
        return self.state in interfaces.FINAL_STATES

    @property
    def started(self):
        return self.claim.since

    @property
    def finished(self):
        return self.outcome.finished

    @property
    def attempts(self):
        return self.outcome.attempts

    @property
    def progress(self):
        if self.state == interfaces.COMPLETED:
            return 100
        return self.progress_part.number

    @property
    def message(self):
        return self.progress_part.message

    @property
    def error(self):
        return self.outcome.error

    @property
    def response(self):
        return self.outcome.response

    def claim_for(self, worker):
        """Take a queued process for a Worker; return the claim's number.

        Raises ClaimLostError if the process is not queued.
        """
        if self.state != interfaces.QUEUED:
            raise ClaimLostError(f"the process is {self.state}")
        return self.claim.take(worker)

    def check_claim(self, worker, number):
        """Raise ClaimLostError unless this claim is the current one."""
        if not self.claim.is_held_by(worker, number):
            raise ClaimLostError(f"there is claim {self.claim.number}")

    def complete(self, attempts, response):
        """Enter the state completed, with a ResponseSnapshot."""
        self.outcome.settle(interfaces.COMPLETED, attempts, response=response)
        self.request.drop()

    def fail(self, attempts, error):
        """Enter the state failed, with an Error."""
        self.outcome.settle(interfaces.FAILED, attempts, error=error)
        self.request.drop()

    def cancel(self, attempts=0):
        """Enter the state cancelled."""
        self.outcome.settle(interfaces.CANCELLED, attempts)
        self.claim.revoke()
        self.request.drop()

    def recover(self):
        """Do what is due after the worker died; return the new state.

        The claim of the dead worker is void from then on.  A process that may
        run again is queued; one that has killed `max_attempts` workers is
        failed; any other is lost.
        """
        if self.max_attempts > self.claim.number:
            self.claim.release()
        else:
            self._give_up()
            self.claim.revoke()
            self.request.drop()
        return self.state

    def _give_up(self):
        attempts = self.claim.number
        if self.max_attempts == 1:
            self.outcome.settle(interfaces.LOST, attempts)
        else:
            text = f"The worker died in each of {attempts} attempts."
            error = Error("WorkerDied", text, "")
            self.outcome.settle(interfaces.FAILED, attempts, error=error)


def checked_percentage(value):
    """Return `value` as progress is shown: 0..100, one decimal, int if whole.

    Raises ValueError for anything but a real, finite number.

    >>> checked_percentage(33.333), checked_percentage(50.04)
    (33.3, 50)
    >>> checked_percentage(-3), checked_percentage(1000)
    (0, 100)
    """
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        raise ValueError(f"{value!r} is no percentage")
    try:
        number = float(value)
    except OverflowError as exc:
        raise ValueError("too large for a percentage") from exc
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no percentage")
    number = round(min(max(number, 0.0), 100.0), 1)
    return int(number) if number.is_integer() else number
