"""Who is told when a process has ended without a result.

Subscribers are told when the end is stored, in a transaction of their own, as
the owner of the process and in his site.  So whatever they do, the end stands.
"""

import io
import logging
import threading
import time
import weakref
from contextlib import contextmanager
from urllib.parse import urlsplit

from AccessControl.SecurityManagement import getSecurityManager
from AccessControl.SecurityManagement import newSecurityManager
from AccessControl.SecurityManagement import setSecurityManager
from AccessControl.users import nobody
from Acquisition import aq_acquire
from zope.component.hooks import getSite
from zope.component.hooks import setSite
from zope.event import notify
from ZPublisher.BaseRequest import RequestContainer
from ZPublisher.HTTPRequest import WSGIRequest
from ZPublisher.HTTPResponse import WSGIResponse

from netsight.async_ import interfaces
from netsight.async_.context import site_of
from netsight.async_.events import ProcessCancelledEvent
from netsight.async_.events import ProcessFailedEvent
from netsight.async_.events import ProcessLostEvent
from netsight.async_.forks import in_forked_child
from netsight.async_.records.database import get_process
from netsight.async_.records.database import transact
from netsight.async_.records.owners import find_user


logger = logging.getLogger(__name__)

THREAD_NAME = "netsight.async endings"

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

    `environ` is that of its request, if it is at hand; an exception goes to
    the error log.  What goes wrong is logged; never raises.
    """
    try:
        transact("end", _tell, process_id, environ, exc_info)
    except Exception:
        logger.exception("the end of process %s is not told", process_id)


def tell_in_thread(process_ids):
    """Tell of several processes; returns at once.

    The monitor must go on with its heartbeat, however slow a subscriber is.
    """
    if process_ids:
        thread = threading.Thread(
            target=_tell_all,
            args=(process_ids,),
            name=THREAD_NAME,
            daemon=True,
        )
        # Raises if the system has no more threads.
        thread.start()
        _threads.add(thread)


def _tell_all(process_ids):
    for process_id in process_ids:
        tell_ended(process_id)


def wait_told(timeout):
    """Wait `timeout` seconds at most for what is told in threads."""
    deadline = time.monotonic() + timeout
    for thread in list(_threads):
        thread.join(max(0, deadline - time.monotonic()))


def _tell(root, process_id, environ, exc_info):
    process = get_process(root, process_id)
    with as_owner(root, process, environ or _environ_of(process)) as context:
        if exc_info is not None:
            tell_error_log(context, exc_info)
        notify(EVENTS[process.state](process))


@contextmanager
def as_owner(root, process, environ):
    """Have the owner of a process as user, and his site, in a block.

    Gives the context of its view, or the nearest parent that is left.
    """
    manager, site = getSecurityManager(), getSite()
    request = WSGIRequest(io.BytesIO(), environ, WSGIResponse())
    try:
        context = context_of(root, process.view_path, request)
        newSecurityManager(None, find_user(root, process.owner) or nobody)
        setSite(site_of(context))
        yield context
    finally:
        setSecurityManager(manager)
        setSite(site)


def _environ_of(process):
    """Return a bare environ for a process whose request was dropped."""
    url = urlsplit(process.url or "http://localhost")
    return {
        "HTTP_HOST": url.netloc,
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or {"https": 443}.get(url.scheme, 80)),
        "wsgi.url_scheme": url.scheme,
    }


def context_of(root, view_path, request):
    """Return the context of a view, or the nearest parent that is left.

    `request` becomes its REQUEST; it is made to look as if it had traversed.
    """
    request["PARENTS"] = [root]
    request["URL"] = request["SERVER_URL"] + view_path
    context = root.__of__(RequestContainer(REQUEST=request))
    for name in view_path.split("/")[1:-1]:
        try:
            context = context.unrestrictedTraverse(name)
        except (AttributeError, LookupError):
            break
    return context


def tell_error_log(context, exc_info):
    """Hand an exception to the error log of the nearest site, if any."""
    log = aq_acquire(context, "__error_log__", default=None, containment=1)
    if log is not None:
        log.raising(exc_info)
