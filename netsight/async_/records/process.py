"""One process: its persistent parts, and its transitions.

A process is three persistent objects because each has one writer, and so
none of them conflicts: the start request makes all of them, then

=========  ==================================================
part       written by
=========  ==================================================
claim      the worker that takes the process; recovery
outcome    the process's own transaction; `fail` after it;
           recovery, if the worker is dead
=========  ==================================================

What others note of it meanwhile is in `netsight.async_.records.notes`.
"""

import time

from zope.interface import implementer

from netsight.async_ import config
from netsight.async_ import interfaces
from netsight.async_.config import DEFAULT_QUEUE
from netsight.async_.exceptions import ClaimLostError
from netsight.async_.exceptions import NotRepeatableError
from netsight.async_.interfaces import IProcess
from netsight.async_.records.deployments import is_foreign
from netsight.async_.records.deployments import is_held
from netsight.async_.records.deployments import this_deployment
from netsight.async_.records.lease import lookout
from netsight.async_.records.logs import NO_LINES
from netsight.async_.records.logs import Lines
from netsight.async_.records.parts import Claim
from netsight.async_.records.parts import End
from netsight.async_.records.parts import Error
from netsight.async_.records.parts import Outcome
from netsight.async_.records.parts import Part
from netsight.async_.records.progress import seconds_left


HOUR_SECONDS = 60 * 60

CHOICES = (
    "cancellable",
    "max_attempts",
    "single_key",
    "queue",
    "priority",
    "max_queued",
    "line",
    "time_limit",
    "retry",
)
"""What a view says of its processes."""


