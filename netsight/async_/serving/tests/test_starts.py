"""Who goes for a start, and when."""

import unittest

from ZODB.utils import p64

from netsight.async_.serving.news import Committed
from netsight.async_.serving.news import anything
from netsight.async_.serving.starts import LOADED_MOST
from netsight.async_.serving.starts import TURN_SECONDS
from netsight.async_.serving.starts import TURNS_MOST
from netsight.async_.serving.starts import Starts
from netsight.async_.serving.starts import pause


NAMES = frozenset("abcd")

PROCESS, CLAIM, WORKER = b"process", b"claim", b"worker"


def start(number=1, time=0.0, is_split=False, oids=(PROCESS, CLAIM)):
    return Committed(True, is_split, p64(number), frozenset(oids), time)


CLAIMED = Committed(False, False, p64(2), frozenset([CLAIM, WORKER]), 0.0)


class PauseTests(unittest.TestCase):
    def test_each_start_has_one_worker_that_goes_for_it_at_once(self):
        for number in range(20):
            pauses = sorted(pause(start(number), n, NAMES) for n in NAMES)
            self.assertEqual(pauses, [n * TURN_SECONDS for n in range(4)])

    def test_each_worker_is_the_first_for_its_part(self):
        firsts = [
            name
            for number in range(400)
            for name in NAMES
            if pause(start(number), name, NAMES) == 0
        ]
        for name in NAMES:
            self.assertGreater(firsts.count(name), 50)

    def test_one_that_others_do_not_know_has_its_turn(self):
        turns = {pause(start(n), "e", NAMES) for n in range(100)}
        self.assertEqual(len(turns), 5)

    def test_nobody_waits_for_all_of_many(self):
        names = frozenset(map(str, range(100)))
        longest = max(pause(start(), name, names) for name in names)
        self.assertEqual(longest, TURNS_MOST * TURN_SECONDS)

    def test_for_what_is_no_transaction_nobody_waits(self):
        self.assertEqual(pause(anything(), "a", NAMES), 0.0)


class StartsTests(unittest.TestCase):
    def setUp(self):
        self.starts = Starts()

    def note(self, *committed):
        self.starts.note(committed, "a", frozenset())

    def test_without_any_nothing_is_due(self):
        self.assertEqual(self.starts.due(), float("inf"))
        self.assertFalse(self.starts)

    def test_one_is_due_until_it_was_looked_for(self):
        self.note(start(time=5.0))
        self.assertEqual(self.starts.due(), 5.0)
        self.starts.looked(5.0)
        self.assertEqual(self.starts.due(), float("inf"))

    def test_one_that_was_claimed_is_not(self):
        self.note(start())
        self.note(CLAIMED)
        self.assertEqual(self.starts.due(), float("inf"))
        self.assertTrue(self.starts.of(PROCESS).is_claimed)

    def test_unless_there_are_other_nodes_since_then(self):
        self.note(start(is_split=True), CLAIMED)
        self.assertEqual(self.starts.due(), 0.0)

    def test_one_that_comes_while_one_looks_stays_due(self):
        self.note(start(1, time=1.0), start(2, time=3.0))
        self.starts.looked(2.0)
        self.assertEqual(self.starts.due(), 3.0)

    def test_a_claim_of_something_else_says_nothing(self):
        self.note(start(oids=[PROCESS]), CLAIMED)
        self.assertFalse(self.starts.of(PROCESS).is_claimed)

    def test_old_ones_are_forgotten(self):
        self.note(start(1, 1.0), start(2, 2.0, oids=[b"second"]))
        self.starts.forget(2.0)
        self.assertIsNone(self.starts.of(PROCESS))
        self.assertIsNotNone(self.starts.of(b"second"))
        self.assertEqual(len(self.starts), 1)

    def test_what_a_later_one_has_changed_too_is_not_forgotten_with_it(self):
        self.note(start(1, 1.0), start(2, 2.0))
        self.starts.forget(2.0)
        self.assertEqual(self.starts.of(PROCESS).time, 2.0)

    def test_of_those_that_are_due_all_is_loaded(self):
        self.note(start(1, 1.0), start(2, 3.0, oids=[b"later"]))
        self.assertEqual(self.starts.due_oids(2.0), {PROCESS, CLAIM})
        self.starts.looked(2.0)
        self.assertEqual(self.starts.due_oids(2.0), set())

    def test_of_one_that_was_claimed_nothing_is(self):
        self.note(start(), CLAIMED)
        self.assertEqual(self.starts.due_oids(2.0), set())

    def test_nor_of_one_with_large_effects(self):
        oids = list(map(p64, range(LOADED_MOST + 1)))
        self.note(start(oids=oids))
        self.assertEqual(self.starts.due_oids(2.0), set())

    def test_anything_is_due_at_once_and_says_nothing_of_objects(self):
        self.note(anything())
        self.assertLess(self.starts.due(), float("inf"))
        self.assertEqual(len(self.starts), 0)
