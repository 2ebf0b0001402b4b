"""Counts of what has ended, and of how long it took."""

import math
import time
import unittest
from unittest import mock

import transaction
from ZODB.POSException import ConflictError

from netsight.async_.interfaces import COMPLETED
from netsight.async_.interfaces import FAILED
from netsight.async_.interfaces import LOST
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.lease import Worker
from netsight.async_.records.parts import Error
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.records.statistics import BOUNDS
from netsight.async_.records.statistics import ENDS
from netsight.async_.records.statistics import HOUR_SECONDS
from netsight.async_.records.statistics import HOURS_MOST
from netsight.async_.records.statistics import NONE
from netsight.async_.records.statistics import OTHERS
from netsight.async_.records.statistics import VIEWS_MOST
from netsight.async_.records.statistics import Span
from netsight.async_.records.statistics import Statistics
from netsight.async_.records.statistics import Times
from netsight.async_.records.statistics import numbers_of
from netsight.async_.records.statistics import statistics_of
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.storage_support import FileStorageTestCase


NOW = 1_000_000 * HOUR_SECONDS + 60
HOUR = 1_000_000


def at(when):
    """Have it be that time, in a block."""
    return mock.patch.object(time, "time", lambda: when)


def ended(state=COMPLETED, wait=2.0, run=30.0, when=NOW, view="export"):
    """Return a process that has ended at some time."""
    process = make_process(path=f"/plone/{view}")
    process.created = when - wait - run
    with at(when - run):
        process.claim_for(Worker("worker"))
    with at(when):
        if state == COMPLETED:
            process.complete(1, None)
        elif state == FAILED:
            process.fail(1, Error("ValueError", "no", ""))
        else:
            process.outcome.settle(state, 1)
    return process


def by_state(numbers):
    return dict(zip(ENDS, numbers.ended))


class TimesTests(unittest.TestCase):
    def times(self, *seconds):
        return sum(map(Times.of, seconds), Times())

    def test_of_none_there_is_no_quantile(self):
        self.assertIsNone(Times().quantile(0.5))
        self.assertEqual(Times.of(None), Times())

    def test_one_is_rounded_up(self):
        found = {s: Times.of(s).quantile(1) for s in (0, 0.1, 59, 60, 60.1)}
        self.assertEqual(found, {0: 0.1, 0.1: 0.1, 59: 60, 60: 60, 60.1: 90})

    def test_what_takes_longer_than_all_bounds_is_not_known(self):
        self.assertEqual(Times.of(BOUNDS[-1]).quantile(1), BOUNDS[-1])
        self.assertEqual(self.times(1e6).quantile(0.5), math.inf)

    def test_half_of_them_have_not_exceeded_the_median(self):
        times = self.times(*[1] * 50, *[100] * 50)
        self.assertEqual(times.quantile(0.5), 1)
        self.assertEqual(times.quantile(0.95), 120)

    def test_of_equal_ones_all_quantiles_are_equal(self):
        times = self.times(*[147] * 40)
        self.assertEqual(times.quantile(0.5), 180)
        self.assertEqual(times.quantile(0.95), 180)

    def test_none_is_said_too_low_or_more_than_half_too_high(self):
        for low, high in zip(BOUNDS, BOUNDS[1:]):
            for seconds in (low * 1.001, high):
                found = Times.of(seconds).quantile(1)
                self.assertGreaterEqual(found, seconds)
                self.assertLessEqual(found, 1.5 * seconds)

    def test_what_is_below_each_bound_ends_with_all(self):
        below = self.times(0.3, 59, 1e6).below
        self.assertEqual(len(below), len(BOUNDS) + 1)
        found = [below[BOUNDS.index(each)] for each in (0.2, 0.3, 60, 28800)]
        self.assertEqual([*found, below[-1]], [0, 1, 2, 2, 3])

    def test_all_seconds_are_added(self):
        times = self.times(1.5, 2.25)
        self.assertEqual((times.count, times.total), (2, 3.75))