@implementer(IProcess)
class Process(Part):
    """See IProcess.

    This object itself never changes, but for `format` and, when it is
    released in a copy of its database, `deployment`.
    """

    deployment = ""

    notes = None
    """The Notes of the registry that has it."""

    # Most processes have these, so they are stored with others only.
    idempotency = None
    cancellable = False
    max_attempts = 1
    single_key = None
    queue = DEFAULT_QUEUE
    priority = 0
    max_queued = None
    line = None
    time_limit = None
    retry = None

    def __init__(
        self,
        process_id,
        view_path,
        view_name,
        title,
        owner,
        request,
        *,
        url=None,
        page_path=None,
        idempotency=None,
        not_before=None,
        **choices,
    ):
        self.format = config.RECORD_FORMAT
        if name := this_deployment():
            self.deployment = name
        self.id = process_id
        self.view_path = view_path
        self.view_name = view_name
        self.title = title
        self.owner = owner
        self.created = time.time()
        self.url = url
        self.page_path = page_path
        self.claim = Claim()
        if not_before is not None:
            self.claim.not_before = not_before
        self.outcome = Outcome(request)
        if idempotency is not None:
            self.idempotency = idempotency
        for name, value in choices.items():
            if name not in CHOICES:
                raise TypeError(f"a process has no {name}")
            if value != getattr(self, name):
                setattr(self, name, value)

    @property
    def state(self):
        if self.outcome.state is not None:
            return self.outcome.state
        if self.is_undone:
            return interfaces.LOST
        if self.claim.worker is None or self.is_held:
            return interfaces.QUEUED
        if not self.is_abandoned:
            return interfaces.RUNNING
        return self._state_after_death()

    @property
    def is_undone(self):
        """Whether it had ended, and its outcome was undone in the database."""
        return self.outcome.state is None and self.claim.closed is not None

    @property
    def is_abandoned(self):
        """Whether its worker is dead, and recovery has not been here."""
        worker = self.claim.worker
        if self.outcome.state is not None or worker is None:
            return False
        if is_foreign(self):
            # That is not for this deployment to say.
            return False
        return not lookout.is_alive(worker)

    @property
    def is_held(self):
        return is_held(self)

    @property
    def not_before(self):
        """POSIX time before which it is not taken, or None."""
        return self.claim.not_before

    @property
    def is_early(self):
        """Whether it waits in the queue for that time."""
        when = self.not_before
        if when is None or time.time() >= when:
            return False
        return self.state == interfaces.QUEUED

    @property
    def is_paused(self):
        """Whether it waits in the queue, and that is paused."""
        is_paused = self.notes is not None and self.notes.is_paused(self.queue)
        return is_paused and self.state == interfaces.QUEUED

    @property
    def may_begin(self):
        """Whether it is queued, not held, not early, and not paused."""
        return (
            self.state == interfaces.QUEUED
            and not self.is_held
            and not self.is_early
            and not self.is_paused
        )

    @property
    def retries(self):
        return self.claim.retries

    @property
    def is_final(self):
        return self.state in interfaces.FINAL_STATES

    @property
    def end(self):
        """The End that this process has come to."""
        return End(self.id, self._p_oid, self.outcome.token)

    @property
    def is_repeatable(self):
        """Whether its view says ``restart_after_crash = True``."""
        return self.max_attempts > 1

    @property
    def may_run_again(self):
        """Whether `again` can make a new process of it."""
        unsuccessful = self.is_final and self.state != interfaces.COMPLETED
        return unsuccessful and self.keeps_request and bool(self.request)

    @property
    def keeps_request(self):
        """Whether its request may still be wanted, once it has ended."""
        if self.is_repeatable:
            return True
        now = time.time()
        kept = config.get("keep-request-hours") * HOUR_SECONDS
        return now - (self.finished or now) < kept

    @property
    def is_cancel_requested(self):
        """Whether somebody wanted it cancelled while it ran."""
        return self.notes.is_cancel_requested(self.id)

    @property
    def is_cancelling(self):
        return not self.is_final and self.is_cancel_requested

    @property
    def started(self):
        return self.claim.since

    @property
    def finished(self):
        return self.claim.closed if self.is_undone else self.outcome.finished

    @property
    def attempts(self):
        return self.outcome.attempts

    @property
    def progress(self):
        # `state` may have to look whether a worker lives; only this counts.
        if self.outcome.state == interfaces.COMPLETED:
            return 100
        return self._shown.number

    @property
    def message(self):
        return self._shown.message

    @property
    def log(self):
        if self.outcome.log is not None:
            return self.outcome.log.lines
        if self.outcome.state not in (None, interfaces.LOST):
            # What is shown may be of an earlier attempt.
            return NO_LINES
        return Lines(*self._shown.lines)

    @property
    def told(self):
        """What is stored of what its last run has told: see `Report.told`."""
        shown = self._shown
        told = shown.number, shown.message
        return (*told, Lines(*shown.lines)) if shown.lines else told

    @property
    def _shown(self):
        return self.notes.progress_of(self.id)

    @property
    def silent_since(self):
        token, since = self._shown.silence or (None, None)
        is_noted = since is not None and token == self.claim.token
        return since if is_noted and self.state == interfaces.RUNNING else None

    @property
    def seconds_left(self):
        left = seconds_left(self._shown.samples, time.time())
        if left is None or self.state != interfaces.RUNNING:
            return None
        return left

    @property
    def request(self):
        """The RequestSnapshot, or None when nobody needs it any more."""
        return self.outcome.request

    @property
    def fetched(self):
        """POSIX time when its owner first had its result, or None.

        Or the page that says why there is none.
        """
        return self.notes.fetched(self.id)

    @property
    def expires(self):
        """POSIX time from which on it may be removed; None before its end."""
        if self.finished is None:
            return None
        # Who has seen that there is no result may come back to run it again.
        if self.fetched is not None and self.state == interfaces.COMPLETED:
            return self.fetched + config.get("keep-result")
        return self.finished + config.get("keep-days") * 24 * HOUR_SECONDS

    @property
    def has_progress(self):
        return self.outcome.has_progress

    @property
    def error(self):
        return self.outcome.error

    @property
    def reason(self):
        return self.error and self.error.reason

    @property
    def response(self):
        return self.outcome.response

    def claim_for(self, worker, token=None):
        """Take a queued process for a Worker; return the claim's token.

        `token` is as in `Claim.take`.  Raises ClaimLostError if the process
        is not queued, or held, or if its queue is paused.
        """
        if is_foreign(self):
            raise ClaimLostError(
                f"it was queued in the deployment {self.deployment!r}"
            )
        if self.is_abandoned:
            self.recover()
        if self.state != interfaces.QUEUED:
            raise ClaimLostError(f"the process is {self.state}")
        if self.is_early:
            raise ClaimLostError("it is too early for it")
        self._check_queue()
        if self.format < config.RECORD_FORMAT:
            # What the run stores may be nothing for older code.
            self.format = config.RECORD_FORMAT
        return self.claim.take(worker, token)

    def _check_queue(self):
        if self.notes is None:
            return
        # None is claimed from the commit of a pause on.
        self.notes.guard_paused()
        if self.is_paused:
            raise ClaimLostError(f"the queue {self.queue!r} is paused")

    def check_running(self, worker, token):
        """Raise ClaimLostError if this claim may not work on the process.

        Either it is not the current one, or there is an outcome already.
        """
        self._check_holder(worker, token)
        if self.outcome.state is not None:
            raise ClaimLostError(f"the process is {self.outcome.state}")

    def check_claim(self, worker, token):
        """Raise ClaimLostError unless this claim is the current one.

        The open transaction can commit only if it still is then.
        """
        self._check_holder(worker, token)
        self.claim.guard()

    def _check_holder(self, worker, token):
        if not self.claim.is_held_by(worker, token):
            raise ClaimLostError(f"there is claim {self.claim.number}")

    def show(self, number, message, lines=NO_LINES):
        """Note a checked number and a message of progress, and Lines."""
        self.notes.open_progress(self.id).show(number, message, lines)

    def note_silence(self, token, since):
        """Note that the run with that claim is silent; see `Progress`."""
        self.notes.open_progress(self.id).note_silence(token, since)

    def request_cancel(self):
        """Ask that the running process be cancelled."""
        self.notes.request_cancel(self.id)

    def note_fetched(self, when):
        """Keep the POSIX time of the first fetch of the result."""
        self.notes.note_fetched(self.id, when)

    def complete(self, attempts, response, has_progress=False):
        """Enter the state completed, with a ResponseSnapshot."""
        self.outcome.settle(interfaces.COMPLETED, attempts, response=response)
        if has_progress:
            self.outcome.has_progress = True
        self.outcome.take_request()

    def fail(self, attempts, error):
        """Enter the state failed, with an Error."""
        self.outcome.settle(interfaces.FAILED, attempts, error=error)
        self._drop_request()

    def cancel(self, attempts=0):
        """Enter the state cancelled."""
        self.outcome.settle(interfaces.CANCELLED, attempts)
        self.claim.revoke()
        self._drop_request()

    def recover(self, handed_back=False):
        """Do what is due after the worker died; return the new state.

        The claim of the dead worker is void from then on.  A process that may
        run again is queued; one that has killed `max_attempts` workers is
        failed; any other is lost.  One that is `handed_back` by a worker that
        stops in order did not kill it.
        """
        if not handed_back:
            self.claim.deaths += 1
            # It may live, and beat while this commit waits for another one.
            self.claim.worker.guard()
        if self.max_attempts > max(self.claim.deaths, 1):
            # A worker that was taken for dead may end it at this moment.
            self.outcome.guard()
            self.claim.release()
            # Others need not have seen that its worker is gone.
            self.notes.returns.change(1)
        else:
            self._give_up()
            self.claim.revoke()
            self._drop_request()
        return self.state

    def again(self, process_id):
        """Return a new process with this id, that is to do the same.

        It takes the request with it, so that this can be done once.  Raises
        NotRepeatableError for a process that may not run again.
        """
        if not self.may_run_again:
            raise NotRepeatableError(self.id)
        return Process(
            process_id,
            self.view_path,
            self.view_name,
            self.title,
            self.owner,
            self.outcome.take_request(),
            url=self.url and self.url.replace(self.id, process_id),
            page_path=self.page_path
            and self.page_path.replace(self.id, process_id),
            **{name: getattr(self, name) for name in CHOICES},
        )

    def _drop_request(self):
        """Forget the input, unless it may be wanted to run again."""
        if not self.keeps_request:
            self.outcome.take_request()

    def drop_old_request(self):
        """Forget the input of one that has ended too long ago."""
        if self.finished is not None:
            self._drop_request()

    def _state_after_death(self):
        """Return the state that recovery will find."""
        if self.max_attempts > self.claim.deaths + 1:
            return interfaces.QUEUED
        return interfaces.LOST if self.max_attempts == 1 else interfaces.FAILED

    def _give_up(self):
        attempts = self.claim.number
        if self.max_attempts == 1:
            self.outcome.settle(interfaces.LOST, attempts)
        else:
            text = f"The worker died in each of {self.claim.deaths} attempts."
            error = Error("WorkerDied", text, "")
            self.outcome.settle(interfaces.FAILED, attempts, error=error)
