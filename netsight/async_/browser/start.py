"""The start of a process: who may, what is stored, and the answer."""

import transaction
from zExceptions import Forbidden
from zExceptions import Redirect

from netsight.async_ import config
from netsight.async_.actions import add
from netsight.async_.answers.csrf import check_start
from netsight.async_.answers.headers import vary
from netsight.async_.answers.idempotency import idempotency_of
from netsight.async_.answers.programs import accepted
from netsight.async_.answers.refusals import REFUSED
from netsight.async_.answers.refusals import refuse
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import check_writable
from netsight.async_.answers.unstored import not_stored
from netsight.async_.answers.unstored import tell_if_not_stored
from netsight.async_.browser.choices import choices_of
from netsight.async_.browser.choices import cookies_of
from netsight.async_.context import path_of_url
from netsight.async_.context import without_api
from netsight.async_.exceptions import BusyError
from netsight.async_.exceptions import KeyReusedError
from netsight.async_.exceptions import RequestNotRepeatableError
from netsight.async_.executors.doorbell import ring_after_commit
from netsight.async_.interfaces import QUEUED
from netsight.async_.records.database import application_of
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import registry_connection
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.limits import check_limits
from netsight.async_.records.owners import current_owner
from netsight.async_.records.owners import may_see
from netsight.async_.records.process import Process
from netsight.async_.records.progress import checked_message
from netsight.async_.records.requests import take_request


STARTED = "netsight.async.started"
"""Key in the WSGI environ; no header of a request can have this name."""

CHECKED = "netsight.async.checked"
"""Key in what Zope notes on a request: the view that `start` has checked."""


def start(view):
    """Start a process of an async view, and answer its request.

    The answer is a redirect to the waiting page, or 202 for programs, or says
    why nothing was started.  Raises RequestNotRepeatableError if the request
    cannot be kept, BadChoiceError if the view's choices are not what they may
    be.
    """
    try:
        check_writable(view.context)
        return check_start(view) or _answered(view)
    except REFUSED as exc:
        return refuse(view, exc)
    except StartNotStoredError as exc:
        return not_stored(exc.change, exc.__cause__)


def _answered(view):
    view.request.other[CHECKED] = view
    # An add-on may override it, as in 1.x.
    process_id = view._run()
    return lead_to(view, view.get_process(process_id))


def started(view):
    """Start a process of an async view that answers itself; return it.

    Raises what the answer of `start` would tell: zExceptions.Redirect to the
    page on which Plone lets the user confirm, any of
    `answers.refusals.REFUSED`, StartNotStoredError, and what `start` raises.
    """
    # `start` has looked already.
    if view.request.other.pop(CHECKED, None) is not view:
        check_writable(view.context)
        if view.request.method == "HEAD":
            raise Forbidden("a HEAD request starts nothing")
        confirm_url = check_start(view)
        if confirm_url is not None:
            raise Redirect(confirm_url)
    return _started(view)


class StartNotStoredError(OSError):
    """The request that starts a process could not be stored."""

    def __init__(self, change):
        super().__init__(change.process_id)
        self.change = change


def _started(view):
    if view.request.get("PUBLISHED") is not view:
        raise RequestNotRepeatableError(
            f"{view.async_view_path} is not the published view"
        )
    registry = getProcessRegistry(view.context)
    process_id, key = _id_of(view.request), idempotency_of(view)
    choices = choices_of(view)
    process = _known(view, registry, process_id, key, choices.single_key)
    if process is None:
        owner = current_owner()
        check_limits(registry, owner, view.__name__, choices.max_queued)
        change = Change(view, process_id, "start")
        try:
            stored = _taken(view)
            process = new_process(view, process_id, stored, choices, key)
        except OSError as exc:
            # The disk is full, for example.
            transaction.doom()
            raise StartNotStoredError(change) from exc
        add(registry, process)
        tell_if_not_stored(change)
    if process.state == QUEUED and not process.is_held:
        ring_after_commit(process)
    return process


def _known(view, registry, process_id, key, single_key):
    """Return the process that there is already for this request, or None."""
    process = registry.get(process_id) or (key and registry.keyed(key.key))
    if process is not None and process.idempotency != key:
        raise KeyReusedError(process.id)
    if process is None:
        process = registry.single(single_key)
        # Whoever has the id of an anonymous process may see it; so it is
        # told to nobody.
        if process is not None and process.owner.is_anonymous:
            raise BusyError(process.id)
    if process is not None and not _is_of(view, process):
        raise BusyError(process.id)
    return process


def lead_to(view, process):
    """Lead a browser to the waiting page, a program to the status."""
    response = view.request.response
    if view.is_for_program:
        url = view.lasting_url("process-status", process.id)
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


def _taken(view):
    connection = registry_connection(application_of(view.context))
    return take_request(view.request, connection, cookies_of(view))


def new_process(
    view, process_id, stored, choices, key=None, title=None, not_before=None
):
    """Return a Process of an async view and its Choices, of this user.

    `stored` is the RequestSnapshot, `key` the Idempotency or None.  `title`
    stands in for that of the view.  It is not taken before the POSIX time
    `not_before`.
    """
    # For people, in mails and lists.
    url = without_api(view.lasting_url("processing", process_id))
    page_path = path_of_url(url, view.request)
    return Process(
        process_id,
        view.async_view_path,
        view.__name__,
        checked_message(title or title_of(view)),
        current_owner(),
        stored,
        idempotency=key,
        not_before=not_before,
        url=url if config.has_known_origin(url) else page_path,
        page_path=page_path,
        **choices._asdict(),
    )


def title_of(view):
    """Return what a view calls its processes, a text or message id."""
    title = view.process_title()
    return title if isinstance(title, str) else view.__name__


def _is_of(view, process):
    """Tell whether the visitor may be led to a process at this view."""
    here = process.view_path == view.async_view_path
    return here and may_see(process, view.context)
