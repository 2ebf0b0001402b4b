"""@@async-statistics: how much has ended, and how long it took.

Two tables, and a picture of one of them, which the server draws.
"""

import time
from functools import cached_property
from typing import NamedTuple

from AccessControl import Unauthorized
from Products.Five import BrowserView

from netsight.async_.answers.headers import no_store
from netsight.async_.answers.status import iso_time
from netsight.async_.browser.lists.registered import registered_views
from netsight.async_.browser.pages import Framed
from netsight.async_.browser.times import clock
from netsight.async_.browser.times import local_time
from netsight.async_.config import VIEW_PROCESSES
from netsight.async_.i18n import _
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.owners import SEE
from netsight.async_.records.owners import may
from netsight.async_.records.statistics import BOUNDS
from netsight.async_.records.statistics import HOUR_SECONDS
from netsight.async_.records.statistics import NONE
from netsight.async_.records.statistics import OTHERS
from netsight.async_.records.statistics import statistics_of


WIDTH, HEIGHT = 720, 180
"""Of the part of the picture that has the bars, in its own units."""

GAP = 4
"""Between two bars."""


class Period(NamedTuple):
    """A time up to now, and in how many bars it is shown."""

    name: str
    title: str
    """A message id."""

    bars: int
    bar_hours: int

    @property
    def hours(self):
        return self.bars * self.bar_hours


PERIODS = {
    each.name: each
    for each in (
        Period("day", _("period_day", default="The last day"), 24, 1),
        Period("week", _("period_week", default="The last week"), 28, 6),
    )
}

OTHER_VIEWS = _("statistics_others", default="All other views")


class ViewRow:
    """The numbers of a view, as text."""

    def __init__(self, name, numbers, titles):
        self.name = name
        self.title = titles.get(name, name) if name else OTHER_VIEWS
        self.count = numbers.count
        self.undone = numbers.undone
        self.waits = spread(numbers.waits)
        self.runs = spread(numbers.runs)


def spread(times):
    """Return (median, 95th percentile) of some Times as texts, or None."""
    if not times.count:
        return None
    median, most = times.quantile(0.5), times.quantile(0.95)
    return seconds_text(median), seconds_text(most)


def seconds_text(seconds):
    """Return one of BOUNDS, or what is above, as a text without language.

    >>> seconds_text(0.15), seconds_text(1.5), seconds_text(90)
    ('0:00.15', '0:01.5', '1:30')
    """
    if seconds > BOUNDS[-1]:
        return f"> {clock(BOUNDS[-1])}"
    behind_point = f"{seconds % 1:g}"[1:]
    return clock(int(seconds)) + behind_point


class Bar:
    """What has ended in a part of a period."""

    def __init__(self, number, since, numbers, scale, bars):
        step = WIDTH / bars
        self.since = since
        """POSIX time at which it begins."""

        self.count = numbers.count
        self.undone = numbers.undone
        self.done = self.count - self.undone
        self.x = f"{number * step + GAP / 2:.1f}"
        self.width = f"{step - GAP:.1f}"
        undone, all_of_it = self.undone * scale, self.count * scale
        self.undone_y = f"{HEIGHT - undone:.1f}"
        self.undone_height = f"{undone:.1f}"
        self.done_y = f"{HEIGHT - all_of_it:.1f}"
        self.done_height = f"{all_of_it - undone:.1f}"


class StatisticsPage(Framed, BrowserView):
    """The statistics of the database, for who may see its processes."""

    page_title = _("statistics_title", default="Statistics of processes")
    width, height = WIDTH, HEIGHT

    def __call__(self):
        if not may(SEE, self.context):
            raise Unauthorized(VIEW_PROCESSES)
        no_store(self.request.response)
        return self.index()

    @property
    def url(self):
        return f"{self.context.absolute_url()}/@@{self.__name__}"

    @property
    def list_url(self):
        """Of the list of processes."""
        return f"{self.context.absolute_url()}/@@async-processes"

    @property
    def period(self):
        """The Period that is asked for."""
        asked = self.request.form.get("period")
        known = isinstance(asked, str) and asked in PERIODS
        return PERIODS[asked if known else "day"]

    @property
    def periods(self):
        """List of (Period, URL, whether it is shown)."""
        return [
            (each, f"{self.url}?period={each.name}", each == self.period)
            for each in PERIODS.values()
        ]

    @cached_property
    def _first_hour(self):
        return int(time.time() // HOUR_SECONDS) - self.period.hours + 1

    @cached_property
    def _hours(self):
        registry = query_registry(application_of(self.context))
        return statistics_of(registry).hours(self._first_hour)

    @property
    def views(self):
        """List of ViewRow, those first of which the most have ended."""
        by_view = {}
        for views in self._hours.values():
            for view, numbers in views.items():
                by_view[view] = by_view.get(view, NONE) + numbers
        titles = registered_views()
        order = sorted(
            by_view, key=lambda view: (view == OTHERS, -by_view[view].count)
        )
        return [ViewRow(view, by_view[view], titles) for view in order]

    @cached_property
    def bars(self):
        """List of Bar, the oldest first."""
        parts = [self._part(number) for number in range(self.period.bars)]
        most = max(numbers.count for _since, numbers in parts)
        scale = HEIGHT / most if most else 0
        return [
            Bar(number, since, numbers, scale, self.period.bars)
            for number, (since, numbers) in enumerate(parts)
        ]

    def _part(self, number):
        """Return (POSIX time at which it begins, Numbers) of a bar."""
        hours = self.period.bar_hours
        first = self._first_hour + number * hours
        found = [self._hours.get(first + each, {}) for each in range(hours)]
        numbers = (each for views in found for each in views.values())
        return first * HOUR_SECONDS, sum(numbers, NONE)

    @property
    def count(self):
        """How many have ended."""
        return sum(bar.count for bar in self.bars)

    @property
    def undone(self):
        """How many of them have failed, or were lost."""
        return sum(bar.undone for bar in self.bars)

    @property
    def most(self):
        """How many have ended in the part of the highest bar."""
        return max(bar.count for bar in self.bars)

    def time_of(self, when):
        """Return a POSIX time as text."""
        return local_time(self.context, self.request, when)

    def iso_of(self, when):
        """Return a POSIX time as ISO 8601."""
        return iso_time(when)
