"""Starting a process: who may, what is stored, and the answer."""

import transaction
from zExceptions import Forbidden
from zope.event import notify

from netsight.async_.answers.csrf import check_start
from netsight.async_.answers.idempotency import idempotency_of
from netsight.async_.answers.negotiate import vary
from netsight.async_.answers.programs import accepted
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import not_stored
from netsight.async_.answers.unstored import refusal
from netsight.async_.answers.unstored import tell_if_not_stored
from netsight.async_.browser.subviews import ERROR_NEWER_FORMAT
from netsight.async_.events import ProcessQueuedEvent
from netsight.async_.exceptions import AnonymousKeyError
from netsight.async_.exceptions import BadIdempotencyKeyError
from netsight.async_.exceptions import BusyError
from netsight.async_.exceptions import KeyReusedError
from netsight.async_.exceptions import LoginFieldsError
from netsight.async_.exceptions import NewerFormatError
from netsight.async_.exceptions import RequestNotRepeatableError
from netsight.async_.executors.doorbell import ring_after_commit
from netsight.async_.executors.queues import queue_of
from netsight.async_.i18n import _
from netsight.async_.interfaces import QUEUED
from netsight.async_.records.database import application_of
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import registry_connection
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.owners import current_owner
from netsight.async_.records.owners import may_see
from netsight.async_.records.process import Process
from netsight.async_.records.requests import take_request


STARTED = "netsight.async.started"
"""Key in the WSGI environ; no header of a request can have this name."""

BUSY = _(
    "error_single",
    default="This is running already, and can run only once at a time. "
    "Please try again later.",
)
BAD_KEY = _(
    "error_idempotency_key",
    default="The Idempotency-Key must be a text of 1 to 255 printable ASCII "
    "characters in double quotes.",
)
ANONYMOUS_KEY = _(
    "error_idempotency_anonymous",
    default="An Idempotency-Key works only for users who are logged in.",
)
KEY_REUSED = _(
    "error_idempotency_reused",
    default="This Idempotency-Key belongs to another request. Choose a new "
    "key for each request.",
)
FORGED_START = _(
    "error_forged_start",
    default="This request does not come from a form of this site. Go back, "
    "reload the page and try again.",
)
LOGIN_FIELDS = _(
    "error_login_fields",
    default="Log in first, then start the process. A form that does both at "
    "once is refused, so that no password is stored.",
)


REFUSALS = {
    Forbidden: (403, FORGED_START),
    LoginFieldsError: (400, LOGIN_FIELDS),
    BadIdempotencyKeyError: (400, BAD_KEY),
    AnonymousKeyError: (400, ANONYMOUS_KEY),
    KeyReusedError: (422, KEY_REUSED),
    BusyError: (409, BUSY),
    NewerFormatError: (503, ERROR_NEWER_FORMAT),
}
"""HTTP status and sentence for what a start can raise."""


def start(view):
    """Start a process of an async view, and answer its request.

    The answer is a redirect to the waiting page, or 202 for programs, or says
    why nothing was started.  Raises RequestNotRepeatableError if the request
    cannot be kept, BadQueueError if the view names no proper queue.
    """
    try:
        return refusal(view) or check_start(view) or _started(view)
    except tuple(REFUSALS) as exc:
        kind = next(each for each in REFUSALS if isinstance(exc, each))
        return view.message_page(*REFUSALS[kind])


def _started(view):
    if view.request.get("PUBLISHED") is not view:
        raise RequestNotRepeatableError(
            f"{view.async_view_path} is not the published view"
        )
    registry = getProcessRegistry(view.context)
    process_id, key = _id_of(view.request), idempotency_of(view)
    single_key = _single_key(view)
    process = _known(view, registry, process_id, key, single_key)
    if process is None:
        change = Change(view, process_id, "start")
        try:
            process = _new_process(change, single_key, key)
        except OSError as exc:
            # The disk is full, for example.
            transaction.doom()
            return not_stored(change, exc)
        registry.add(process)
        notify(ProcessQueuedEvent(process))
        tell_if_not_stored(change)
    if process.state == QUEUED:
        ring_after_commit(process)
    return _answer(view, process)


def _known(view, registry, process_id, key, single_key):
    """Return the process that there is already for this request, or None."""
    process = registry.get(process_id) or (key and registry.keyed(key.key))
    if process is not None and process.idempotency != key:
        raise KeyReusedError(process.id)
    process = process or registry.single(single_key)
    if process is not None and not _is_of(view, process):
        raise BusyError(process.id)
    return process


def _answer(view, process):
    """Lead a browser to the waiting page, a program to the status."""
    response = view.request.response
    if view.is_for_program:
        url = view.process_url("process-status", process.id)
        response.setHeader("Location", url)
        return accepted(view, process)
    vary(response)
    return response.redirect(view.process_url("processing", process.id))


def _id_of(request):
    """Return the id of the process that this request starts.

    It stays the same when Zope repeats the request: the first try may have
    been committed, with its answer lost on the way from a storage server.
    """
    # `environ` is made anew from this one for each try.
    return request._orig_env.setdefault(STARTED, new_process_id())


def _new_process(change, single_key, idempotency):
    view = change.view
    queue, priority = queue_of(view)
    connection = registry_connection(application_of(view.context))
    return Process(
        change.process_id,
        view.async_view_path,
        view.__name__,
        _title(view),
        current_owner(),
        take_request(view.request, connection),
        cancellable=view.cancellable,
        max_attempts=view.max_attempts if view.restart_after_crash else 1,
        single_key=single_key,
        idempotency=idempotency,
        url=view.process_url("processing", change.process_id),
        queue=queue,
        priority=priority,
    )


def _title(view):
    title = getattr(view, "title", None)
    return title if isinstance(title, str) else view.__name__


def _single_key(view):
    """Return the text that no two active processes may share, or None."""
    owner = current_owner()
    keys = {
        None: None,
        "user": ("user", view.__name__, owner.user_id, owner.folder_path),
        "context": ("context", view.async_view_path),
        "view": ("view", view.__name__),
    }
    key = keys[view.single]
    return key and "\n".join(part or "" for part in key)


def _is_of(view, process):
    """Tell whether the visitor may be led to a process at this view."""
    here = process.view_path == view.async_view_path
    return here and may_see(process, view.context)
