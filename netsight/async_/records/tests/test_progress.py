"""How long a process will take."""

import unittest

from netsight.async_.records.progress import MOST_SAMPLES
from netsight.async_.records.progress import seconds_left
from netsight.async_.records.progress import with_sample


def steady(count, per_second=1.0, start=0.0):
    """Return samples of a process, one each second."""
    samples = ()
    for second in range(count):
        samples = with_sample(samples, start + second, second * per_second)
    return samples


class SampleTests(unittest.TestCase):
    def test_they_are_few_and_spread_over_the_whole_time(self):
        samples = steady(100)
        self.assertLessEqual(len(samples), MOST_SAMPLES)
        self.assertEqual(samples[0], (0.0, 0.0))
        gaps = [b[0] - a[0] for a, b in zip(samples, samples[1:])]
        self.assertEqual(samples[-1], (99.0, 99.0))
        self.assertLessEqual(max(gaps), 32)


class SecondsLeftTests(unittest.TestCase):
    def test_a_steady_process_can_be_trusted(self):
        self.assertEqual(seconds_left(steady(21), 20.0), 80)

    def test_it_goes_down_between_two_samples(self):
        samples = steady(21)
        last = samples[-1][0]
        self.assertEqual(
            seconds_left(samples, last) - seconds_left(samples, last + 3), 3
        )

    def test_too_few_or_too_short_says_nothing(self):
        self.assertIsNone(seconds_left((), 0.0))
        self.assertIsNone(seconds_left(steady(4), 3.0))
        quick = tuple((when / 10, number) for when, number in steady(9))
        self.assertIsNone(seconds_left(quick, 1.0))

    def test_one_that_became_much_slower_says_nothing(self):
        samples = steady(5, per_second=10)
        for second in range(1, 5):
            samples = with_sample(samples, 4 + second, 40 + second)
        self.assertIsNone(seconds_left(samples, 8.0))

    def test_one_that_stands_still_says_nothing(self):
        samples = tuple((float(second), 50) for second in range(9))
        self.assertIsNone(seconds_left(samples, 8.0))

    def test_one_that_goes_back_says_nothing(self):
        samples = tuple((float(n), 50 - n) for n in range(9))
        self.assertIsNone(seconds_left(samples, 8.0))

    def test_when_the_time_is_over_nothing_is_said(self):
        self.assertIsNone(seconds_left(steady(21), 1000.0))

    def test_a_clock_that_was_set_back_does_no_harm(self):
        samples = ((5.0, 1), (4.0, 2), (3.0, 3), (2.0, 4), (11.0, 5))
        self.assertIsNone(seconds_left(samples, 11.0))
