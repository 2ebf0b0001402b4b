"""One process: its persistent parts, and its transitions.

A process is several persistent objects because each has one writer, and so
none of them conflicts: the start request makes all of them, then

========  ==================================================
part      written by
========  ==================================================
claim     the worker that takes the process
progress  the monitor, for the running `__run__`
outcome   the process's own transaction; `fail` after it
control   requests of people who want it cancelled
========  ==================================================
"""

import math
import time
from decimal import Decimal
from numbers import Real

from persistent import Persistent
from zope.interface import implementer

from netsight.async_ import interfaces
from netsight.async_.exceptions import ClaimLostError
from netsight.async_.interfaces import IProcess


class Part(Persistent):
    """A persistent object that no restricted code or URL reaches."""

    __allow_access_to_unprotected_subobjects__ = False
    __zpublishable__ = False


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
        """Note that `worker` (str) runs the process from now on.

        Returns the number of the claim (int, from 1).
        """
        self.number += 1
        self.worker = worker
        self.since = time.time()
        return self.number


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


@implementer(IProcess)
class Process(Part):
    """See IProcess.  This object itself never changes."""

    def __init__(
        self, process_id, view_path, view_name, title, owner, request
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

    @property
    def state(self):
        if self.outcome.state is not None:
            return self.outcome.state
        if self.claim.worker is not None:
            return interfaces.RUNNING
        return interfaces.QUEUED

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
        """Take a queued process for `worker`; return the claim's number.

        Raises ClaimLostError if the process is not queued.
        """
        if self.state != interfaces.QUEUED:
            raise ClaimLostError(f"the process is {self.state}")
        return self.claim.take(worker)

    def check_claim(self, worker, number):
        """Raise ClaimLostError unless this claim is the current one."""
        claim = self.claim
        if (claim.worker, claim.number) != (worker, number):
            raise ClaimLostError(f"{claim.worker} holds claim {claim.number}")

    def complete(self, attempts, response):
        """Enter the state completed, with a ResponseSnapshot."""
        self.outcome.settle(interfaces.COMPLETED, attempts, response=response)
        self.request.drop()

    def fail(self, attempts, error):
        """Enter the state failed, with an Error."""
        self.outcome.settle(interfaces.FAILED, attempts, error=error)
        self.request.drop()


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
