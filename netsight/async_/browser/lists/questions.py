"""What the lists ask before their buttons destroy something.

Each is a function of a Listing whose form has the button of that name.
"""

from zope.i18nmessageid import Message

from netsight.async_.browser.question import Question
from netsight.async_.browser.question import stop_question
from netsight.async_.browser.question import text_for
from netsight.async_.i18n import _


KEEP = _("button_keep", default="Keep it")
NOTHING_CHANGED = _("button_leave", default="Leave all as it is")

REMOVE_TEXT = _(
    "question_remove_text",
    default="“${title}” of ${time}: its result, or the cause of its failure, "
    "is deleted for good.",
)
STOP_ALL_TEXT = _(
    "question_stop_all_text",
    default="${count} that wait or run are stopped. What they have not "
    "finished is undone.",
)
STOP_SOME_TEXT = _(
    "question_stop_some_text",
    default="${count} that wait or run are stopped. What they have not "
    "finished is undone. Cannot be stopped, as the view does not allow it: "
    "${left}.",
)
REMOVE_ALL_TEXT = _(
    "question_remove_all_text",
    default="${count} that have ended are removed. Their results go with "
    "them, for their owners, too. This cannot be undone.",
)
AGAIN_ALL_TEXT = _(
    "question_again_all_text",
    default="${count} that have ended without a result are started again, "
    "each as a new process of its owner.",
)


def cancel(listing):
    """Return the Question before a process is cancelled, or None."""
    process = listing.process(listing.text_of("cancel"))
    return stop_question(
        process, listing.request, listing.url, listing.url_with(),
        (*listing.kept, ("cancel", process.id)),
    )  # fmt: skip


def remove(listing):
    """Return the Question before a process is removed; None if it cannot."""
    process = listing.process(listing.text_of("remove"))
    if not process.is_final:
        return None
    mapping = {
        "title": text_for(listing.request, process.title),
        "time": listing.time_of(process.created),
    }
    return Question(
        title=_("question_remove", default="Remove this process?"),
        text=Message(REMOVE_TEXT, mapping=mapping),
        yes=_("button_remove_it", default="Remove it"),
        no=KEEP,
        url=listing.url,
        back_url=listing.url_with(),
        fields=(*listing.kept, ("remove", process.id)),
    )


def cancel_all(listing):
    """Return the Question before all that a list finds are cancelled.

    None if there is nothing that can be.
    """
    live = _those(listing, lambda process: not process.is_final)
    count = len([process for process in live if process.cancellable])
    if not count and listing.found.go_on is None:
        return None
    left = len(live) - count
    return _of_many(
        listing,
        "cancel-all",
        _("question_stop_all", default="Stop all of these?"),
        STOP_SOME_TEXT if left else STOP_ALL_TEXT,
        _("button_stop_all", default="Stop them"),
        count=count,
        left=left,
    )


def again_all(listing):
    """Return the Question before all of them are run again."""
    return _of_many(
        listing,
        "again-all",
        _("question_again_all", default="Run all of these again?"),
        AGAIN_ALL_TEXT,
        _("button_again_all", default="Run them again"),
        count=len(_those(listing, lambda process: process.may_run_again)),
    )


def remove_ended(listing):
    """Return the Question before all that have ended are removed."""
    return _of_many(
        listing,
        "remove-ended",
        _("question_remove_all", default="Remove all of these?"),
        REMOVE_ALL_TEXT,
        _("button_remove_ended", default="Remove them"),
        count=len(_those(listing, lambda process: process.is_final)),
    )


def _those(listing, concerns):
    """Return a list of the processes found that `concerns` is true for."""
    return [*filter(concerns, listing.registry.readable(listing.found.ids))]


def _of_many(listing, button, title, text, yes, **numbers):
    """Return a Question whose text has these numbers.

    With a plus for those that were not looked at.
    """
    plus = "" if listing.found.go_on is None else "+"
    mapping = {name: f"{number}{plus}" for name, number in numbers.items()}
    return Question(
        title=title,
        text=Message(text, mapping=mapping),
        yes=yes,
        no=NOTHING_CHANGED,
        url=listing.url,
        back_url=listing.url_with(),
        fields=(*listing.kept, (button, "1")),
    )


QUESTIONS = {
    "cancel": cancel,
    "remove": remove,
    "cancel-all": cancel_all,
    "again-all": again_all,
    "remove-ended": remove_ended,
}
"""By the name of the button."""
