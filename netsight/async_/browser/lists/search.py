"""What an administrator looks for among processes: fields, times, order.

All of it is in the fields of a GET, so that it works without JavaScript and
is kept by links, buttons and the script.
"""

import time
from contextlib import suppress
from datetime import date
from datetime import datetime
from datetime import timedelta

from netsight.async_.answers.status import elapsed
from netsight.async_.browser.lists import texts
from netsight.async_.browser.question import text_for


FIELDS = ("title", "error", "server", "from", "to", "number", "sort")
"""Those of the form that are of this module."""

NUMBER_CHARS = 8
"""So many characters of a number are enough to look for it."""


class Search:
    """What the fields of a Listing's form ask for, beside its filters."""

    def __init__(self, listing):
        self._request = listing.request
        self.fields = {name: listing.text_of(name) for name in FIELDS}
        self.since = _midnight(self.fields["from"])
        self.until = _midnight(self.fields["to"], days=1)

    @property
    def is_any(self):
        """Whether something is asked for that leaves out processes."""
        return any(self.fields[name] for name in FIELDS if name != "sort")

    @property
    def order(self):
        """Name of the order, or None for the newest first."""
        asked = self.fields["sort"]
        return asked if asked in texts.ORDERS else None

    @property
    def where(self):
        """What must be true of a process (a callable), None for nothing."""
        tests = {name: text for name, text in self._texts() if text}
        if not tests:
            return None
        return lambda process: all(
            _has(self._told(process)[name](), text)
            for name, text in tests.items()
        )

    def _texts(self):
        for name in ("title", "error", "server"):
            yield name, self.fields[name]
        yield "number", short_number(self.fields["number"])

    def _told(self, process):
        """Return {field: function} of the text that has to have it."""
        return {
            "title": lambda: text_for(self._request, process.title),
            "error": lambda: error_text(process, self._request),
            "server": lambda: process.claim.worker_name or "",
            "number": lambda: process.id,
        }

    def sorted(self, processes):
        """Return a list of processes in the order that is asked for."""
        key = ORDERS[self.order]
        return sorted(processes, key=lambda process: key(process, self))

    def text(self, text):
        return text_for(self._request, text)


def _has(text, part):
    return part.casefold() in text.casefold()


def error_text(process, request):
    """Return what a process says of its failure, as one text."""
    error, reason = process.error, process.reason
    told = [error.kind, error.text] if error else []
    return "\n".join([*told, text_for(request, reason) if reason else ""])


def short_number(text):
    """Return a form value that can be a part of a number, or None."""
    text = (text or "").strip().lower()
    is_part = len(text) >= NUMBER_CHARS and set(text) <= set(
        "0123456789abcdef-"
    )
    return text if is_part else None


def _midnight(text, days=0):
    """Return the POSIX time of a date's midnight here, days later; or None."""
    with suppress(TypeError, ValueError, OverflowError, OSError):
        day = date.fromisoformat(text) + timedelta(days=days)
        return datetime(day.year, day.month, day.day).timestamp()
    return None


def _by_end(process, _search):
    return -(process.finished or time.time())


def _by_duration(process, _search):
    return -elapsed(process)


def _by_state(process, _search):
    return list(texts.STATES).index(process.state)


def _by_user(process, _search):
    # Anonymous visitors come last.
    return process.owner.is_anonymous, process.owner.user_id or ""


def _by_title(process, search):
    return search.text(process.title).casefold()


ORDERS = {
    "oldest": lambda process, _search: process.id,
    "end": _by_end,
    "duration": _by_duration,
    "state": _by_state,
    "user": _by_user,
    "title": _by_title,
}
"""Keys to sort by, by name of the order; of equal ones the newest first."""
