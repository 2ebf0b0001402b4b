"""Claim a process, publish its request again, write the outcome."""

import logging
import threading
import time
from contextlib import closing
from contextlib import contextmanager

import transaction
from AccessControl.SecurityManagement import noSecurityManager
from zExceptions import HTTPRedirection
from ZODB.POSException import POSKeyError
from zope.component.hooks import setSite
from zope.event import notify
from zope.globalrequest import clearRequest

from netsight.async_.context import address_of
from netsight.async_.events import ProcessStartedEvent
from netsight.async_.exceptions import ClaimLostError
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import ProcessCancelled
from netsight.async_.exceptions import SessionEndedError
from netsight.async_.exceptions import ViewNotFoundError
from netsight.async_.forks import in_forked_child
from netsight.async_.interfaces import IAsyncView
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import Hold
from netsight.async_.records.lease import this_worker
from netsight.async_.records.parts import new_token
from netsight.async_.records.retries import delay_after
from netsight.async_.running import outcomes
from netsight.async_.running.arguments import call_as_published
from netsight.async_.running.authenticator import authenticate
from netsight.async_.running.failure import error_of
from netsight.async_.running.failure import is_cut_off
from netsight.async_.running.fence import Fence
from netsight.async_.running.monitor import monitor
from netsight.async_.running.patience import Patience
from netsight.async_.running.pauses import pause_after
from netsight.async_.running.pauses import pauses
from netsight.async_.running.publishing import Impersonation
from netsight.async_.running.publishing import JobRequest
from netsight.async_.running.publishing import JobResponse
from netsight.async_.running.publishing import publish_environ
from netsight.async_.running.publishing import publish_view
from netsight.async_.running.publishing import run_of
from netsight.async_.running.pulse import pulse
from netsight.async_.running.purging import drop_purges
from netsight.async_.running.stored_request import StoredRequest
from netsight.async_.running.telling import tell_ended
from netsight.async_.running.transactions import begin_like
from netsight.async_.running.window import Window
from netsight.async_.running.work import Work
from netsight.async_.running.work import working


logger = logging.getLogger(__name__)

CUT_OFF_RUNS = 2
"""A run that was cut off is done so often in all; or as often as its view
allows for crashes, if that is more."""

SESSION_ENDED = (
    "The database was there, and ended the session each time.  Does it end "
    "those that are idle in a transaction?  See "
    "idle_in_transaction_session_timeout of PostgreSQL."
)

claim_lock = threading.Lock()
"""Claims of one Zope beat the same worker record, so one after the other.

Nor does a Zope end its record while it claims: see `serving.server.stop`.
"""


def _make_claim_lock():
    global claim_lock
    claim_lock = threading.Lock()


in_forked_child(_make_claim_lock)


def run(process_id, window=None):
    """Run a queued process to its outcome; never raises.

    Does nothing if the process is not queued: another worker was quicker.
    Nor if another one of its line must end before.  `window` is a Window by
    which the caller learns when to interrupt it.

    Returns the `line` (str) of the process if it was run, and has one: the
    next one of it may begin now.
    """
    try:
        return Run(process_id, window).execute()
    except (ClaimLostError, NoSuchProcessError) as exc:
        logger.info("process %s is not for this worker: %s", process_id, exc)
    except BaseException:
        # The monitor finds the claim without a hold, and recovers it.
        logger.exception("process %s: its outcome was not written", process_id)
    return None


