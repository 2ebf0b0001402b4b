"""What people are told of a process that has ended without a result."""

from netsight.async_ import interfaces
from netsight.async_.i18n import _


STATE_TITLES = {
    interfaces.FAILED: _("title_failed", default="Failed"),
    interfaces.CANCELLED: _("title_cancelled", default="Cancelled"),
    interfaces.LOST: _("title_lost", default="Interrupted"),
}

UNDONE = _(
    "sentence_undone",
    default="An administrator has undone this process in the database. There "
    "is no result any more.",
)

SENTENCES = {
    interfaces.FAILED: _(
        "sentence_failed",
        default="Something went wrong. What was not finished has been undone. "
        "The administrators of this site can find the cause by the number "
        "below.",
    ),
    interfaces.CANCELLED: _(
        "sentence_cancelled",
        default="The process was cancelled. What was not finished has been "
        "undone.",
    ),
    interfaces.LOST: _(
        "sentence_lost",
        default="The server stopped while the process was running. What was "
        "not finished has been undone. Please start it again.",
    ),
}


def sentence_of(process):
    """Return the message id that says why a process has no result."""
    return UNDONE if process.is_undone else SENTENCES[process.state]


def told_of(process):
    """Return what the user is told of that: the process's reason, if any.

    It is a text or message id of whoever wrote the process; else that of
    `sentence_of`.
    """
    return process.reason or sentence_of(process)