class NumbersTests(unittest.TestCase):
    def test_of_one_that_has_completed(self):
        numbers = numbers_of(ended(wait=2.0, run=30.0))
        self.assertEqual(by_state(numbers)[COMPLETED], 1)
        self.assertEqual(numbers.waits.total, 2)
        self.assertEqual(numbers.runs.total, 30)
        self.assertEqual(numbers.undone, 0)

    def test_it_has_waited_only_since_it_might_begin(self):
        process = ended(wait=100.0, run=30.0)
        process.claim.not_before = NOW - 33
        self.assertEqual(numbers_of(process).waits.total, 3)

    def test_how_long_a_lost_one_has_run_is_not_known(self):
        numbers = numbers_of(ended(LOST))
        self.assertEqual((numbers.runs.count, numbers.waits.count), (0, 1))
        self.assertEqual(numbers.undone, 1)

    def test_one_that_was_cancelled_in_the_queue_has_no_times(self):
        process = make_process()
        process.cancel()
        numbers = numbers_of(process)
        self.assertEqual((numbers.count, numbers.waits.count), (1, 0))

    def test_clocks_that_differ_make_no_negative_times(self):
        self.assertEqual(numbers_of(ended(wait=-5.0)).waits.total, 0)

    def test_a_difference_is_what_was_added(self):
        one, other = numbers_of(ended()), numbers_of(ended(FAILED, 7, 8))
        self.assertEqual(one + other - one, other)


class StatisticsTests(unittest.TestCase):
    def setUp(self):
        self.statistics = Statistics()

    def note(self, count=1, now=NOW, **kwargs):
        with at(now):
            for _each in range(count):
                self.statistics.note(ended(**kwargs))

    def hours(self, now=NOW):
        with at(now):
            return self.statistics.hours(0)

    def test_it_is_counted_in_the_hour_of_its_end(self):
        self.note(2, when=NOW)
        self.note(when=NOW - HOUR_SECONDS)
        counts = {h: v["export"].count for h, v in self.hours().items()}
        self.assertEqual(counts, {HOUR: 2, HOUR - 1: 1})

    def test_each_view_by_itself(self):
        self.note(view="export")
        self.note(view="import", state=FAILED)
        views = self.hours()[HOUR]
        self.assertEqual(by_state(views["export"])[FAILED], 0)
        self.assertEqual(by_state(views["import"])[FAILED], 1)

    def test_of_too_many_views_the_rest_is_one(self):
        for number in range(VIEWS_MOST + 3):
            self.note(view=f"view-{number}")
        views = self.hours()[HOUR]
        self.assertEqual(len(views), VIEWS_MOST + 1)
        self.assertEqual(views[OTHERS].count, 3)

    def test_a_view_that_is_known_is_not_among_the_rest(self):
        for number in [*range(VIEWS_MOST + 1), 0]:
            self.note(view=f"view-{number}")
        self.assertEqual(self.hours()[HOUR]["view-0"].count, 2)

    def test_there_are_hours_of_a_week_at_most(self):
        for hour in range(HOURS_MOST + 5):
            when = NOW + hour * HOUR_SECONDS
            self.note(when=when, now=when)
        hours = self.hours(when)
        self.assertEqual(len(hours), HOURS_MOST)
        self.assertEqual(len(self.statistics._hours), HOURS_MOST)

    def test_what_is_older_is_in_the_total_for_ever(self):
        self.note()
        later = NOW + 2 * HOURS_MOST * HOUR_SECONDS
        self.note(when=later, now=later)
        with at(later):
            total = self.statistics.total()
        self.assertEqual(total["export"].count, 2)
        self.assertEqual(len(self.statistics._hours), 1)

    def test_so_is_what_is_found_late(self):
        self.note(when=NOW - 2 * HOURS_MOST * HOUR_SECONDS)
        self.assertEqual(self.hours(), {})
        self.assertEqual(self.statistics.total()["export"].count, 1)

    def test_hours_that_have_passed_are_not_shown(self):
        self.note()
        later = NOW + HOURS_MOST * HOUR_SECONDS
        self.assertEqual(self.hours(later), {})


