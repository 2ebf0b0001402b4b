"""Who is told when a process has ended without a result.

Subscribers are told when the end is stored, in a thread and a transaction of
their own, as the owner of the process and in the owner's site.  So whatever
they do, the end stands; and whatever this thread has open, they do not touch.

Whoever has tried to store an end has it told, however the commit was answered:
what is told is what is found to be stored, by its token.  So each end is told
by the one transaction that has stored it, and by no other.
"""

import logging
import threading
import time
import weakref
from collections import deque
from contextlib import contextmanager
from contextlib import suppress
from functools import partial

import transaction
from Acquisition import aq_acquire
from zope.event import notify

from netsight.async_ import interfaces
from netsight.async_.events import ProcessCancelledEvent
from netsight.async_.events import ProcessFailedEvent
from netsight.async_.events import ProcessLostEvent
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.forks import in_forked_child
from netsight.async_.records.database import get_ended
from netsight.async_.records.database import transact
from netsight.async_.running.failure import is_cut_off
from netsight.async_.running.patience import Patience
from netsight.async_.running.surroundings import publish_as_owner


logger = logging.getLogger(__name__)

THREAD_NAME = "netsight.async endings"

NOT_TOLD = "the end of process %s is not told"

_threads = weakref.WeakSet()
"""Those that tell at the moment, and others that have ended."""

_untold = deque()
"""Tellings for which no thread could be started: the next one takes them."""

in_forked_child(_threads.clear)
in_forked_child(_untold.clear)

EVENTS = {
    interfaces.FAILED: ProcessFailedEvent,
    interfaces.CANCELLED: ProcessCancelledEvent,
    interfaces.LOST: ProcessLostEvent,
}


def tell_ended(end, environ=None, exc_info=None):
    """Tell error log and subscribers of an End that is known to be stored.

    Returns when they have been told.  `environ` is that of its request, if it
    is at hand; an exception goes to the error log.  What goes wrong is logged;
    never raises.
    """
    with _no_thread_is_logged(end):
        _start([Telling(end, environ, exc_info)]).join()


def tell_after_commit(process):
    """Tell of the end of a process, when the open transaction is committed.

    The commit waits until subscribers have been told, or the database is away.
    """
    transaction.get().addAfterCommitHook(_tell_after_commit, (process.end,))


def _tell_after_commit(success, end):
    telling = Telling(end, is_stored=success)
    with _no_thread_is_logged(end):
        _start([telling])
        # What has failed may be stored all the same, with the answer lost.
        if success:
            telling.is_told_or_waits.wait()


def tell_in_thread(ends):
    """Tell of Ends if they are stored, and of what is left over.

    Returns at once: the monitor must go on, however slow a subscriber is.
    Raises RuntimeError if the system has no more threads; then the next call
    tells of them.
    """
    if ends or _untold:
        _start([Telling(end, is_stored=False) for end in ends])


def wait_told(timeout):
    """Wait `timeout` seconds at most for what is told in threads."""
    deadline = time.monotonic() + timeout
    for thread in list(_threads):
        thread.join(max(0, deadline - time.monotonic()))


@contextmanager
def _no_thread_is_logged(end):
    try:
        yield
    except RuntimeError:
        logger.exception("the end of process %s is told later", end.process_id)


def _start(tellings):
    """Return the thread that tells; raises RuntimeError if none can."""
    thread = threading.Thread(
        target=_tell_all, args=(tellings,), name=THREAD_NAME, daemon=True
    )
    try:
        thread.start()
    except RuntimeError:
        _untold.extend(tellings)
        raise
    _threads.add(thread)
    return thread


def _tell_all(tellings):
    for telling in tellings:
        telling.tell()
    with suppress(IndexError):
        while True:
            _untold.popleft().tell()


class Telling:
    """What somebody has to tell of an End."""

    def __init__(self, end, environ=None, exc_info=None, is_stored=True):
        self.is_told_or_waits = threading.Event()
        self._end = end
        self._environ = environ
        self._exc_info = exc_info
        self._is_stored = is_stored
        self._patience = Patience(end.process_id)

    def tell(self):
        """Tell of it if it is stored; logs what goes wrong.

        Waits for a database that is away, as long as that takes.
        """
        try:
            if self._is_stored or self._insist(
                transact, "end", _is_stored, self._end
            ):
                self._tell()
        except BaseException:
            logger.exception(NOT_TOLD, self._end.process_id)
        finally:
            self.is_told_or_waits.set()

    def _tell(self):
        if self._exc_info is not None:
            # Apart from the subscribers, as it cannot be repeated.
            self._publish(partial(_tell_error_log, self._exc_info))
        self._publish(_notify)

    def _publish(self, function):
        try:
            self._insist(self._publish_once, function)
        except BaseException:
            # Of a subscriber, for example.
            logger.exception(NOT_TOLD, self._end.process_id)

    def _publish_once(self, function):
        """Call a function as the owner; raises if that can be done again.

        When all of it was called, it cannot: the commit may have been done.
        """
        returned = []

        def call(process, context):
            function(process, context)
            returned.append(True)

        try:
            publish_as_owner(self._end, call, self._environ)
        except Exception:
            if not returned:
                raise
            logger.exception(NOT_TOLD, self._end.process_id)

    def _insist(self, function, *args):
        """Return ``function(*args)``, called again while it is cut off."""
        return self._patience.insist(self._noting_waits, function, *args)

    def _noting_waits(self, function, *args):
        try:
            return function(*args)
        except Exception as exc:
            if is_cut_off(exc):
                self.is_told_or_waits.set()
            raise


def _is_stored(root, end):
    """Tell whether an End is stored.

    A client of ZEO may read an old cache; the guard takes part in a commit.
    """
    try:
        get_ended(root, end).outcome.guard()
    except NoSuchProcessError:
        return False
    return True


def _notify(process, context):
    notify(EVENTS[process.state](process))


def _tell_error_log(exc_info, process, context):
    """Hand an exception to the error log of the nearest site, if any."""
    log = aq_acquire(context, "__error_log__", default=None, containment=1)
    if log is not None:
        log.raising(exc_info)
