"""The page that waits for a process."""

import json
from functools import partial

from zope.component import queryMultiAdapter
from zope.i18n import translate

from netsight.async_ import interfaces
from netsight.async_.answers.sentences import STATE_TITLES
from netsight.async_.answers.status import elapsed
from netsight.async_.answers.status import shown_progress
from netsight.async_.answers.status import waited
from netsight.async_.answers.status import waits_in_turn
from netsight.async_.answers.views import may_do
from netsight.async_.browser.numbers import decimal
from netsight.async_.browser.pages import LoggedPage
from netsight.async_.browser.times import clock
from netsight.async_.browser.times import zoned_time
from netsight.async_.browser.wishes import is_wished
from netsight.async_.browser.wishes import mail_address
from netsight.async_.context import context_url
from netsight.async_.context import site_of
from netsight.async_.i18n import _
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.owners import CONTROL
from netsight.async_.records.owners import current_owner


POLL_SECONDS = 1
REFRESH_SECONDS = 5
"""How often the page looks at first, with and without JavaScript."""


class ProcessingPage(LoggedPage):
    """Waits for a process: by script, or by refresh without scripts."""

    poll_seconds = POLL_SECONDS
    refresh_seconds = REFRESH_SECONDS

    @property
    def progress(self):
        """Number to show, or None."""
        return shown_progress(self.process)

    @property
    def progress_text(self):
        """The message id for `progress`."""
        return percentage_text(decimal(self.progress or 0, self.request))

    @property
    def heading(self):
        """Whether it waits or runs, a message id."""
        is_queued = self.process.state == interfaces.QUEUED
        return TEXTS["waiting" if is_queued else "processing"]

    @property
    def titles(self):
        return (self.heading, self.title)

    @property
    def title(self):
        """Title of the process, a text or message id."""
        return self.process.title

    page_title = title

    @property
    def message(self):
        """What the process said last, or None."""
        return self.process.message

    @property
    def activity(self):
        """What goes on now, a text or message id."""
        if self.process.state == interfaces.QUEUED:
            return self._queued_text()
        if self.process.is_cancelling:
            return TEXTS["cancelling"]
        return self.message or TEXTS["running"]

    def _queued_text(self):
        if self.process.is_held:
            return TEXTS["held"]
        if self.process.is_paused:
            return TEXTS["paused"]
        if self.process.is_early:
            return self._early_text()
        registry = query_registry(application_of(self.context))
        ahead = ahead_text(registry.queued_before(self.process.id))
        if waits_in_turn(self.process, registry):
            return in_turn_text(ahead)
        return queued_text(ahead)

    def _early_text(self):
        when = self.process.not_before
        when = zoned_time(self.context, self.request, when)
        return early_text(when, self.process.retries)

    @property
    def waited(self):
        """Time since the POST, as "1:05", for one that waits; else None."""
        if self.process.state != interfaces.QUEUED:
            return None
        return clock(waited(self.process))

    @property
    def elapsed(self):
        """Time since the process was started, as "1:05"; None before."""
        return self.process.started and clock(elapsed(self.process))

    @property
    def left(self):
        """Estimate of the time it will take, as "1:05", or None."""
        seconds = self.process.seconds_left
        return None if seconds is None else clock(seconds)

    @property
    def may_cancel(self):
        """Whether there is a button to stop it."""
        return (
            self.process.cancellable
            and not self.process.is_cancelling
            and may_do(CONTROL, self.process, application_of(self.context))
        )

    @property
    def mail_address(self):
        """Where the visitor can be mailed that it has ended, or None."""
        return mail_address(self.process, self.context)

    @property
    def is_mail_wanted(self):
        """Whether they have asked for that."""
        return is_wished(self.process, self.context)

    @property
    def texts(self):
        """JSON of what the script says, by name; "#" is for a number."""
        patterns = {
            "percentage": percentage_text,
            "orMore": or_more_text,
            "queued": queued_text,
            "inTurn": in_turn_text,
            "early": early_text,
            "retry": partial(early_text, retries=1),
        }
        texts = TEXTS | {name: text("#") for name, text in patterns.items()}
        return json.dumps(
            {
                name: translate(text, context=self.request)
                for name, text in texts.items()
            }
        )

    @property
    def context_url(self):
        """Where the link back leads."""
        return context_url(self.context, self.request)

    @property
    def context_title(self):
        """Title of the context, or its id."""
        context = self.context
        if site_of(context) is not None:
            state = queryMultiAdapter(
                (context, self.request), name="plone_portal_state"
            )
            if state and state.portal_url() == self.context_url:
                return state.portal_title()
        title = getattr(context, "title", None)
        return title or getattr(context, "__name__", None) or self.context_url

    @property
    def login_url(self):
        """Where a visitor who is logged in now logs in again, or None."""
        if current_owner().is_anonymous:
            return None
        return self.login_url_for(self.url_of("processing"))

    def url_of(self, subview):
        """URL of `processing`, `process-status` or `result`.

        One that stays good when the process deletes or moves its context.
        """
        return self.process_view.lasting_url(subview, self.process_id)

    @property
    def refresh(self):
        """Value of a `meta` element that reloads the page."""
        return f"{self.refresh_seconds}; url={self.url_of('processing')}"

    def completed(self, process_id=None, output_json=False):
        """As the async view does; templates for 1.x call it."""
        return self.process_view.completed(process_id, output_json)


