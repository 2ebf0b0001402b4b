"""When commits of ours are held up."""

import math
import unittest

from netsight.async_.records.commits import HELD_UP
from netsight.async_.records.commits import Commits


LONG = 60 * HELD_UP
"""By the default of `lease-seconds`."""


class CommitsTests(unittest.TestCase):
    def setUp(self):
        self.now = 100.0
        self.commits = Commits(lambda: self.now)

    def test_without_any_none_was_held_up(self):
        self.assertEqual(self.commits.last_held_up(), -math.inf)

    def test_one_that_takes_long_is_held_up(self):
        with self.commits.one():
            self.now += LONG
            with self.commits.one():
                self.assertEqual(self.commits.last_held_up(), math.inf)

    def test_when_it_is_over_it_was_held_up_then(self):
        with self.commits.one():
            self.now += LONG
        self.now += 1
        with self.commits.one():
            self.now += LONG - 1
        self.assertEqual(self.commits.last_held_up(), 100 + LONG)

    def test_one_that_fails_was_held_up_too(self):
        with self.assertRaises(OSError), self.commits.one():
            self.now += LONG
            raise OSError
        self.assertEqual(self.commits.last_held_up(), 100 + LONG)

    def test_one_that_takes_a_moment_is_not(self):
        with self.commits.one():
            self.now += LONG - 1
            self.assertEqual(self.commits.last_held_up(), -math.inf)
        self.assertEqual(self.commits.last_held_up(), -math.inf)
