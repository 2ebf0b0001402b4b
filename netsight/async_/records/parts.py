"""What a process consists of, and is stored with it.

Each is an object of its own because each has one writer: see
`netsight.async_.records.process`.
"""

import time
import uuid
from typing import NamedTuple

from persistent import Persistent

from netsight.async_.exceptions import ClaimLostError
from netsight.async_.records.progress import with_sample


class Part(Persistent):
    """A persistent object that no restricted code or URL reaches."""

    __allow_access_to_unprotected_subobjects__ = False
    __zpublishable__ = False

    def guard(self):
        """Let the open transaction commit only if nobody else changes this."""
        guard(self)


def guard(persistent):
    """Let the open transaction commit only if nobody else changes an object.

    A transaction conflicts by what it writes, and by nothing that it has only
    read.  A run does not write its claim; yet it must not commit when the
    claim was taken from it after it had looked.  So the storage is asked to
    compare, in the commit and under its lock, the revision that this
    transaction has read with the one that is current; if they differ, the
    commit raises ReadConflictError, and nothing is stored.

    An object that is not stored yet has nobody else.
    """
    if persistent._p_jar is None:
        return
    # A ghost has no revision to compare.
    persistent._p_activate()
    persistent._p_jar.readCurrent(persistent)
    if not persistent._p_changed:
        # A storage is asked only if its connection takes part in the
        # transaction, and all writes of a job may be in another database.
        # What has changed takes part, and would be stored twice.
        persistent._p_jar.register(persistent)


class End(NamedTuple):
    """One end of a process, be it stored or not.

    Nobody can tell for sure from the answer of a commit: it may be lost.  But
    what has the token is stored.
    """

    process_id: str

    oid: bytes
    """Of the process in its database; a removed one can still be read."""

    token: str
    """Of the outcome."""


class Idempotency(NamedTuple):
    """What makes two start requests the same, as digests."""

    key: str
    """Of the user, the view and the key that the client gave."""

    request: str
    """Of the request."""


class RequestSnapshot(NamedTuple):
    """The request that started a process.  See `records.requests`."""

    environ: dict
    body: object = None
    """A `records.body` of either kind, or None."""


class ResponseSnapshot(NamedTuple):
    """A whole response.  See `records.responses`."""

    status: int
    reason: str
    headers: list
    body: object
    """A `records.body` of either kind."""


def new_token():
    """Return a fencing token (str) for one claim.

    It is no number that is counted up: when a claim is undone, the next one
    must not pass for it.
    """
    return uuid.uuid4().hex


class Claim(Part):
    """Who runs the process: the fence that a late worker cannot pass."""

    number = 0
    worker = None
    token = None
    since = None
    closed = None
    """POSIX time when recovery put the ended process away."""

    ran_by = None
    """Name of the worker that had it then; no claim of it any more."""

    deaths = 0
    """How many workers died under a claim."""

    not_before = None
    """POSIX time before which nobody takes the process, or None."""

    retries = 0
    """How often it was put off, as a run had failed."""

    def take(self, worker, token=None):
        """Note that a Worker runs the process from now on.

        Returns the fencing token: `token`, as `new_token` makes it, or a new
        one.
        """
        self.number += 1
        self.token = token or new_token()
        self.worker = worker
        self.since = time.time()
        return self.token

    def release(self):
        """Put the process back into the queue."""
        self.worker = None
        self.token = None
        self.since = None

    def put_back(self):
        """Put the process back as if it had not been taken."""
        self.number -= 1
        self.release()

    def put_off(self, until):
        """Put the process back into the queue, for a POSIX time."""
        self.retries += 1
        self.not_before = until
        self.release()

    def revoke(self):
        """Let nobody commit under this claim any more."""
        self.token = None

    def close(self):
        """Put the ended process away: nobody shall take it any more.

        Should its outcome be undone later, it stays where it is.
        """
        if self.worker is not None:
            # Not the Worker: its record goes when nobody needs it.
            self.ran_by = self.worker.name
        self.worker = None
        self.token = None
        self.closed = time.time()

    @property
    def worker_name(self):
        """Name (str) of the worker that has, or had, the process; or None."""
        return self.worker.name if self.worker else self.ran_by

    def is_held_by(self, name, token):
        """Tell whether the worker of that name holds it with that token."""
        holder = self.worker and self.worker.name
        return (holder, self.token) == (name, token)


class Progress(Part):
    """What `set_progress` said last."""

    number = None
    message = None
    lines = ()
    """Of `records.logs.Lines`, the last that were logged."""

    samples = ()
    """See `netsight.async_.records.progress`."""

    silence = None
    """(token of the claim, POSIX time of the last sign of life), or None."""

    def note_silence(self, token, since):
        """Store that the run with that claim is silent, or not if None."""
        self.silence = None if since is None else (token, since)

    def show(self, number, message, lines=()):
        """Store a checked number, a message, and the last Lines of a log."""
        # A storage server need not know the class.
        if tuple(lines) != self.lines:
            self.lines = tuple(lines)
        if number is None:
            self.samples = ()
        elif number != self.number:
            self.samples = with_sample(self.samples, time.time(), number)
        self.number = number
        self.message = message


class Error:
    """Why a process failed; plain data, for managers only but its reason."""

    reason = None
    """What its user is told: a text or message id, or None."""

    def __init__(self, kind, text, traceback, reason=None):
        self.kind = kind
        self.text = text
        self.traceback = traceback
        if reason is not None:
            self.reason = reason


class Outcome(Part):
    """How the process ended; `state` is None until then."""

    request = None
    """The RequestSnapshot, as long as it may be needed."""

    state = None
    finished = None
    attempts = 0
    response = None
    error = None
    token = None
    """What no other outcome has: that of the claim, if a run has written it.
    """

    log = None
    """The `records.logs.Log`, if `__run__` has logged anything."""

    def __init__(self, request=None):
        self.request = request

    has_progress = False
    """Whether `__run__` has told a number, and did so last."""

    def settle(self, state, attempts, response=None, error=None):
        """Set the final `state`, once.

        Raises ClaimLostError if the process has ended before.
        """
        if self.state is not None:
            raise ClaimLostError(f"the process is {self.state} already")
        self.state = state
        self.token = new_token()
        self.finished = time.time()
        self.attempts = attempts
        if response is not None:
            self.response = response
        if error is not None:
            self.error = error

    def take_request(self):
        """Return the RequestSnapshot, or None, and forget it here.

        Nobody needs the input after a result.
        """
        request = self.request
        if request is not None:
            del self.request
        return request
