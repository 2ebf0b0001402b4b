"""Processes that code starts, and not a request."""

from collections.abc import Callable
from datetime import datetime
from datetime import timezone
from inspect import signature
from types import FunctionType
from types import MappingProxyType
from typing import Any
from typing import NamedTuple

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from AccessControl.users import nobody
from Acquisition import aq_base
from zExceptions import NotFound
from zope.globalrequest import getRequest

from netsight.async_.actions import add
from netsight.async_.answers.unstored import check_writable
from netsight.async_.browser.call import CALL_VIEW
from netsight.async_.browser.call import call_text
from netsight.async_.browser.choices import choices_of
from netsight.async_.browser.stand_in import check_context
from netsight.async_.browser.stand_in import standing_in
from netsight.async_.browser.start import new_process
from netsight.async_.context import as_came
from netsight.async_.context import url_of_path
from netsight.async_.exceptions import AlreadyRunningError
from netsight.async_.exceptions import LoginFieldsError
from netsight.async_.exceptions import NoSuchUserError
from netsight.async_.exceptions import ViewNotFoundError
from netsight.async_.executors.doorbell import ring_after_commit
from netsight.async_.interfaces import IAsyncView
from netsight.async_.interfaces import IProcess
from netsight.async_.records.database import application_of
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import registry_connection
from netsight.async_.records.handed import CALL
from netsight.async_.records.handed import FORM
from netsight.async_.records.handed import hand_over
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.limits import check_limits
from netsight.async_.records.owners import current_owner
from netsight.async_.records.owners import find_user_above
from netsight.async_.records.owners import may_act_as
from netsight.async_.records.owners import owner_of
from netsight.async_.records.plain import dumps
from netsight.async_.records.requests import BY_RULE
from netsight.async_.records.requests import SECRET_FIELDS
from netsight.async_.records.retries import Retry


CHOICES = frozenset(
    {
        "cancellable",
        "max_attempts",
        "priority",
        "queue",
        "restart_after_crash",
        "time_limit",
    }
)
"""The attributes of an async view that `start_process` takes."""


def start_process(
    context: Any,
    work: str | Callable[..., Any],
    *args: Any,
    as_user: str | None = None,
    title: str | None = None,
    retry: Retry | None = None,
    not_before: datetime | float | None = None,
    choices: dict[str, Any] | None = None,
    **kwargs: Any,
) -> IProcess:
    """Start a process with the current transaction, and return its IProcess.

    `work` is the name (str) of an async view of `context`, which finds the
    keyword `form`, a dict, as that of its request.  Or it is a function of a
    module, which is called with the context and all other arguments: plain
    data, see `records.plain`, and content, which is looked up by its path.

    The process runs as the current user, or as the one with the id `as_user`:
    see `records.owners.may_act_as`.  `title` (str or message id) names it in
    lists.  `retry`, a Retry, stands in for that of the view.  It does not
    begin before `not_before`, a datetime with a time zone or POSIX seconds.
    `choices` is a dict of attributes that stand in for those of the view.

    Raises TypeError for anything that cannot be handed over, Unauthorized if
    that user may not, NoSuchUserError, ViewNotFoundError, LoginFieldsError,
    AlreadyRunningError if the view is `single`, QueueFullError, BadChoiceError
    as in a request, and ReadOnlyError.
    """
    check_context(context)
    own = {"as_user": as_user, "title": title}
    own |= {"retry": retry, "not_before": not_before, "choices": choices}
    given = _given(context, work, args, kwargs, own)
    options = {"title": title or given.title}
    options |= _checked_options(retry, not_before)
    options["chosen"] = _checked_choices(choices)
    return _started(context, given, as_user, **options)


def start_by_rule(context, name, form):
    """Start a process of an async view, as a content rule does.

    Neither it nor what it starts will be asked for by a rule again: see
    `is_by_rule`.  All else is as for `start_process`.
    """
    check_context(context)
    given = _given_form(name, (), form)
    return _started(context, given, environ={BY_RULE: "1"})


def is_by_rule():
    """Tell whether the request of this thread is of what a rule started."""
    return BY_RULE in getattr(getRequest(), "environ", ())


def _started(context, given, as_user=None, **options):
    check_writable(context)
    process = _new_process(context, given, _user(context, as_user), **options)
    add(getProcessRegistry(context), process)
    ring_after_commit(process)
    return process


def page_url(process: IProcess, request: Any = None) -> str:
    """Return the URL of the waiting page of an IProcess, for a visitor.

    `request` is that of the visitor, by default that of this thread.  Without
    any, it is the `url` of the process.
    """
    request = request or getRequest()
    if request is None:
        return process.url
    return as_came(url_of_path(process.page_path, request), request)


