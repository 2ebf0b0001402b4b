"""One process as a row of a list: ready values for templates."""

from functools import cached_property
from urllib.parse import quote
from zlib import crc32

from zope.component import queryMultiAdapter

from netsight.async_ import interfaces
from netsight.async_.answers.status import elapsed
from netsight.async_.answers.status import iso_time
from netsight.async_.answers.status import shown_progress
from netsight.async_.answers.status import waited
from netsight.async_.answers.views import is_context_gone
from netsight.async_.browser.lists.input import input_of
from netsight.async_.browser.lists.search import NUMBER_CHARS
from netsight.async_.browser.lists.texts import COLORS
from netsight.async_.browser.lists.texts import STATES
from netsight.async_.browser.numbers import percent
from netsight.async_.browser.pages import shown_log
from netsight.async_.browser.processing import early_text
from netsight.async_.browser.times import duration
from netsight.async_.browser.wishes import is_wished
from netsight.async_.browser.wishes import mail_address
from netsight.async_.context import context_url
from netsight.async_.context import found_at
from netsight.async_.context import lasting_url
from netsight.async_.interfaces import IAsyncView
from netsight.async_.records.owners import CONTROL
from netsight.async_.records.owners import REMOVE
from netsight.async_.records.owners import may_manage


SERVICE = "_application_json_"
"""What the names of plone.restapi's services have in them."""

UNITS = ("B", "kB", "MB", "GB")

STEP_MOST = 9_999
"""What is more is told in the next unit."""

STEP = 1000


def size_text(size):
    """Return a number of bytes as text.

    >>> size_text(512), size_text(12_345), size_text(12_345_678)
    ('512\xa0B', '12\xa0kB', '12\xa0MB')
    """
    number = 0
    while size > STEP_MOST and number < len(UNITS) - 1:
        size, number = size / STEP, number + 1
    return f"{round(size)}\N{NO-BREAK SPACE}{UNITS[number]}"


class Row:
    """What is shown of a process."""

    def __init__(self, process, listing):
        self.process = process
        self._listing = listing
        self.id = process.id
        self.title = process.title
        self.view_path = process.view_path
        self.state = process.state
        self.state_text = STATES[self.state]
        self.color = COLORS[self.state]
        self.is_final = process.is_final
        self.is_held = process.is_held
        self.is_paused = process.is_paused and not self.is_held
        self.progress = shown_progress(process)
        self.percent = self._percent()
        self.shows_progress = self.state == interfaces.RUNNING
        self.message = None if self.is_final else process.message
        self.attempts = process.attempts
        self.error = process.error
        self.reason = process.reason

    def _percent(self):
        """Return the progress as text, or None."""
        if self.progress is None:
            return None
        return percent(self.progress, self._listing.request)

    @property
    def mark(self):
        """Text that changes with what the row shows, but for its progress."""
        shown = (
            self.state, self.is_being_cancelled, self.may_run_again,
            self.silent_since, self.early_text, self.is_held, self.expires,
            self.log_url is not None,
        )  # fmt: skip
        return format(crc32(repr(shown).encode()), "x")

    @property
    def short_number(self):
        """The end of the number: the beginning is that of its neighbours."""
        return self.id[-NUMBER_CHARS:]

    @property
    def element_id(self):
        return f"netsight-async-{self.id}"

    # Times

    @property
    def created(self):
        return self._listing.time_of(self.process.created)

    @property
    def created_iso(self):
        return iso_time(self.process.created)

    @property
    def finished(self):
        return self._listing.time_of(self.process.finished)

    @property
    def finished_iso(self):
        return iso_time(self.process.finished)

    @property
    def expires(self):
        """Until when it is kept, None before its end."""
        return self._listing.time_of(self.process.expires)

    @property
    def expires_iso(self):
        return iso_time(self.process.expires)

    @property
    def took(self):
        """Hours, minutes and seconds since it was started, or that it took."""
        if self.process.started is None:
            return None
        return duration(self.elapsed)

    @property
    def elapsed(self):
        """The same in seconds (int)."""
        return elapsed(self.process)

    @property
    def waited(self):
        """The same from the POST until it was started, or ended without."""
        return duration(waited(self.process))

    @property
    def early_text(self):
        """What says for which time it waits, or None."""
        if self.is_held or not self.process.is_early:
            return None
        when = self._listing.time_of(self.process.not_before)
        return early_text(when, self.process.retries)

    @property
    def silent_since(self):
        """When it gave its last sign of life, if that is long ago."""
        since = self.process.silent_since
        return since and self._listing.time_of(since)

    @property
    def silent_since_iso(self):
        return iso_time(self.process.silent_since)

    # Who and where

    @property
    def user(self):
        """Name of the owner, None for an anonymous visitor."""
        return self._listing.name_of(self.process.owner)

    @property
    def worker(self):
        """Name of the Zope that has, or had, the process; or None."""
        return self.process.claim.worker_name

    @property
    def result_size(self):
        """Bytes of the result, as text; None if there is none."""
        response = self.process.response
        return response and size_text(response.body.size)

    def url(self, subview):
        return lasting_url(self._listing.context, subview, self.id)

    @property
    def page_url(self):
        """Of the process's own page."""
        return self.url("processing")

    @property
    def result_url(self):
        if self.state != interfaces.COMPLETED:
            return None
        return self.url("result")

    @property
    def log_url(self):
        """Of what it has logged, as a file; None if it has not."""
        return self.url("process-log") if self.process.log.lines else None

    @property
    def log(self):
        """The last lines of that, as one text."""
        return shown_log(self.process, self._listing.request)

    @property
    def details_url(self):
        return self._listing.url_with(process_id=self.id)

    @property
    def is_context_gone(self):
        return is_context_gone(self.process, self._listing.root)

    @cached_property
    def input(self):
        """The Input of its request, for who may manage it; or None."""
        if not may_manage(self._listing.context):
            return None
        return input_of(self.process)

    @property
    def input_size(self):
        """Bytes of that, as text."""
        return size_text(self.input.size)

    def size_text(self, size):
        """Return a number of bytes as text."""
        return size_text(size)

    @property
    def context_url(self):
        """URL of what it was started on, None if that is not there."""
        context = self._context
        if context is None:
            return None
        return context_url(context, self._listing.request)

    @cached_property
    def _context(self):
        path = self.process.view_path.rpartition("/")[0]
        context, there = found_at(self._listing.root, path)
        return context if there == path else None

    @property
    def view_url(self):
        """URL of its view, None if that is not there, or has no page."""
        name, url = self.process.view_name, self.context_url
        if url is None or SERVICE in name:
            return None
        request = self._listing.request
        view = queryMultiAdapter((self._context, request), name=name)
        return f"{url}/{quote(name)}" if IAsyncView.providedBy(view) else None

    # What can be done

    @property
    def may_cancel(self):
        return (
            self.process.cancellable
            and not self.is_final
            and self._listing.may(CONTROL, self.process)
        )

    @property
    def is_being_cancelled(self):
        return self.process.is_cancelling

    @property
    def may_be_mailed(self):
        """Whether the visitor can be mailed when it has ended."""
        return bool(mail_address(self.process, self._listing.context))

    @property
    def is_mail_wanted(self):
        """Whether they have asked for that."""
        return is_wished(self.process, self._listing.context)

    @property
    def may_run_again(self):
        return self.process.may_run_again and self._listing.may(
            CONTROL, self.process
        )

    @property
    def may_remove(self):
        return self.is_final and self._listing.may(REMOVE, self.process)
