"""What the lists say: states, times, answers to buttons."""

import time
from datetime import datetime

from DateTime import DateTime
from zope.component import getMultiAdapter
from zope.i18n.locales import locales

from netsight.async_ import interfaces
from netsight.async_.browser.processing import TEXTS
from netsight.async_.i18n import _


# Titles of the profile have their English text as message id.
MY_PROCESSES = _("My background processes")
ALL_PROCESSES = _("Background processes")

STATES = {
    interfaces.QUEUED: _("state_queued", default="Waiting"),
    interfaces.RUNNING: _("state_running", default="Running"),
    interfaces.COMPLETED: _("state_completed", default="Completed"),
    interfaces.FAILED: _("state_failed", default="Failed"),
    interfaces.CANCELLED: _("state_cancelled", default="Cancelled"),
    interfaces.LOST: _("state_lost", default="Lost"),
}

COLORS = {
    interfaces.QUEUED: "secondary",
    interfaces.RUNNING: "primary",
    interfaces.COMPLETED: "success",
    interfaces.FAILED: "danger",
    interfaces.CANCELLED: "secondary",
    interfaces.LOST: "danger",
}
"""Of the label that has the state's text; names of Bootstrap."""

DONE = {
    "cancel": _(
        "done_cancel",
        default="Cancelled. A process that runs stops at its next step.",
    ),
    "again": _("done_again", default="Started again, as a new process."),
    "remove": _("done_remove", default="Removed."),
    "remove-ended": _(
        "done_remove_ended", default="All that had ended are removed."
    ),
    "remove-some": _(
        "done_remove_some",
        default="Many are removed, and there are more. Press the button once "
        "more to go on.",
    ),
}
"""What is said after a button, by its name."""

SCRIPT = {name: TEXTS[name] for name in ("away", "back", "loggedOutText")} | {
    "notHere": _("list_not_here", default="Not on this page any more")
}
"""What the script of the lists says, by name."""

FORGED = _(
    "error_list_forged",
    default="Nothing was changed: this request does not come from this page. "
    "Please try again.",
)
GONE = _(
    "error_list_gone",
    default="Nothing was changed: there is no such process any more.",
)
NOT_CANCELLABLE = _(
    "error_not_cancellable", default="This process cannot be cancelled."
)
NOT_REPEATABLE = _(
    "error_not_repeatable", default="This process cannot be run again."
)
ALREADY_RUNNING = _(
    "error_single",
    default="This is running already, and can run only once at a time. "
    "Please try again later.",
)
NOT_ALL_REMOVED = _(
    "error_not_all_removed",
    default="This site could not store the whole of it. Some are removed, "
    "others are not. Please try again later.",
)
STILL_RUNNING = _(
    "error_still_running",
    default="This process has not ended. Cancel it first.",
)


def local_time(context, request, when):
    """Return a POSIX time as the site, or else the language, writes it.

    None for None.
    """
    if when is None:
        return None
    if hasattr(context, "translation_service"):
        plone = getMultiAdapter((context, request), name="plone")
        return plone.toLocalizedTime(DateTime(when), long_format=True)
    locale = request.locale
    if locale.id.language is None:
        # The browser names no language.
        locale = locales.getLocale("en")
    formatter = locale.dates.getFormatter("dateTime", "medium")
    return formatter.format(datetime.fromtimestamp(when))


def duration(seconds):
    """Return hours, minutes and seconds in a way that needs no language.

    >>> duration(7), duration(100_000)
    ('0:00:07', '27:46:40')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def ago(when):
    """Return how long ago a POSIX time is, as `duration`."""
    return duration(max(0, time.time() - when))