class Run:
    """One claim of a process by this worker, and its attempts."""

    def __init__(self, process_id, window=None):
        self.process_id = process_id
        self.window = window or Window()
        self.hold = Hold(process_id, new_token())
        self.owner = None
        self.view_path = None
        self.line = None
        self.attempts = 0
        self.connection = None
        self.environ = {}
        self._beats = False
        self._fence = None
        self._is_told = False
        self._escaped = None
        self._answered = None
        self._redirection = None
        self._runs_left = CUT_OFF_RUNS
        self._retry, self._retries = None, 0
        self._patience = Patience(process_id)
        self._request = StoredRequest(self.hold, self._patience)
        self._cancel = threading.Event()
        self.report = None

    def execute(self):
        """Claim, publish, and store what did not complete; return the line.

        Raises ClaimLostError or NoSuchProcessError if there is nothing to do.
        """
        if not self._request.may_be_readable():
            return None
        try:
            with claim_lock:
                began = time.monotonic()
                self._patience.insist(transact, "claim", self._claim)
                if self._beats:
                    pulse.note(began)
            while not self._publish_input():
                pass
        finally:
            monitor.unwatch(self.hold)
            self._request.close()
        return self.line

    def set_progress(self, number, message):
        """Show a checked number and a message to other connections.

        Raises what `check_cancelled` raises.
        """
        self.check_cancelled()
        monitor.put(self.hold, number, message)
        if self._cancel.is_set():
            # Since it was looked for.
            self.report.look_up()

    def log(self, line):
        """Keep a checked line of a log; raises what `check_cancelled` does."""
        self.check_cancelled()
        self.report.logbook.add(line)
        monitor.put_log(self.hold)

    def cancel(self):
        """Have the process cancelled at its next chance; from any thread."""
        self._cancel.set()
        self.report.look_up()
        pauses.look_again()

    def pause(self, retries):
        """Wait before the run is tried again that has conflicted.

        `retries` is how often it was tried again before.  A cancel or a stop
        of Zope ends the wait at once.
        """
        pauses.wait(pause_after(retries), self._cancel.is_set)

    def check_cancelled(self):
        """Raise ProcessCancelled if somebody wants the process cancelled.

        Or TimeLimitExceeded if it has run for longer than its view allows.
        """
        monitor.sign(self.hold)
        if self._cancel.is_set():
            self._is_told = True
            raise ProcessCancelled(self.process_id)
        overdue = self.window.overdue
        if overdue is not None:
            self.window.interrupt(overdue)

    def check_told(self):
        """Raise again what the view was told to end by, if it was.

        Its code may have caught that, or a future in another thread.
        """
        if self._is_told:
            raise ProcessCancelled(self.process_id)
        if self.window.error is not None:
            raise self.window.error

    # Before

    def _claim(self, root):
        process = get_process(root, self.process_id)
        # Of the last try, the commit may be done and its answer lost.
        if not process.claim.is_held_by(this_worker(), self.hold.token):
            self._take(process, query_registry(root))
        self.owner = process.owner
        self.view_path = process.view_path
        self._runs_left = max(process.max_attempts, CUT_OFF_RUNS)
        self.line = process.line
        self._retry, self._retries = process.retry, process.retries
        if process.time_limit is not None:
            self.window.limit_to(process.time_limit)
            self.report.limit = self.window.deadline
        self._request.open_early(process)

    def _take(self, process, registry):
        worker = registry.worker(this_worker())
        # Nobody has heard of this worker while it had nothing to do.
        self._beats = pulse.beats_with(worker)
        process.claim_for(worker, self.hold.token)
        line = registry.line(process.line)
        if line is not None:
            line.take(registry, process.id)
        cancel = self.cancel if process.cancellable else None
        shown = process.told
        # The monitor must know of the claim before others can see it.
        self.report = monitor.watch(self.hold, cancel, shown, self._beats)

    def _publish_input(self):
        """Return False if it is to be done again; see `_wait_if_cut_off`."""
        try:
            self.environ = self._request.open()
        except (ClaimLostError, NoSuchProcessError):
            raise
        except POSKeyError as exc:
            # It is gone, for good.
            self._fail(exc)
            return True
        except Exception as exc:
            # The blob directory is away, for example, or too much is open.
            self._request.put_back(exc)
            return True
        with closing(self.environ["wsgi.input"]):
            return self._publish()

    def _wait_if_cut_off(self, exc):
        """Wait if the database was cut off, to publish again.

        Whether what was committed meanwhile is stored is seen then, as it is
        when Zope tries again.  Zope does so where a storage says that an error
        is transient, as ZEO does; this is for when that was not enough.

        Returns False if something else is wrong.  Raises SessionEndedError if
        it was cut off too often: what it does outside of the ZODB is done each
        time.
        """
        if not is_cut_off(exc):
            return False
        self._runs_left -= 1
        if not self._runs_left:
            raise SessionEndedError(SESSION_ENDED) from exc
        self._patience.wait(exc)
        return True

    def _publish(self):
        """Publish once, with Zope's retries, and store what escapes.

        Returns False if it is to be done again.
        """
        try:
            with self._own_surroundings():
                publish_environ(
                    self.environ, self._attempt, self._make_request
                )
        except BaseException as exc:
            # Zope tidies up after the view, which may be an error of its own.
            escaped = self._escaped or exc
            self.forget_attempt()
            if exc is not escaped:
                self._log_other(exc)
            return self._end(escaped)
        return True

    @contextmanager
    def _own_surroundings(self):
        """Leave nothing of a publication in this thread, whatever escapes.

        What is of a closed connection would raise an error in the place of
        that which is to be stored then.
        """
        self._fence = Fence(self)
        transaction.manager.registerSynch(self._fence)
        try:
            yield
        finally:
            noSecurityManager()
            setSite(None)
            clearRequest()
            transaction.manager.unregisterSynch(self._fence)
            transaction.abort()

    def _make_request(self, stdin, environ, response):
        request = JobRequest(stdin, environ, response)
        request.async_run = self
        return request

    # In the process's transaction

    def _attempt(self, request, module_info):
        """Publish a request of this run; stands in for ZPublisher's publish.

        After it the outcome is written, as the last thing before the commit.
        """
        self.connection = module_info[0]._p_jar
        # Of the last attempt, the commit may be done and its answer lost.
        self.process().check_running(this_worker(), self.hold.token)
        if self._redirection is None:
            self.attempts += 1
        self.report.logbook.clear()
        self.set_progress(None, None)
        try:
            response = self._answer(request, module_info)
        except BaseException as exc:
            self._escaped = exc
            raise
        response.address = address_of(request)
        self._answered = response, transaction.get()
        transaction.get().addBeforeCommitHook(self._complete, (response,))
        return response

    def _answer(self, request, module_info):
        """Return the response of the view.

        If it raises a redirection, that is an answer without effects, as that
        of a view which dooms its transaction: see `complete_doomed`.
        """
        try:
            return self._unswallowed(publish_view, request, module_info)
        except HTTPRedirection as exc:
            response = JobResponse()
            response.redirect(exc)
            transaction.doom()
            drop_purges(request)
            return response

    def _unswallowed(self, function, *args):
        """Return ``function(*args)``; raises what its code has caught in vain.

        That is what it was told to end by, and the error of a commit, as a
        conflict.
        """
        try:
            return function(*args)
        finally:
            self.check_told()
            self._fence.check_failed()

    def impersonation(self, view, request):
        """Return the stand-in for the user folder for the run's own view."""
        return Impersonation(self.owner, request["PARENTS"][-1], view)

    def callable_for(self, published, request):
        """Return a function without arguments that does the work.

        Raises ViewNotFoundError if `published` is not the process's view.
        """
        if (
            not IAsyncView.providedBy(published)
            or published.async_view_path != self.view_path
        ):
            raise ViewNotFoundError(self.view_path)
        folder_path = self.owner.folder_path.rpartition("/")[0]
        request["AUTHENTICATION_PATH"] = folder_path.lstrip("/")
        # Views of 1.x look for it there.
        request["process_id"] = self.process_id

        def call():
            process = get_process(request["PARENTS"][-1], self.process_id)
            if self._redirection is not None:
                raise self._redirection
            authenticate(request)
            notify(ProcessStartedEvent(process))
            with self.window.within(), working(Work(self, request)):
                return call_as_published(
                    published.__run__, request, self.process_id
                )

        return call

    def process(self):
        """Return the process as the open transaction sees it.

        Raises ClaimLostError if it is gone: its start was undone.
        """
        root = self.connection.root()["Application"]
        try:
            return get_process(root, self.process_id)
        except NoSuchProcessError as exc:
            raise ClaimLostError("its start was undone") from exc

    def check_claim(self):
        """Return the process; raises ClaimLostError if the claim is gone."""
        process = self.process()
        process.check_claim(this_worker(), self.hold.token)
        return process

    def forget_attempt(self):
        """Forget what is of one attempt: the next has its own."""
        self.connection = None
        self._escaped = None
        self._answered = None

    def _complete(self, response):
        self._answered = None
        root = self.connection.root()["Application"]
        try:
            has_progress = self.report.told[0] is not None
            outcomes.complete(
                root, self.hold, self.attempts, response, has_progress
            )
            outcomes.keep_log(root, self.hold, self.report.logbook.lines)
        except HTTPRedirection as exc:
            # A subscriber does not answer for the view.
            self._redirection = exc
            raise

    def complete_doomed(self):
        """Complete the process in a new transaction, if it was not yet.

        Zope has rolled back that of the view then, as somebody has doomed it,
        with all that subscribers have written since.
        """
        if self._answered is not None:
            response, doomed = self._answered
            begin_like(doomed)
            self._complete(response)
            transaction.commit()

    # After it

    def _log_other(self, exc):
        """Log an exception that is not how the run has ended."""
        logger.warning(
            "process %s: beside how it has ended, there was an error",
            self.process_id,
            exc_info=exc,
        )

    def _end(self, exc):
        """Store how the run ended that has raised `exc`.

        Returns False if it is to be done again, True otherwise.
        """
        if isinstance(exc, ClaimLostError):
            raise exc
        if isinstance(exc, ProcessCancelled):
            if not isinstance(exc.__context__, ProcessCancelled | None):
                # What the view has raised instead.
                self._log_other(exc.__context__)
            end = self._write("cancelled", outcomes.cancel)
            tell_ended(end, self.environ)
            return True
        try:
            if self._wait_if_cut_off(exc) or self._answers_by(exc):
                return False
        except SessionEndedError as ended:
            exc = ended
        # SystemExit and the like end the process, not the worker.
        if not self._put_off(exc):
            self._fail(exc)
        return True

    def _put_off(self, exc):
        """Put the process off if that is to be tried again later.

        Returns False if it is not.
        """
        delay = delay_after(self._retry, exc, self._retries)
        if delay is None:
            return False
        logger.warning(
            "process %s of %s has failed, and is tried again in %.0f s",
            self.process_id, self.view_path, delay, exc_info=exc,
        )  # fmt: skip
        end = self._write("later", outcomes.put_off, time.time() + delay)
        if end is not None:
            tell_ended(end, self.environ)
        return True

    def _answers_by(self, exc):
        """Tell whether to publish again, with a redirection as the answer.

        It was raised by others than the view, in the commit for example.  One
        that comes again then lets the process fail.
        """
        if not isinstance(exc, HTTPRedirection) or self._redirection:
            return False
        self._redirection = exc
        return True

    def _write(self, note, function, *args):
        return self._patience.insist(
            transact, note, self._with_log, function, *args
        )

    def _with_log(self, root, function, *args):
        end = function(root, self.hold, self.attempts, *args)
        if end is not None and self.report is not None:
            outcomes.keep_log(root, self.hold, self.report.logbook.lines)
        return end

    def _fail(self, exc):
        error = error_of(exc)
        # What its author has foreseen is no fault for administrators.
        if error.reason is not None:
            logger.info(
                "process %s of %s failed, and says why: %s",
                self.process_id, self.view_path, error.text,
            )  # fmt: skip
            exc_info = None
        else:
            logger.error(
                "process %s of %s failed", self.process_id, self.view_path,
                exc_info=exc,
            )  # fmt: skip
            exc_info = type(exc), exc, exc.__traceback__
        end = self._write("failed", outcomes.fail, error)
        tell_ended(end, self.environ, exc_info)


def published(event):
    """Complete what was not completed; a subscriber of IPubSuccess.

    Site, user and request are still those of the process.
    """
    run = run_of(event.request)
    if run is not None:
        run.complete_doomed()