def percentage_text(percentage):
    """Return the message id for a number as text, or for "#"."""
    return _(
        "percentage_completion",
        default="${percentage}% completed...",
        mapping={"percentage": percentage},
    )


def ahead_text(ahead):
    """Return text or message id for an Ahead: "96", or "96 or more"."""
    return or_more_text(ahead.count) if ahead.has_more else ahead.count


def or_more_text(count):
    """Return the message id for a number, or for "#", that may be higher."""
    return _("or_more", default="${count} or more", mapping={"count": count})


def queued_text(ahead):
    """Return the message id for a place in the queue: text, number or "#"."""
    return _(
        "waiting_queued",
        default="Ahead of you: ${ahead}",
        mapping={"ahead": ahead},
    )


def in_turn_text(ahead):
    """Return the message id for a place in a line: text, number or "#"."""
    return _(
        "waiting_in_turn",
        default="In turn: begins when those before it have ended. "
        "Ahead of you: ${ahead}",
        mapping={"ahead": ahead},
    )


def early_text(when, retries=0):
    """Return the message id for a time, a text or "#", that is waited for.

    After `retries` (int) runs that have failed.
    """
    if retries:
        return _(
            "waiting_next_attempt",
            default="The last attempt failed. Next attempt at ${time}",
            mapping={"time": when},
        )
    return _(
        "waiting_begins_at",
        default="Begins at ${time}",
        mapping={"time": when},
    )


TEXTS = STATE_TITLES | {
    "waiting": _("state_queued", default="Waiting"),
    "processing": _("processing_title", default="Processing..."),
    "running": _("waiting_running", default="Running"),
    "cancelling": _("waiting_cancelling", default="Being cancelled"),
    "completed": _("waiting_completed", default="Completed"),
    "downloading": _("waiting_downloading", default="The download has begun."),
    "held": _(
        "waiting_held",
        default="On hold: this site is a copy, and this was started at "
        "another one. The administrators decide whether it runs here.",
    ),
    "paused": _(
        "waiting_paused",
        default="Paused by the administrators: it begins when they let its "
        "queue go on.",
    ),
    "away": _(
        "waiting_away",
        default="The server does not answer; trying again.",
    ),
    "back": _("waiting_back", default="The server answers again."),
    "gone": _("waiting_gone", default="Not found"),
    "goneText": _(
        "waiting_gone_text",
        default="This process cannot be found any more. It has expired, or "
        "was removed.",
    ),
    "goneOrLoggedOutText": _(
        "waiting_gone_or_logged_out_text",
        default="This process cannot be found any more. It has expired, or "
        "you have been logged out.",
    ),
    "loggedOut": _("waiting_logged_out", default="Logged out"),
    "loggedOutText": _(
        "waiting_logged_out_text",
        default="You have been logged out. The work goes on; log in again to "
        "see it.",
    ),
}
"""What the script says, by name."""