class CountedTests(unittest.TestCase):
    def setUp(self):
        self.registry = ProcessRegistry()

    def count(self):
        total = statistics_of(self.registry).total()
        return sum((each.count for each in total.values()), 0)

    def ended(self, number=0):
        process_id = add(self.registry, number)
        self.registry[process_id].complete(1, None)
        return process_id

    def test_nothing_is_stored_before_anything_has_ended(self):
        add(self.registry, 0)
        self.assertIsNone(self.registry.statistics)
        self.assertEqual(self.count(), 0)

    def test_one_is_counted_when_it_is_put_away(self):
        self.registry.retire(self.ended())
        self.assertEqual(self.count(), 1)

    def test_one_that_is_removed_before_is_counted_too(self):
        self.registry.remove(self.ended())
        self.assertEqual(self.count(), 1)

    def test_no_one_is_counted_twice(self):
        process_id = self.ended()
        self.registry.retire(process_id)
        self.registry.remove(process_id)
        self.assertEqual(self.count(), 1)

    def test_one_that_is_dropped_has_not_ended(self):
        self.registry.remove(add(self.registry, 0))
        self.assertEqual(self.count(), 0)


class ConflictTests(FileStorageTestCase):
    """Two Zopes that count at the same time."""

    def setUp(self):
        super().setUp()
        registry = getProcessRegistry(self.app)
        registry.statistics = Statistics()
        self.mine = registry.statistics
        with at(NOW):
            self.mine.note(ended())
        transaction.commit()
        self.manager = transaction.TransactionManager()
        connection = self.database.open(self.manager)
        self.addCleanup(connection.close)
        self.addCleanup(self.manager.abort)
        root = connection.root()["Application"]
        self.theirs = getProcessRegistry(root).statistics

    def note_both(self, **theirs):
        with at(NOW):
            self.theirs.note(ended(**theirs))
            self.mine.note(ended(wait=5, run=6))
            transaction.commit()
            self.manager.commit()
            transaction.abort()
            return self.mine.hours(0)[HOUR]

    def test_both_are_counted(self):
        views = self.note_both(state=FAILED)
        self.assertEqual(by_state(views["export"])[COMPLETED], 2)
        self.assertEqual(by_state(views["export"])[FAILED], 1)
        self.assertEqual(views["export"].runs.total, 66)

    def test_also_of_another_view(self):
        views = self.note_both(view="import")
        self.assertEqual(views["export"].count, 2)
        self.assertEqual(views["import"].count, 1)

    def test_where_a_server_cannot_it_is_a_conflict(self):
        with (
            mock.patch.object(Span, "_p_resolveConflict", side_effect=OSError),
            self.assertRaises(ConflictError),
            self.assertLogs("ZODB.ConflictResolution", "ERROR"),
        ):
            self.note_both()


class SizeTests(FileStorageTestCase):
    """What it takes in the database."""

    def view_size(self, *runs):
        """Return the bytes of one of many views in an hour."""
        span = getProcessRegistry(self.app).statistics = Span()
        numbers = sum((numbers_of(ended(run=each)) for each in runs), NONE)
        for number in range(VIEWS_MOST):
            span.add(f"my-long-view-name-{number}", numbers)
        transaction.commit()
        size = len(self.app._p_jar.db().storage.load(span._p_oid)[0])
        return size / VIEWS_MOST

    def test_a_view_is_some_100_bytes_of_an_hour(self):
        self.assertLess(self.view_size(30), 100)

    def test_each_other_time_is_4_bytes_more(self):
        runs = [bound for bound in BOUNDS if 5 <= bound <= 300]
        more = self.view_size(*runs) - self.view_size(30)
        self.assertLess(more / (len(runs) - 1), 5)
