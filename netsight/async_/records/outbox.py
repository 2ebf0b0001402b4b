"""Who is to be mailed of which processes, until that is done.

A mail and its removal from here are one transaction.  So no other Zope sends
it once more, and what could not be sent is still there.
"""

from typing import NamedTuple

from netsight.async_.records.parts import Part
from netsight.async_.records.shards import Shards


class Wish(NamedTuple):
    """That the owner of a process is mailed when it has ended."""

    language: str | None
    is_asked: bool
    """Whether they have asked for it themselves."""


class Outbox(Part):
    """What is to be mailed; of most sites there is none."""

    def __init__(self):
        self._wishes = Shards()
        self._failures = Shards()

    def wish(self, process_id):
        """Return the Wish for a process, or None."""
        wish = self._wishes.get(process_id)
        return wish and Wish(*wish)

    def note_wish(self, process_id, wish):
        """Keep a Wish; None forgets it."""
        if wish is None:
            self._wishes.pop(process_id, None)
        else:
            # A storage server need not know the class.
            self._wishes[process_id] = tuple(wish)

    def wishes(self):
        """Return a list of the ids for which there is a Wish."""
        return self._wishes.ids()

    def note_failure(self, process_id, site_path):
        """Keep that administrators of a site are to hear of a process."""
        self._failures[process_id] = site_path

    def failures(self):
        """Return a list of (id, path of the site), the oldest first."""
        return sorted(self._failures.items())

    def forget_failure(self, process_id):
        """Drop what `note_failure` has kept."""
        self._failures.pop(process_id, None)


NOTHING = Outbox()
"""That of a registry which has none; never stored."""


def outbox_of(registry):
    """Return the Outbox of a registry, to be read."""
    return registry.outbox or NOTHING


def open_outbox(registry):
    """Return the Outbox of a stored registry, to be written."""
    if registry.outbox is None:
        registry.outbox = Outbox()
    return registry.outbox
