"""What the lists say: states, and answers to buttons."""

from netsight.async_ import interfaces
from netsight.async_.answers.sentences import STATE_TITLES
from netsight.async_.browser.processing import TEXTS
from netsight.async_.i18n import _


# Titles of the profile have their English text as message id.
MY_PROCESSES = _("My background processes")
ALL_PROCESSES = _("Background processes")

# As the pages of the processes themselves name them.
STATES = {
    interfaces.QUEUED: TEXTS["waiting"],
    interfaces.RUNNING: TEXTS["running"],
    interfaces.COMPLETED: TEXTS["completed"],
    **STATE_TITLES,
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

ORDERS = {
    "oldest": _("sort_oldest", default="Start, the oldest first"),
    "end": _("sort_end", default="End, the latest first"),
    "duration": _("sort_duration", default="Duration, the longest first"),
    "state": _("column_state", default="State"),
    "user": _("column_user", default="User"),
    "title": _("sort_title", default="Title"),
}
"""In which a list may be sorted, beside the newest first."""

DONE = {
    "cancel": _(
        "done_cancel",
        default="Cancelled. A process that runs stops at its next step.",
    ),
    "again": _("done_again", default="Started again, as a new process."),
    "mail": _("done_mail", default="You get a mail when it has ended."),
    "no-mail": _("done_no_mail", default="You get no mail of it."),
    "remove": _("done_remove", default="Removed: number ${number}."),
    "cancel-all": _(
        "done_cancel_all",
        default="Cancelled: ${count}. What runs stops at its next step.",
    ),
    "cancel-none": _(
        "done_cancel_none",
        default="Nothing was stopped. What waits or runs here (${count}) "
        "cannot be stopped: its view does not allow it.",
    ),
    "cancel-nothing": _(
        "done_cancel_nothing",
        default="Nothing was stopped: none of these waits or runs.",
    ),
    "again-all": _(
        "done_again_all", default="Started again, as new processes: ${count}."
    ),
    "again-full": _(
        "done_again_full",
        default="Started again, as new processes: ${count}. No more may wait "
        "at the moment. Press the button once more when some have started.",
    ),
    "remove-ended": _("done_removed_count", default="Removed: ${count}."),
    "remove-some": _(
        "done_remove_some",
        default="Many are removed, and there are more. Press the button once "
        "more to go on.",
    ),
    "release-held": _(
        "done_release_held",
        default="Released. They begin within a minute, as far as threads are "
        "free.",
    ),
    "release-some": _(
        "done_release_some",
        default="Many are released, and there are more. Press the button "
        "once more to go on.",
    ),
    "pause": _(
        "done_pause",
        default="Paused. What runs goes on; nothing else of this queue begins "
        "until you resume it.",
    ),
    "resume": _(
        "done_resume",
        default="Resumed. What waits begins now, as far as threads are free.",
    ),
    "drop-held": _(
        "done_drop_held", default="All that were held are removed."
    ),
}
"""What is said after a button, by its name."""

NOTHING_DONE = ("cancel-none", "cancel-nothing")
"""Of these, those that are no success."""

SCRIPT = {name: TEXTS[name] for name in ("away", "back", "loggedOutText")} | {
    "notHere": _("list_not_here", default="Not on this page any more"),
    "removed": _("list_removed", default="It was removed"),
    "logIn": _("link_log_in", default="Log in"),
    # The script puts in the number.
    "showNew": _("list_show_new", default="Show new: ${count}"),
    "saidNew": _("list_said_new", default="New processes: ${count}"),
}
"""What the script of the lists says, by name."""

NOT_SURE = _(
    "error_not_sure",
    default="Nothing was changed. Tick the box before the buttons first: what "
    "they do cannot be undone.",
)
NO_QUEUE = _(
    "error_no_queue",
    default="Nothing was changed: there is no queue of that name.",
)
FORGED = _(
    "error_list_forged",
    default="Nothing was changed: this request does not come from this page. "
    "Please try again.",
)
OWNER_WAITS = _(
    "error_list_user_queue_full",
    default="Nothing was started: so many processes of this user are waiting "
    "that no more are taken. Please try again when some of them have started.",
)
NO_SUCH_NUMBER = _(
    "error_no_such_number",
    default="No process of this site has the number ${number}. One that has "
    "ended is kept for ${days} days at most.",
)
GONE = _(
    "error_list_gone",
    default="Nothing was changed: there is no such process any more.",
)
