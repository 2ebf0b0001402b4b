"""How long commits of ours take."""

import unittest

from netsight.async_.records.commits import Commits


class CommitsTests(unittest.TestCase):
    def setUp(self):
        self.now = 100.0
        self.commits = Commits(lambda: self.now)

    def test_without_any_the_longest_takes_no_time(self):
        self.assertEqual(self.commits.longest(), 0)

    def test_of_several_the_longest_counts(self):
        with self.commits.one():
            self.now += 5
            with self.commits.one():
                self.now += 2
                self.assertEqual(self.commits.longest(), 7)
            self.assertEqual(self.commits.longest(), 7)
        self.assertEqual(self.commits.longest(), 0)

    def test_one_that_fails_is_over(self):
        with self.assertRaises(OSError), self.commits.one():
            raise OSError
        self.assertEqual(self.commits.longest(), 0)
