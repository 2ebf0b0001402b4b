"""How many processes have ended, how long they have waited and run.

Records expire, so this is counted when a process leaves the set of the active
ones: by recovery, in a transaction that writes anyway, and once.  For each
hour of a week there is one object with the numbers of VIEWS_MOST views, some
100 to 250 bytes for each that has ended anything in that hour; what is older
is added up in one more.
"""

import math
import time
from bisect import bisect_left
from itertools import accumulate
from operator import add
from typing import NamedTuple

from BTrees.OOBTree import OOBTree

from netsight.async_ import interfaces
from netsight.async_.records.parts import Part


HOUR_SECONDS = 3600
HOURS_MOST = 7 * 24

VIEWS_MOST = 50
"""Of so many views the numbers are kept apart, in each hour."""

OTHERS = ""
"""Stands for all other views."""

BOUNDS = (
    0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30,
    45, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1200, 1800, 2700, 3600,
    5400, 7200, 10800, 14400, 21600, 28800,
)  # fmt: skip
"""Seconds: up to each of them times are counted together.

None is more than one and a half times the one before: by no more can a time
be said too high.
"""

ENDS = (
    interfaces.COMPLETED,
    interfaces.FAILED,
    interfaces.CANCELLED,
    interfaces.LOST,
)
"""The final states, in the order of their numbers."""


class Times(NamedTuple):
    """Durations, as far as they are known."""

    counts: dict = {}
    """{place in BOUNDS: how many took up to that, and longer than the one
    before}, without zeros; len(BOUNDS) is for what took longer than all.

    Nobody changes it.
    """

    total: float = 0.0
    """Seconds of all together."""

    @classmethod
    def of(cls, seconds):
        """Return the Times of one duration; of none, for None."""
        if seconds is None:
            return cls()
        return cls({bisect_left(BOUNDS, seconds): 1}, round(seconds, 3))

    def __add__(self, other):
        counts = _summed(self.counts, other.counts, 1)
        return Times(counts, round(self.total + other.total, 3))

    def __sub__(self, other):
        counts = _summed(self.counts, other.counts, -1)
        return Times(counts, round(self.total - other.total, 3))

    @property
    def count(self):
        """How many durations there are."""
        return sum(self.counts.values())

    @property
    def below(self):
        """List of how many took up to each of BOUNDS, and of all of them."""
        places = range(len(BOUNDS) + 1)
        return list(accumulate(self.counts.get(place, 0) for place in places))

    def quantile(self, part):
        """Return seconds that this part (0 to 1) of them has not exceeded.

        It is the next higher one of BOUNDS; infinite above the last one.
        None if there are none.
        """
        wanted = part * self.count
        if not wanted:
            return None
        return (*BOUNDS, math.inf)[bisect_left(self.below, wanted)]


def _summed(counts, more, sign):
    """Return counts with `sign` times more, without zeros."""
    places = counts.keys() | more.keys()
    both = {k: counts.get(k, 0) + sign * more.get(k, 0) for k in places}
    return {place: count for place, count in both.items() if count}


class Numbers(NamedTuple):
    """Of the processes of a view that have ended in some time."""

    ended: tuple = (0,) * len(ENDS)
    """How many, by state as in ENDS."""

    waits: Times = Times()
    """From when each might begin until it did."""

    runs: Times = Times()

    def __add__(self, other):
        ended = map(add, self.ended, other.ended)
        waits, runs = self.waits + other.waits, self.runs + other.runs
        return Numbers(tuple(ended), waits, runs)

    def __sub__(self, other):
        ended = (mine - its for mine, its in zip(self.ended, other.ended))
        waits, runs = self.waits - other.waits, self.runs - other.runs
        return Numbers(tuple(ended), waits, runs)

    @property
    def count(self):
        """How many have ended."""
        return sum(self.ended)

    @property
    def undone(self):
        """How many have ended by a failure, or were lost."""
        by_state = dict(zip(ENDS, self.ended))
        return by_state[interfaces.FAILED] + by_state[interfaces.LOST]

    def plain(self):
        """Return it as tuples: a storage server need not know the class."""
        return self.ended, tuple(self.waits), tuple(self.runs)


