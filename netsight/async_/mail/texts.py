"""What the mails say."""

from zope.i18n import translate
from zope.i18nmessageid import Message

from netsight.async_ import interfaces
from netsight.async_.answers.sentences import told_of
from netsight.async_.answers.status import iso_time
from netsight.async_.context import LASTING_VIEW
from netsight.async_.i18n import _


SUBJECTS = {
    interfaces.COMPLETED: _("mail_completed", default="Done: ${title}"),
    interfaces.FAILED: _("mail_failed", default="Failed: ${title}"),
    interfaces.CANCELLED: _("mail_cancelled", default="Cancelled: ${title}"),
    interfaces.LOST: _("mail_lost", default="Interrupted: ${title}"),
}
DONE = _("mail_done_text", default="What you have started is done.")
LINK = _("mail_link", default="Its page: ${url}")
NO_LINK = _(
    "mail_no_link",
    default="You find it in “My background processes” of the site.",
)
FAILURES_SUBJECT = _(
    "mail_failures_subject",
    default="Background processes that have failed: ${count}",
)
FAILURES_MORE = _("mail_failures_more", default="And more: ${count}")


def mail_to_owner(process, language):
    """Return (subject, text) of the mail that a process has ended."""

    def text_of(text, **mapping):
        return text_in(language, text, mapping)

    title = text_of(process.title)
    is_done = process.state == interfaces.COMPLETED
    parts = [
        title,
        text_of(DONE if is_done else told_of(process)),
        text_of(LINK if has_url(process) else NO_LINK, url=process.url),
    ]
    subject = text_of(SUBJECTS[process.state], title=title)
    return subject, "\n\n".join(parts) + "\n"


def mail_to_administrators(processes, more, language):
    """Return (subject, text) about processes, and how many are left out."""
    count = len(processes) + more
    lines = ["\n".join(_lines_of(each, language)) for each in processes]
    if more:
        lines.append(text_in(language, FAILURES_MORE, {"count": more}))
    subject = text_in(language, FAILURES_SUBJECT, {"count": count})
    return subject, "\n\n".join(lines) + "\n"


def _lines_of(process, language):
    yield text_in(language, process.title)
    yield f"{iso_time(process.finished)} {process.view_path}"
    if process.error is not None:
        # The text of an error may have what is not for mail.
        yield process.error.kind
    yield details_url(process) if has_url(process) else process.id


def has_url(process):
    """Tell whether the address of a process has a host that is known."""
    return not process.url.startswith("/")


def details_url(process):
    """Return the URL of the details of a process in the control panel."""
    home = process.url.partition(f"/@@{LASTING_VIEW}/")[0]
    return f"{home}/@@async-processes?process_id={process.id}"


def text_in(language, text, mapping=None):
    """Return a text or message id as text in a language."""
    if not isinstance(text, Message):
        return text
    if mapping:
        text = Message(text, mapping=mapping)
    return translate(text, target_language=language)
