"""What others have queued, as far as a storage tells of it at once.

All workers are told of each start at the same moment.  If all of them went
for it, they would all load it, and all but one in vain.  So each start has an
order of the workers, which differs from start to start: the first of them
goes for it at once, and each other one after a pause, unless it hears that
somebody has claimed it.  That is known by what the claim has changed, and
nothing is loaded for it.
"""

import math
from hashlib import blake2b


TURN_SECONDS = 0.05
"""By so much later than the one before it each worker goes for a start."""

TURNS_MOST = 5
"""Nobody waits for more turns."""


LOADED_MOST = 16
"""What a start has changed is loaded at once if it is no more than this; a
start by itself makes and changes six to nine objects."""


class Start:
    """A transaction that has queued something, or taken something out."""

    def __init__(self, committed, due):
        self.oids = committed.oids
        self.time = committed.time
        self.is_split = committed.is_split
        self.due = due
        """When this Zope shall go for it, by the monotonic clock."""

        self.claimed = -math.inf
        """When something of it was claimed last, by the monotonic clock."""

    @property
    def is_claimed(self):
        """Whether something of it was claimed."""
        return self.claimed > -math.inf

    @property
    def is_wanted(self):
        """Whether this Zope has to look for it."""
        return self.is_split or not self.is_claimed


class Starts:
    """Those that this Zope was told of."""

    def __init__(self):
        self._starts = []
        self._by_oid = {}
        self._pending = []

    def __len__(self):
        return len(self._starts)

    def note(self, committed, name, names):
        """Learn of some Committed.

        `name` is that of this worker, and `names` is a set of those of all
        that are known to live.
        """
        for each in committed:
            if each.is_start:
                self._add(Start(each, each.time + pause(each, name, names)))
            else:
                for oid in each.oids & self._by_oid.keys():
                    self._by_oid[oid].claimed = each.time

    def _add(self, start):
        self._pending.append(start)
        if start.oids:
            self._starts.append(start)
            self._by_oid.update(dict.fromkeys(start.oids, start))

    def due(self):
        """Return when this Zope shall look next, by the monotonic clock."""
        wanted = (each.due for each in self._pending if each.is_wanted)
        return min(wanted, default=math.inf)

    def due_oids(self, now):
        """Return a set of what was changed or made by those to go for.

        Of a start that has changed much else, nothing: that need not be
        loaded to run what it has queued.
        """
        found = set()
        for each in self._pending:
            if (
                each.is_wanted
                and each.due <= now
                and len(each.oids) <= LOADED_MOST
            ):
                found |= each.oids
        return found

    def looked(self, now):
        """Note that this Zope has looked, at a time `now`."""
        self._pending = [
            each for each in self._pending if each.is_wanted and each.due > now
        ]

    def forget(self, before):
        """Know nothing any more of what was told before that time."""
        old = [start for start in self._starts if start.time < before]
        del self._starts[: len(old)]
        for start in old:
            for oid in start.oids:
                if self._by_oid.get(oid) is start:
                    del self._by_oid[oid]

    def of(self, oid):
        """Return the Start that has changed or made an object, or None."""
        return self._by_oid.get(oid)


def pause(committed, name, names):
    """Return by how many seconds later than the first a worker goes for it."""
    if committed.tid is None:
        return 0.0
    mine = _weight(name, committed.tid)
    turn = sum(_weight(each, committed.tid) < mine for each in names)
    return TURN_SECONDS * min(turn, TURNS_MOST)


def _weight(name, tid):
    """Return bytes that are the same in all Zopes, and as good as random."""
    return blake2b(name.encode(), key=tid, digest_size=8).digest()
