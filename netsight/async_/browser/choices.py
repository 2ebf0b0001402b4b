"""What a view says of its processes, checked."""

import re
from typing import NamedTuple

from netsight.async_ import config
from netsight.async_.browser.same_form import digest_of_form
from netsight.async_.exceptions import BadChoiceError
from netsight.async_.exceptions import BadQueueError
from netsight.async_.records.owners import current_owner
from netsight.async_.records.requests import LOGIN_COOKIES
from netsight.async_.records.retries import Retry


HIGHEST_PRIORITY = 9

WITHIN = ("user", "context", "view")
"""Within what a view can have its processes run in turn."""

SINGLE_WITHIN = (*WITHIN, "form")
"""Within what a view can be single."""

COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of HTTP (RFC 6265, 4.1.1)."""


class Choices(NamedTuple):
    """The attributes of a view that its next process will have."""

    queue: str
    priority: int
    cancellable: bool
    max_attempts: int
    """1 if it must not be run again."""

    time_limit: int | None
    """Seconds that a run may take."""

    single_key: str | None
    """What no two active processes may share."""

    max_queued: int | None
    """How many of this view may wait; None: any number."""

    line: str | None
    """What those share of which one runs at a time."""

    retry: tuple | None
    """The `rule` of a Retry."""


def choices_of(view):
    """Return the Choices of an async view for a start by this visitor.

    Raises BadChoiceError if one is not what it may be; the message says which
    and what it may be.
    """
    restarts = view.restart_after_crash
    cookies_of(view)
    return Choices(
        _queue(view),
        _priority(view),
        view.cancellable,
        _max_attempts(view) if restarts else 1,
        _limit(view, "time_limit"),
        _key(view, "single", SINGLE_WITHIN),
        _limit(view, "max_queued"),
        _key(view, "in_turn", WITHIN),
        _retry(view),
    )


def cookies_of(view):
    """Return the names of cookies that a process of an async view sees.

    Raises BadChoiceError for what is no name, and for one that logs in.
    """
    names = view.cookies
    is_list = isinstance(names, (tuple, list))
    if is_list and all(_is_harmless_cookie(name) for name in names):
        return tuple(names)
    expects = "a tuple of names of cookies, none of which logs anybody in"
    raise BadChoiceError(_wrong(view, "cookies", expects))


def _is_harmless_cookie(name):
    is_name = isinstance(name, str) and COOKIE_NAME.fullmatch(name)
    return bool(is_name) and name not in LOGIN_COOKIES


def _queue(view):
    queue = view.queue
    if isinstance(queue, str) and config.QUEUE_NAME.fullmatch(queue):
        return queue
    raise BadQueueError(_wrong(view, "queue", config.queue_name.expects))


def _priority(view):
    if _is_number(view.priority, 0, HIGHEST_PRIORITY):
        return view.priority
    expects = f"an int from 0 to {HIGHEST_PRIORITY}"
    raise BadQueueError(_wrong(view, "priority", expects))


def _max_attempts(view):
    if _is_number(view.max_attempts, 1, float("inf")):
        return view.max_attempts
    raise BadChoiceError(_wrong(view, "max_attempts", "an int of at least 1"))


def _limit(view, name):
    """Return the choice of that name, which limits something, or None."""
    most = getattr(view, name)
    if most is None or _is_number(most, 1, float("inf")):
        return most
    expects = "None or an int of at least 1"
    raise BadChoiceError(_wrong(view, name, expects))


def _retry(view):
    if view.retry is None or isinstance(view.retry, Retry):
        return view.retry and view.retry.rule
    raise BadChoiceError(_wrong(view, "retry", "None or a Retry"))


def _key(view, name, words):
    """Return what the choice of that name parts processes by, or None."""
    within, owner = getattr(view, name), current_owner()
    if within is None:
        return None
    # A tuple, as what is no text may have no hash.
    if within not in words:
        others = ", ".join(f'"{each}"' for each in words[:-1])
        expects = f'None, {others} or "{words[-1]}"'
        raise BadChoiceError(_wrong(view, name, expects))
    if within == "form":
        digest = digest_of_form(view.request, view.cookies)
        return "\n".join([within, view.async_view_path, digest])
    parts = {
        "user": (view.__name__, owner.user_id, owner.folder_path),
        "context": (view.async_view_path,),
        "view": (view.__name__,),
    }
    return "\n".join([within, *(part or "" for part in parts[within])])


def _is_number(value, low, high):
    """Tell whether a value is an int, but no bool, within bounds."""
    return type(value) is int and low <= value <= high


def _wrong(view, name, expects):
    return (
        f"The {name} of the view {view.__name__} is "
        f"{getattr(view, name)!r}; it must be {expects}."
    )
