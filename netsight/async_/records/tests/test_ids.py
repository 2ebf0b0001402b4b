"""Ids in the order of the starts."""

import unittest
import uuid

from BTrees.OOBTree import OOTreeSet

from netsight.async_.records.ids import lowest_id
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.ids import newest_first


class NewIdTests(unittest.TestCase):
    def test_it_is_a_uuid_of_version_7(self):
        made = uuid.UUID(new_process_id())
        self.assertEqual((made.version, made.variant), (7, uuid.RFC_4122))

    def test_it_tells_the_time_in_milliseconds(self):
        made = uuid.UUID(new_process_id(1_700_000_000_123_900_000))
        self.assertEqual(made.int >> 80, 1_700_000_000_123)

    def test_ids_sort_by_time(self):
        # Microseconds, beyond a millisecond.
        ids = [new_process_id(10**18 + 1000 * n) for n in range(2000)]
        self.assertEqual(ids, sorted(ids))

    def test_62_bits_are_random(self):
        made = [uuid.UUID(new_process_id(1)).int for _ in range(1000)]
        self.assertEqual(len(set(made)), 1000)
        ever, always = 0, ~0
        for number in made:
            ever |= number
            always &= number
        self.assertEqual((ever & ~always).bit_count(), 62)


class LowestIdTests(unittest.TestCase):
    def test_it_parts_what_is_older_from_what_is_not(self):
        when = 1_700_000_000.123
        lowest = lowest_id(when)
        for milliseconds in (-1, 0, 1):
            made = new_process_id(round(when * 1e3 + milliseconds) * 10**6)
            self.assertEqual(made >= lowest, milliseconds >= 0)


class NewestFirstTests(unittest.TestCase):
    def setUp(self):
        self.ids = [new_process_id(n * 1000) for n in range(1, 201)]
        self.tree = OOTreeSet(self.ids)

    def test_all_come_in_reverse(self):
        self.assertEqual(list(newest_first(self.tree)), self.ids[::-1])

    def test_it_goes_on_behind_an_id(self):
        rest = list(newest_first(self.tree, before=self.ids[100]))
        self.assertEqual(rest, self.ids[99::-1])

    def test_the_id_to_go_on_behind_may_be_gone(self):
        self.tree.remove(self.ids[100])
        rest = list(newest_first(self.tree, before=self.ids[100]))
        self.assertEqual(rest, self.ids[99::-1])

    def test_there_may_be_none(self):
        self.assertEqual(list(newest_first(OOTreeSet())), [])
        first = list(newest_first(self.tree, before=self.ids[0]))
        self.assertEqual(first, [])

    def test_of_several_trees_what_they_share_comes(self):
        few = OOTreeSet(self.ids[7::50] + [new_process_id(10**18)])
        shared = list(newest_first(self.tree, few))
        self.assertEqual(shared, self.ids[157::-50])
        self.assertEqual(list(newest_first(few, self.tree)), shared)
        rest = list(newest_first(few, self.tree, before=self.ids[107]))
        self.assertEqual(rest, self.ids[57::-50])

    def test_trees_may_share_nothing(self):
        self.assertEqual(list(newest_first(self.tree, OOTreeSet())), [])
        others = OOTreeSet(new_process_id(n) for n in range(1, 201))
        self.assertEqual(list(newest_first(self.tree, others)), [])
