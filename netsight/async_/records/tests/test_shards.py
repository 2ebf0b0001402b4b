"""Mappings by process id, and the order in which they yield ids."""

import random
import tempfile
import unittest
from functools import partial

import transaction
import ZODB
from BTrees.OOBTree import OOBTree
from ZODB.POSException import ConflictError

from netsight.async_.records.ids import lowest_id
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.shards import SHARDS
from netsight.async_.records.shards import Shards
from netsight.async_.records.shards import newest_first


def made_of(ids, shuffled=True):
    """Return Shards with these ids, added in any order."""
    shards = Shards()
    ids = list(ids)
    if shuffled:
        random.shuffle(ids)
    for process_id in ids:
        shards[process_id] = f"value of {process_id}"
    return shards


class ShardsTests(unittest.TestCase):
    def setUp(self):
        self.ids = [new_process_id(n * 10**9) for n in range(1, 301)]
        self.shards = made_of(self.ids)

    def test_it_is_a_mapping(self):
        first, last = self.ids[0], self.ids[-1]
        self.assertEqual(self.shards[first], f"value of {first}")
        self.assertIn(last, self.shards)
        self.assertEqual(self.shards.pop(last), f"value of {last}")
        self.assertNotIn(last, self.shards)
        self.assertIsNone(self.shards.get(last))
        self.assertIsNone(self.shards.pop(last, None))
        for function in (
            self.shards.__getitem__,
            self.shards.__delitem__,
            self.shards.pop,
        ):
            with self.assertRaises(KeyError):
                function(last)

    def test_an_empty_one_has_nothing(self):
        empty = Shards()
        self.assertEqual((list(empty), empty.ids()), ([], []))
        self.assertNotIn("an-id", empty)
        with self.assertRaises(KeyError):
            empty.pop("an-id")

    def test_its_keys_are_in_the_order_of_the_ids(self):
        self.assertEqual(list(self.shards), self.ids)
        self.assertEqual(self.shards.ids(), self.ids)
        self.assertEqual(dict(self.shards.items()).keys(), set(self.ids))

    def test_keys_may_begin_at_an_id_or_a_time(self):
        self.assertEqual(list(self.shards.keys(self.ids[100])), self.ids[100:])
        self.assertEqual(
            list(self.shards.keys(lowest_id(100.5))), self.ids[100:]
        )

    def test_all_its_trees_are_found_by_one_object(self):
        database = ZODB.DB(None)
        self.addCleanup(database.close)
        connection = database.open()
        connection.root()["shards"] = self.shards
        transaction.commit()
        self.assertEqual(len(self.shards._trees), SHARDS)
        connection.cacheMinimize()
        connection.getTransferCounts(True)
        len(self.shards._trees)
        # The root, the Shards, and the mapping of trees.
        self.assertLessEqual(connection.getTransferCounts()[0], 3)


class NewestFirstTests(unittest.TestCase):
    def setUp(self):
        self.ids = [new_process_id(n * 1000) for n in range(1, 201)]
        self.shards = made_of(self.ids)

    def test_all_come_in_reverse(self):
        self.assertEqual(list(newest_first(self.shards)), self.ids[::-1])

    def test_it_goes_on_behind_an_id(self):
        rest = list(newest_first(self.shards, before=self.ids[100]))
        self.assertEqual(rest, self.ids[99::-1])

    def test_the_id_to_go_on_behind_may_be_gone(self):
        del self.shards[self.ids[100]]
        rest = list(newest_first(self.shards, before=self.ids[100]))
        self.assertEqual(rest, self.ids[99::-1])

    def test_there_may_be_none(self):
        self.assertEqual(list(newest_first(Shards())), [])
        first = list(newest_first(self.shards, before=self.ids[0]))
        self.assertEqual(first, [])

    def test_of_several_what_they_share_comes(self):
        few = made_of(self.ids[7::50] + [new_process_id(10**18)])
        shared = list(newest_first(self.shards, few))
        self.assertEqual(shared, self.ids[157::-50])
        self.assertEqual(list(newest_first(few, self.shards)), shared)
        rest = list(newest_first(few, self.shards, before=self.ids[107]))
        self.assertEqual(rest, self.ids[57::-50])

    def test_they_may_share_nothing(self):
        self.assertEqual(list(newest_first(self.shards, Shards())), [])
        others = made_of(new_process_id(n) for n in range(1, 201))
        self.assertEqual(list(newest_first(self.shards, others)), [])


class ConcurrentTests(unittest.TestCase):
    """Two transactions at once that add an id each."""

    PAIRS = 400

    def conflicts(self, make, zopes=1):
        """Return how many of PAIRS conflict in what `make` returns.

        The ids of each pair are made by so many `zopes`.
        """
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        database = ZODB.DB(f"{folder.name}/Data.fs")
        self.addCleanup(database.close)
        managers = [transaction.TransactionManager() for _ in range(2)]
        first, second = (database.open(each) for each in managers)
        first.root()["ids"] = make()
        managers[0].commit()
        conflicts = 0
        for number in range(self.PAIRS):
            for manager, connection in zip(managers, (first, second)):
                manager.begin()
                if zopes > 1:
                    have_made(random.randrange(SHARDS))
                made = new_process_id(10**9 * (1 + number))
                connection.root()["ids"][made] = None
            managers[0].commit()
            try:
                managers[1].commit()
            except ConflictError:
                managers[1].abort()
                conflicts += 1
        return conflicts

    def test_those_of_one_zope_never_conflict(self):
        self.assertEqual(self.conflicts(partial(Shards, is_large=True)), 0)

    def test_those_of_several_seldom_do(self):
        alone = self.conflicts(OOBTree)
        self.assertLess(5 * self.conflicts(Shards, zopes=2), alone)


def have_made(number):
    """Have so many ids made: another Zope may have made any number."""
    for _number in range(number):
        new_process_id()
