"""Which commits of ours are going on, and how long they take.

A storage takes one commit after the other.  While one of ours is held up, the
heartbeats of others may be held up, too.
"""

import time
from contextlib import contextmanager

from netsight.async_.forks import renew_in_child


class Commits:
    """Those of this Zope that its short transactions make."""

    def __init__(self, monotonic=time.monotonic):
        self._monotonic = monotonic
        self._begun = {}

    @contextmanager
    def one(self):
        """Let a block be a commit."""
        # One step for a dict, so no lock is needed.
        self._begun[key := object()] = self._monotonic()
        try:
            yield
        finally:
            del self._begun[key]

    def longest(self):
        """Return how many seconds the longest takes by now; 0 without any."""
        begun = list(self._begun.values())
        return self._monotonic() - min(begun) if begun else 0.0


commits = Commits()
"""Those of this Zope."""

renew_in_child(commits)
