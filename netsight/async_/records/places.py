"""How many of those that wait are taken before a process."""

import time
from bisect import bisect_left
from itertools import islice
from typing import NamedTuple
from weakref import WeakKeyDictionary

from netsight.async_ import config
from netsight.async_.forks import in_forked_child
from netsight.async_.records.lines import AHEAD_MOST
from netsight.async_.records.lines import heads
from netsight.async_.records.queued import Queued


SEEN_SECONDS = 1.0
"""They are looked at again after this time, however many ask meanwhile."""

FIRST_IN_FIRST_OUT = ("celery",)
"""Executors whose broker knows nothing of owners."""


class Ahead(NamedTuple):
    """How many are taken before a process."""

    count: int
    has_more: bool
    """Whether there may be more than these: not all were looked at."""


class Places:
    """The order in which some Queued are taken: see `records.turns`.

    `are_all` tells whether there are no others.
    """

    def __init__(self, queued, are_all=True):
        self._are_all = are_all
        # A broker is first-in, first-out within a priority.
        self._has_turns = config.get("executor") not in FIRST_IN_FIRST_OUT
        self._ids = {}
        """{(queue, priority): {owner: ids}}, each oldest first."""
        for each in sorted(queued):
            owners = self._ids.setdefault((each.queue, each.priority), {})
            ids = owners.setdefault(self._owner_of(each), [])
            ids.append(each.process_id)

    def _owner_of(self, queued):
        return queued.owner if self._has_turns else None

    def before(self, mine):
        """Return what is Ahead of a Queued, be it among them or not.

        As things stand: those that are started later may be, too.
        """
        count = 0
        for (queue, priority), owners in self._ids.items():
            if queue == mine.queue and priority > mine.priority:
                count += sum(map(len, owners.values()))
        owners = self._ids.get((mine.queue, mine.priority), {})
        my_owner = self._owner_of(mine)
        own = owners.get(my_owner, [])
        place = bisect_left(own, mine.process_id)
        first = min([mine.process_id, *own[:1]])
        for owner, ids in owners.items():
            # In each round, who came first is served first.
            served = place + (ids[0] < first)
            count += place if owner == my_owner else min(len(ids), served)
        return Ahead(count, self._may_miss_some(mine, own, place))

    def _may_miss_some(self, mine, own, place):
        """Tell whether others may be before one at a place of its owner's."""
        if self._are_all:
            return False
        if mine.process_id not in own[place : place + 1]:
            return True
        # Its owner's first is taken before what others have started later.
        return self._has_turns and place > 0


_seen = WeakKeyDictionary()
"""{ZODB.DB: (until when, Places)} of this Zope."""

in_forked_child(_seen.clear)


def queued_before(registry, process):
    """Return what is Ahead of a queued IProcess of a registry.

    Of the AHEAD_MOST oldest that are active; as they were seen within
    SEEN_SECONDS.
    """
    database = registry._p_jar and registry._p_jar.db()
    until, places = _seen.get(database, (0, None)) if database else (0, None)
    now = time.monotonic()
    if now >= until:
        places = places_in(registry)
        if database:
            _seen[database] = now + SEEN_SECONDS, places
    return places.before(Queued.of(process))


def places_in(registry):
    """Return the Places of the AHEAD_MOST oldest that are active."""
    ids = list(islice(registry.oldest_active_ids(), AHEAD_MOST + 1))
    queued = [
        Queued.of(process)
        for process in registry.readable(ids[:AHEAD_MOST])
        if process.may_begin
    ]
    return Places(heads(queued), are_all=len(ids) <= AHEAD_MOST)
