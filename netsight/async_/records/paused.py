"""Which queues are paused: what waits in them is claimed by nobody.

A record, and not a setting, so that it holds in all Zopes from its commit on.
It has one writer: whoever presses the button.  A database in which no queue
was ever paused has none of it, and a claim loads nothing for it.
"""

from typing import NamedTuple

from netsight.async_.records.owners import Owner
from netsight.async_.records.parts import Part


class Pause(NamedTuple):
    """That a queue is paused."""

    queue: str
    since: float
    """POSIX time."""

    owner: Owner
    """Who has paused it; an anonymous one for code without a user."""


class Paused(Part):
    """Of which queues it is so, for all Zopes of a database."""

    def __init__(self):
        self._queues = {}
        """{name: (since, user id, path of the user folder)}"""

    def __contains__(self, queue):
        return queue in self._queues

    def add(self, pause):
        """Keep a Pause, unless its queue is paused already."""
        since, owner = pause.since, tuple(pause.owner)
        # A storage server need not know the classes.
        new = {pause.queue: (since, *owner)}
        self._queues = new | self._queues

    def discard(self, queue):
        """Forget that a queue is paused; tell whether it was."""
        left = {k: v for k, v in self._queues.items() if k != queue}
        was_paused = len(left) < len(self._queues)
        if was_paused:
            self._queues = left
        return was_paused

    def all(self):
        """Return a list of Pause, by name of the queue."""
        return [
            Pause(queue, since, Owner(*owner))
            for queue, (since, *owner) in sorted(self._queues.items())
        ]


def paused_queues(registry):
    """Return a frozenset of the names of the queues that are paused."""
    return frozenset(each.queue for each in registry.pauses())
