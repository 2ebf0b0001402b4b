"""Which commits of ours are going on, and how long they take.

A storage takes one commit after the other.  While one of ours is held up, the
heartbeats of others may be held up, too.
"""

import math
import time
from contextlib import contextmanager

from netsight.async_ import config
from netsight.async_.forks import renew_in_child


HELD_UP = 1 / 8
"""A commit that takes this part of a lease is held up."""


class Commits:
    """Those of this Zope that its short transactions make."""

    def __init__(self, monotonic=time.monotonic):
        self._monotonic = monotonic
        self._begun = {}
        self._last_held_up = -math.inf

    @contextmanager
    def one(self):
        """Let a block be a commit."""
        # One step for a dict, so no lock is needed.
        self._begun[key := object()] = begun = self._monotonic()
        try:
            yield
        finally:
            if self._is_held_up(begun):
                self._last_held_up = self._monotonic()
            del self._begun[key]

    def last_held_up(self):
        """Return when one was held up last, by the monotonic clock.

        That is infinite while one is, and minus infinite if none was.
        """
        if any(
            self._is_held_up(begun) for begun in list(self._begun.values())
        ):
            return math.inf
        return self._last_held_up

    def _is_held_up(self, begun):
        seconds = self._monotonic() - begun
        return seconds >= HELD_UP * config.get("lease-seconds")


commits = Commits()
"""Those of this Zope."""

renew_in_child(commits)
