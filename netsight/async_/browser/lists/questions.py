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
    """Return the Question before all that a list finds are cancelled."""
    return _of_many(
        listing,
        "cancel-all",
        _("question_stop_all", default="Stop all of these?"),
        STOP_ALL_TEXT,
        _("button_stop_all", default="Stop them"),
        lambda process: process.cancellable and not process.is_final,
    )


def again_all(listing):
    """Return the Question before all of them are run again."""
    return _of_many(
        listing,
        "again-all",
        _("question_again_all", default="Run all of these again?"),
        AGAIN_ALL_TEXT,
        _("button_again_all", default="Run them again"),
        lambda process: process.may_run_again,
    )


def remove_ended(listing):
    """Return the Question before all that have ended are removed."""
    return _of_many(
        listing,
        "remove-ended",
        _("question_remove_all", default="Remove all of these?"),
        REMOVE_ALL_TEXT,
        _("button_remove_ended", default="Remove them"),
        lambda process: process.is_final,
    )


def _of_many(listing, button, title, text, yes, concerns):
    """Return a Question about those that `concerns` is true for.

    With a plus for those that were not looked at.
    """
    found = listing.found
    count = sum(map(concerns, listing.registry.readable(found.ids)))
    plus = "" if found.go_on is None else "+"
    return Question(
        title=title,
        text=Message(text, mapping={"count": f"{count}{plus}"}),
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
