"""Who is told when a process has ended without a result.

Subscribers are told when the end is stored, in a thread and a transaction of
their own, as the owner of the process and in the owner's site.  So whatever
they do, the end stands; and whatever this thread has open, they do not touch.
"""

import logging
import threading
import time
import weakref
from functools import partial

from Acquisition import aq_acquire
from zope.event import notify

from netsight.async_ import interfaces
from netsight.async_.events import ProcessCancelledEvent
from netsight.async_.events import ProcessFailedEvent
from netsight.async_.events import ProcessLostEvent
from netsight.async_.forks import in_forked_child
from netsight.async_.running.surroundings import publish_as_owner


logger = logging.getLogger(__name__)

THREAD_NAME = "netsight.async endings"

NOT_TOLD = "the end of process %s is not told"

_threads = weakref.WeakSet()
"""Those that tell at the moment, and others that have ended."""

in_forked_child(_threads.clear)

EVENTS = {
    interfaces.FAILED: ProcessFailedEvent,
    interfaces.CANCELLED: ProcessCancelledEvent,
    interfaces.LOST: ProcessLostEvent,
}


def tell_ended(process_id, environ=None, exc_info=None):
    """Tell error log and subscribers of a process without a result.

    Returns when they have been told.  `environ` is that of its request, if it
    is at hand; an exception goes to the error log.  What goes wrong is logged;
    never raises.
    """
    try:
        _start([process_id], environ, exc_info).join()
    except RuntimeError:
        logger.exception(NOT_TOLD, process_id)


def tell_in_thread(process_ids):
    """Tell of several processes; returns at once.

    The monitor must go on, however slow a subscriber is.  Raises RuntimeError
    if the system has no more threads; nobody is told then.
    """
    if process_ids:
        _start(process_ids)


def wait_told(timeout):
    """Wait `timeout` seconds at most for what is told in threads."""
    deadline = time.monotonic() + timeout
    for thread in list(_threads):
        thread.join(max(0, deadline - time.monotonic()))


def _start(process_ids, *args):
    """Return the thread that tells; raises RuntimeError if none can."""
    thread = threading.Thread(
        target=_tell_all,
        args=(process_ids, *args),
        name=THREAD_NAME,
        daemon=True,
    )
    thread.start()
    _threads.add(thread)
    return thread


def _tell_all(process_ids, environ=None, exc_info=None):
    for process_id in process_ids:
        if exc_info is not None:
            # Apart from the subscribers, as it cannot be repeated.
            log = partial(_tell_error_log, exc_info)
            _tell(process_id, log, environ)
        _tell(process_id, _notify, environ)


def _tell(process_id, function, environ):
    try:
        publish_as_owner(process_id, function, environ)
    except BaseException:
        # Of a subscriber, for example; the next process has others.
        logger.exception(NOT_TOLD, process_id)


def _notify(process, context):
    notify(EVENTS[process.state](process))


def _tell_error_log(exc_info, process, context):
    """Hand an exception to the error log of the nearest site, if any."""
    log = aq_acquire(context, "__error_log__", default=None, containment=1)
    if log is not None:
        log.raising(exc_info)
