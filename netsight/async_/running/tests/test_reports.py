"""What a run tells, quickly and the long way."""

import math
import unittest
from unittest import mock

from netsight.async_.running import reports
from netsight.async_.running.reports import Report


class ReportTests(unittest.TestCase):
    def setUp(self):
        self.now = 100.0
        patch = mock.patch.object(reports, "monotonic", lambda: self.now)
        patch.start()
        self.addCleanup(patch.stop)
        self.report = Report("a-process")

    def quick(self):
        self.report.be_quick()
        return self.report

    def test_at_first_there_is_more_to_do(self):
        self.assertFalse(self.report.is_enough(1, None))

    def test_a_number_and_a_text_are_enough_for_a_moment(self):
        self.assertTrue(self.quick().is_enough(1, "at work"))
        self.now += reports.QUICK_SECONDS
        self.assertFalse(self.report.is_enough(2, None))

    def test_what_is_told_then_is_noted_all_the_same(self):
        self.assertFalse(self.report.is_enough(2, None))
        self.assertEqual(self.report.told, (2, None))

    def test_what_is_noted_is_checked_when_it_is_read(self):
        self.assertTrue(self.quick().is_enough(33.333, "x" * 2000))
        number, message = self.report.told
        self.assertEqual((number, len(message)), (33.3, 1001))

    def test_what_may_be_wrong_is_checked_at_once(self):
        report = self.quick()
        for number in (True, "1", math.nan, math.inf, -1, 101, None):
            self.assertFalse(report.is_enough(number, None), number)
        for message in (b"x", 1, object()):
            self.assertFalse(report.is_enough(1, message), message)
        self.assertEqual(report.told, (None, None))

    def test_a_count_is_made_a_message_when_it_is_read(self):
        shown = mock.Mock(return_value=(50, "1 of 2"))
        self.assertTrue(self.quick().is_count_enough(1, 2, shown))
        shown.assert_not_called()
        self.assertEqual(self.report.told, (50, "1 of 2"))
        shown.assert_called_once_with(1, 2)

    def test_who_wants_it_to_look_up_is_heard_at_once(self):
        report = self.quick()
        report.look_up()
        self.assertFalse(report.is_enough(1, None))

    def test_it_looks_up_at_its_time_limit(self):
        self.report.limit = self.now + reports.QUICK_SECONDS / 2
        self.assertTrue(self.quick().is_enough(1, None))
        self.now = self.report.limit
        self.assertFalse(self.report.is_enough(2, None))
