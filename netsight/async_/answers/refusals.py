"""What a client is told when a request is refused: status and sentence.

One table for pages, lists, sub-views and REST.  A place may have words of its
own for an exception, but no status.
"""

from datetime import datetime
from datetime import timezone
from typing import NamedTuple

from zExceptions import Forbidden
from ZODB.POSException import ReadOnlyError

from netsight.async_ import exceptions
from netsight.async_.i18n import _


ALREADY_RUNNING = _(
    "error_single",
    default="This is running already, and can run only once at a time. "
    "Please try again later.",
)
NOT_STORED = _(
    "error_not_stored",
    default="This site could not store your request, so nothing was started "
    "or changed. Please try again later.",
)
NOT_ALL_REMOVED = _(
    "error_not_all_removed",
    default="This site could not store the whole of it. Some are removed, "
    "others are not. Please try again later.",
)
NOT_ALL_CHANGED = _(
    "error_not_all_changed",
    default="This site could not store the whole of it. Some are changed, "
    "others are not. Please try again later.",
)
NOT_ALL_RELEASED = _(
    "error_not_all_released",
    default="This site could not store the whole of it. Some are released, "
    "others are not. Please try again later.",
)


QUEUE_FULL_SECONDS = 60
"""What is asked for by Retry-After then."""


def not_all_removed(exc):
    """Return the message id that says what became of a long removal."""
    return NOT_ALL_REMOVED if exc.removed else NOT_STORED


def not_all_changed(exc):
    """Return the message id that says what became of a long change."""
    return NOT_ALL_CHANGED if exc.changed else NOT_STORED


def not_all_released(exc):
    """Return the message id that says what became of a long release."""
    return NOT_ALL_RELEASED if exc.released else NOT_STORED


def result_gone(exc):
    """Return the message id that says that a result cannot be read."""
    return _(
        "error_result_gone",
        default="The result of this process cannot be read any more. The "
        "administrators of this site can find the cause by the number "
        "${process_id}.",
        mapping={"process_id": str(exc)},
    )


def not_allowed(exc):
    """Return the message id that says which permission is needed."""
    return _(
        "error_not_allowed",
        default="Nothing was changed: you may look at this, and not change "
        "it. For that you need the permission “${permission}”.",
        mapping={"permission": str(exc)},
    )


def expired(exc):
    """Return the message id that says when a process has expired."""
    day = datetime.fromtimestamp(exc.when, timezone.utc).date()
    return _(
        "error_expired",
        default="This process has expired on ${date}: it has ended, and its "
        "result was kept for as long as this site keeps them.",
        mapping={"date": day.isoformat()},
    )


REFUSALS = {
    exceptions.LoginFieldsError: (
        400,
        _(
            "error_login_fields",
            default="Log in first, then start the process. A form that does "
            "both at once is refused, so that no password is stored.",
        ),
    ),
    exceptions.BadIdempotencyKeyError: (
        400,
        _(
            "error_idempotency_key",
            default="The Idempotency-Key must be a text of 1 to 255 printable "
            "ASCII characters in double quotes.",
        ),
    ),
    exceptions.AnonymousKeyError: (
        400,
        _(
            "error_idempotency_anonymous",
            default="An Idempotency-Key works only for users who are logged "
            "in.",
        ),
    ),
    Forbidden: (
        403,
        _(
            "error_forged_start",
            default="This request does not come from a form of this site. Go "
            "back, reload the page and try again.",
        ),
    ),
    exceptions.NotAllowedError: (403, not_allowed),
    exceptions.NoSuchProcessError: (
        404,
        _(
            "error_no_such_process",
            default="There is no such process here. It may have expired, or "
            "belong to somebody else.",
        ),
    ),
    exceptions.NotCancellableError: (
        409,
        _(
            "error_not_cancellable",
            default="This process cannot be cancelled.",
        ),
    ),
    exceptions.ExpiredError: (410, expired),
    exceptions.NoMailError: (
        409,
        _(
            "error_no_mail",
            default="No mail can be sent to you about this process. It has "
            "ended, or you have no address in this site.",
        ),
    ),
    exceptions.NotRepeatableError: (
        409,
        _(
            "error_not_repeatable",
            default="This process cannot be run again.",
        ),
    ),
    exceptions.StillRunningError: (
        409,
        _(
            "error_still_running",
            default="This process has not ended. Cancel it first.",
        ),
    ),
    exceptions.AlreadyRunningError: (409, ALREADY_RUNNING),
    exceptions.BusyError: (409, ALREADY_RUNNING),
    exceptions.KeyReusedError: (
        422,
        _(
            "error_idempotency_reused",
            default="This Idempotency-Key belongs to another request. Choose "
            "a new key for each request.",
        ),
    ),
    exceptions.UserQueueFullError: (
        429,
        _(
            "error_user_queue_full",
            default="So many of your processes are waiting that no more are "
            "taken, and nothing was started. Please try again when some of "
            "them have started.",
        ),
    ),
    exceptions.ResultGoneError: (500, result_gone),
    exceptions.NotAllRemovedError: (503, not_all_removed),
    exceptions.NotAllChangedError: (503, not_all_changed),
    exceptions.NotAllReleasedError: (503, not_all_released),
    exceptions.QueueFullError: (
        503,
        _(
            "error_queue_full",
            default="So many processes are waiting here that no more are "
            "taken, and nothing was started. Please try again later.",
        ),
    ),
    exceptions.NewerFormatError: (
        503,
        _(
            "error_newer_format",
            default="This process was stored by a newer version of the "
            "software than this server has. Please try again later.",
        ),
    ),
    ReadOnlyError: (
        503,
        _(
            "error_read_only",
            default="This site can only be read at the moment, so nothing "
            "was started or changed. Please try again later.",
        ),
    ),
}
"""HTTP status and sentence: a message id, or a function of the exception."""

REFUSED = tuple(REFUSALS)
"""For ``except``: all that has a refusal."""


class Refusal(NamedTuple):
    """How a client is told of an exception."""

    status: int
    """Of HTTP."""

    sentence: str
    """A message id."""


def refusal_of(exc, words=()):
    """Return the Refusal for an exception that is one of REFUSED.

    It is that of its class or, for a subclass, of the nearest base.  `words`
    is a dict of the sentences that a place has of its own, by class.
    """
    kind = next(each for each in type(exc).__mro__ if each in REFUSALS)
    status, sentence = REFUSALS[kind]
    sentence = dict(words).get(kind, sentence)
    return Refusal(status, sentence(exc) if callable(sentence) else sentence)


def refuse(view, exc, words=()):
    """Return the answer of an IRefusing for one of REFUSED.

    `words` is as for `refusal_of`.
    """
    if isinstance(exc, exceptions.QueueFullError):
        seconds = str(QUEUE_FULL_SECONDS)
        view.request.response.setHeader("Retry-After", seconds)
    return view.message_page(*refusal_of(exc, words))