NONE = Numbers()


def numbers_from(plain):
    """Return the Numbers that `plain` has returned."""
    ended, waits, runs = plain
    return Numbers(ended, Times(*waits), Times(*runs))


def numbers_of(process):
    """Return the Numbers of one IProcess that has ended."""
    state, begun = process.state, process.started
    wait = run = None
    if begun is not None:
        since = max(process.created, process.not_before or 0)
        wait = max(0.0, begun - since)
        # When a worker has died nobody knows.
        if state != interfaces.LOST:
            run = max(0.0, process.finished - begun)
    ended = tuple(int(each == state) for each in ENDS)
    return Numbers(ended, Times.of(wait), Times.of(run))


class Span(Part):
    """The Numbers of an hour, or of another time."""

    def __init__(self):
        self._views = {}
        """{name of the view, or OTHERS: what `Numbers.plain` returns}"""

    def views(self):
        """Return {name of a view, or OTHERS: Numbers}."""
        return {k: numbers_from(v) for k, v in self._views.items()}

    def add(self, view, numbers):
        """Add the Numbers of a view."""
        self._views = _added(self._views, view, numbers)

    def merge(self, span):
        """Add all of another Span."""
        for view, numbers in span.views().items():
            self.add(view, numbers)

    def _p_resolveConflict(self, old, saved, new):
        """Add up what two transactions have added at the same time."""
        before, merged = old["_views"], saved["_views"]
        for view, plain in new["_views"].items():
            added = numbers_from(plain)
            if view in before:
                added -= numbers_from(before[view])
            if added.count:
                merged = _added(merged, view, added)
        return {**saved, "_views": merged}


def _added(views, view, numbers):
    """Return the `_views` of a Span with more Numbers."""
    is_one_of_many = len(views) >= VIEWS_MOST and view not in views
    view = OTHERS if is_one_of_many else view
    now = numbers_from(views[view]) if view in views else NONE
    return {**views, view: (now + numbers).plain()}


class Statistics(Part):
    """Of all processes of a database."""

    def __init__(self):
        self._hours = OOBTree()
        """{POSIX time in hours: Span}, HOURS_MOST of them."""

        self._past = Span()
        """Of all before."""

    def note(self, process):
        """Count an IProcess that has ended."""
        hour = int(process.finished // HOUR_SECONDS)
        self._span(hour).add(process.view_name, numbers_of(process))

    def _span(self, hour):
        first = self._first_hour()
        if hour < first:
            return self._past
        if hour not in self._hours:
            for old in list(self._hours.keys(max=first - 1)):
                self._past.merge(self._hours.pop(old))
            self._hours[hour] = Span()
        return self._hours[hour]

    def _first_hour(self):
        return int(time.time() // HOUR_SECONDS) - HOURS_MOST + 1

    def hours(self, first):
        """Return {hour: {view: Numbers}} from an hour on, as far as known."""
        first = max(first, self._first_hour())
        items = self._hours.items(min=first)
        return {hour: span.views() for hour, span in items}

    def total(self):
        """Return {view: Numbers} of all that was ever counted."""
        total = self._past.views()
        for span in self._hours.values():
            for view, numbers in span.views().items():
                total[view] = total.get(view, NONE) + numbers
        return total


EMPTY = Statistics()
"""Of a database in which nothing has ended; never stored."""


def count_ended(registry, process):
    """Count a process that leaves the active ones of a stored registry."""
    if process.outcome.state is None:
        return
    if registry.statistics is None:
        registry.statistics = Statistics()
    registry.statistics.note(process)


def statistics_of(registry):
    """Return the Statistics of a registry, to be read."""
    return registry.statistics or EMPTY
