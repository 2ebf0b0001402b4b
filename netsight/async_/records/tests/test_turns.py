"""Whose process is taken next."""

import unittest

from netsight.async_.records.turns import Turns
from netsight.async_.records.turns import in_turns
from netsight.async_.tests.record_support import ANN
from netsight.async_.tests.record_support import BOB


def waiting(*ids):
    """Return Turns in which these wait: "a1" is one of the owner "a"."""
    turns = Turns()
    for each in ids:
        turns.add(each, 0, each[0])
    return turns


def taken(turns, most=None):
    """Return the ids that are taken next, all or so many."""
    return [turns.take() for _ in range(most or len(turns))]


class TurnsTests(unittest.TestCase):
    def test_owners_take_turns(self):
        turns = waiting("a1", "a2", "a3", "b4", "b5", "c6")
        self.assertEqual(taken(turns), ["a1", "b4", "c6", "a2", "b5", "a3"])

    def test_of_one_owner_the_oldest_comes_first(self):
        self.assertEqual(taken(waiting("a3", "a1", "a2")), ["a1", "a2", "a3"])

    def test_who_comes_waits_for_one_of_each_owner_at_most(self):
        turns = waiting(*(f"a{n:03}" for n in range(100)), "b1", "b2")
        taken(turns, 7)
        turns.add("c1", 0, "c")
        self.assertIn("c1", taken(turns, 3))

    def test_who_starts_one_after_the_other_keeps_nobody_waiting(self):
        turns = waiting("a1", "b1", "b2", "b3")
        order = []
        for number in range(2, 8):
            order.append(turns.take()[0])
            if order[-1] == "a":
                turns.add(f"a{number}", 0, "a")
        self.assertEqual(order, ["a", "b", "a", "b", "a", "b"])

    def test_ever_new_owners_keep_nobody_waiting(self):
        turns = waiting("a1", "a2")
        order = []
        for number in range(4):
            turns.add(f"{number}", 0, f"visitor {number}")
            order.append(turns.take())
        self.assertEqual(order, ["a1", "0", "a2", "1"])

    def test_a_higher_priority_comes_before_all_turns(self):
        turns = waiting("a1", "a2", "b3")
        turns.add("a4", 9, "a")
        turns.add("a5", 9, "a")
        self.assertEqual(taken(turns), ["a4", "a5", "a1", "b3", "a2"])

    def test_what_waits_is_not_added_again(self):
        turns = waiting("a1", "a2", "a1")
        self.assertEqual(len(turns), 2)
        self.assertEqual(taken(turns), ["a1", "a2"])

    def test_what_was_taken_may_wait_again(self):
        turns = waiting("a1", "a2")
        turns.take()
        turns.add("a1", 0, "a")
        self.assertEqual(taken(turns), ["a1", "a2"])

    def test_nothing_is_kept_of_owners_for_whom_nothing_waits(self):
        turns = waiting(*(f"{chr(97 + n)}1" for n in range(26)))
        self.assertEqual(len(taken(turns)), 26)
        self.assertEqual((turns._owners, turns._ids), ({}, set()))

    def test_all_may_be_cleared(self):
        turns = waiting("a1", "b1")
        turns.clear()
        turns.add("b1", 0, "b")
        self.assertEqual(taken(turns), ["b1"])

    def test_a_list_is_put_into_this_order(self):
        queued = [("1", 0, ANN), ("2", 0, ANN), ("3", 0, BOB), ("4", 5, ANN)]
        self.assertEqual(list(in_turns(queued)), ["4", "1", "3", "2"])