class _Given(NamedTuple):
    """What a process is to do."""

    view_name: str
    kind: str
    text: str
    form: dict = MappingProxyType({})
    title: str | None = None
    """If it is not that of the view."""


def _given(context, work, args, kwargs, own):
    """Return the _Given of what was handed to `start_process`.

    `own` are the keywords that it takes for itself.
    """
    if isinstance(work, str):
        return _given_form(work, args, **kwargs)
    _check_names(work, own)
    text = call_text(context, work, args, kwargs)
    return _Given(f"@@{CALL_VIEW}", CALL, text, title=work.__name__)


def _given_form(name, args, form=None, **others):
    form = {} if form is None else form
    if args or others or type(form) is not dict:
        raise TypeError("a view takes nothing but form, which is a dict")
    for key in form:
        if type(key) is not str:
            raise TypeError(f"{key!r} is no name of a field, which is a str")
    if any(key in form for key in SECRET_FIELDS):
        raise LoginFieldsError("the form has login fields")
    return _Given(name, FORM, dumps(form, "form"), form)


def _checked_options(retry, not_before):
    """Return what is not None of these, as a Process has it."""
    options = {}
    if retry is not None:
        if not isinstance(retry, Retry):
            raise TypeError(f"{retry!r} is no Retry")
        options["retry"] = retry.rule
    if not_before is not None:
        options["not_before"] = _posix_time(not_before)
    return options


def _checked_choices(choices):
    choices = {} if choices is None else choices
    if type(choices) is not dict:
        raise TypeError(f"{choices!r} is no dict of choices")
    unknown = [name for name in choices if name not in CHOICES]
    if unknown:
        raise TypeError(
            f"choices has {unknown}, which are not of {sorted(CHOICES)}"
        )
    return choices


def _posix_time(when):
    """Return the POSIX time of a datetime with a zone, or of a number.

    Raises TypeError for anything else, ValueError for what is no time.
    """
    if isinstance(when, datetime):
        if when.utcoffset() is None:
            raise TypeError(f"{when!r} has no time zone")
        return when.timestamp()
    if type(when) not in (int, float):
        raise TypeError(f"{when!r} is no datetime and no number")
    try:
        return datetime.fromtimestamp(when, timezone.utc).timestamp()
    except (OverflowError, OSError) as exc:
        raise ValueError(f"{when!r} is no POSIX time") from exc


def _check_names(function, own):
    """Raise TypeError if a keyword could be meant for the function."""
    if not isinstance(function, FunctionType):
        raise TypeError(f"{function!r} is no name of a view, and no function")
    for name in signature(function).parameters:
        if own.get(name) is not None:
            raise TypeError(
                f"{name} is an argument of start_process and of "
                f"{function.__qualname__}: hand it over by its position"
            )


def _user(context, as_user):
    """Return the user to run as, None for the current one."""
    if as_user is None:
        user = getSecurityManager().getUser()
        is_nobody = aq_base(user) is aq_base(nobody)
        if owner_of(user).is_anonymous and not is_nobody:
            raise NoSuchUserError(user.getUserName())
        return None
    user = find_user_above(context, as_user)
    if not may_act_as(user):
        raise Unauthorized(f"the current user may not act as {as_user!r}")
    return user


def _new_process(
    context, given, user, chosen=(), retry=None, environ=(), **options
):
    with standing_in(context, given.view_name, user) as (found, request):
        request.form.update(given.form)
        view = _view(found, request, given.view_name)
        for name, value in dict(chosen).items():
            setattr(view, name, value)
        choices = choices_of(view)
        if retry is not None:
            choices = choices._replace(retry=retry)
        _check_free(view, choices)
        connection = registry_connection(application_of(found))
        handed = {**request.environ, **dict(environ)}
        stored = hand_over(handed, given.kind, given.text, connection)
        return new_process(view, new_process_id(), stored, choices, **options)


def _view(context, request, name):
    """Return the async view of that name; as whoever runs it, may publish it.

    Raises ViewNotFoundError if there is none, or Unauthorized.
    """
    try:
        # A path would lead to another context.
        view = None if "/" in name else context.unrestrictedTraverse(name)
    except (AttributeError, LookupError, NotFound) as exc:
        raise ViewNotFoundError(request["URL"]) from exc
    if not IAsyncView.providedBy(view):
        raise ViewNotFoundError(f"{request['URL']} is no async view")
    if not getSecurityManager().validate(
        context, context, view.__name__, view
    ):
        raise Unauthorized(f"the user may not publish {request['URL']}")
    return view


def _check_free(view, choices):
    """Raise AlreadyRunningError or QueueFullError if it must not start now."""
    registry = getProcessRegistry(view.context)
    running = registry.single(choices.single_key)
    if running is not None:
        raise AlreadyRunningError(running.id)
    check_limits(registry, current_owner(), view.__name__, choices.max_queued)
