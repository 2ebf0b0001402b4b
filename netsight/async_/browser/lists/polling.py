"""What the script of a list is told: one answer for all of its rows.

The script sends the rows that it shows, each with the mark that the server
gave it.  It gets how far those are that run, the server's own HTML of rows
that look different by now, and of rows that are new.
"""

import json

from netsight.async_.answers.fields import is_process_id
from netsight.async_.browser.lists.rows import Row
from netsight.async_.browser.question import text_for
from netsight.async_.queries import LATE_SECONDS
from netsight.async_.queries import find
from netsight.async_.records.ids import lowest_id


KNOWN = "known"
"""Field of a GET with what the script shows: "id~mark id~mark"."""

KNOWN_MOST = 100
"""So many rows are looked at for one answer; a page has fewer."""

NEW_MOST = 20
"""So many new rows are sent at once, the newest."""

LOOK_MOST = 100
"""Among so many of the newest processes new rows are looked for."""


def is_poll(request):
    """Tell whether a request is one of the script."""
    return request.method == "GET" and KNOWN in request.form


def known_rows(request):
    """Return {id: mark} of the rows that the script shows, KNOWN_MOST."""
    text = request.form.get(KNOWN)
    words = text.split()[:KNOWN_MOST] if isinstance(text, str) else []
    pairs = (word.partition("~")[::2] for word in words)
    return {name: mark for name, mark in pairs if is_process_id(name)}


def as_json(request, answer):
    """Return a dict as the body of an answer in JSON."""
    request.response.setHeader("Content-Type", "application/json")
    return json.dumps(answer)


class Poll:
    """How the rows of a Listing have changed since the script was told."""

    def __init__(self, listing):
        self._listing = listing
        self._registry = listing.registry
        self._query = listing.query
        self._known = known_rows(listing.request)

    def answer(self):
        """Return a dict of plain values for the script.

        `rows` has, by id, `progress`, `message` and `elapsed` seconds of what
        runs; `changed` and `new` are lists of ids whose rows are in `html`;
        `gone` has the ids of those that are not there any more, or not for
        this visitor; `count` says how many are found now, as text, if there
        are new ones.
        """
        shown = self._shown()
        changed = [r for r in shown if r.mark != self._known[r.id]]
        new = self._new()
        self._listing.note_told(changed + new)
        there = {row.id for row in shown}
        return {
            "rows": {r.id: self._told(r) for r in shown if r.shows_progress},
            "changed": [row.id for row in changed],
            "gone": [each for each in self._known if each not in there],
            "new": [row.id for row in new],
            "html": self._html(changed + new),
            "count": self._listing.found_count if new else None,
        }

    def _shown(self):
        """Return the Rows of the known that the visitor may still see.

        Those that the filter excludes by now, too: whoever looks at what runs
        wants to see what has become of it.
        """
        known = self._registry.readable(self._known)
        return [*map(self._row, filter(self._listing.scope.matches, known))]

    def _new(self):
        """Return the Rows that the script does not know, the newest first."""
        if not self._listing.shows_newest:
            return []
        found = find(
            self._registry, self._query, most=LOOK_MOST, after=self._after()
        )
        ids = [each for each in found.ids if each not in self._known]
        return [*map(self._row, self._registry.readable(ids[:NEW_MOST]))]

    def _after(self):
        """Return an id behind which there may be new ones; None for all."""
        if not self._known:
            return None
        newest = next(self._registry.readable([max(self._known)]), None)
        oldest = min(self._known)
        if newest is None:
            return oldest
        return max(oldest, lowest_id(newest.created - LATE_SECONDS))

    def _row(self, process):
        return Row(process, self._listing)

    def _told(self, row):
        request, message = self._listing.request, row.message
        return {
            "progress": row.progress,
            "message": message and text_for(request, message),
            "elapsed": row.elapsed,
        }

    def _html(self, rows):
        return self._listing.rows_html(rows=rows) if rows else ""
