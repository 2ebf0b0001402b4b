"""Places in the queue."""

import random
import unittest
from unittest import mock

import transaction

from netsight.async_.records import places
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.lines import AHEAD_MOST
from netsight.async_.records.places import Places
from netsight.async_.records.queued import Queued
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.records.turns import in_turns
from netsight.async_.tests.record_support import ANN
from netsight.async_.tests.record_support import BOB
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.support import AsyncTestCase


def waiting(process_id, owner=ANN, priority=0, queue="default"):
    return Queued(process_id, queue, priority, owner)


class PlacesTests(unittest.TestCase):
    def setUp(self):
        self.anns = [waiting(f"{n}") for n in range(5)]
        self.bobs = [waiting(f"{n}", BOB) for n in range(5, 7)]

    def test_one_of_each_owner_is_taken_before_the_first_of_another(self):
        self.assertEqual(Places(self.anns).before(self.bobs[0]).count, 1)

    def test_two_of_each_before_the_second(self):
        others = [*self.anns, self.bobs[0]]
        self.assertEqual(Places(others).before(self.bobs[1]).count, 3)

    def test_one_that_started_later_may_be_taken_before(self):
        others = [*self.anns[:4], *self.bobs]
        self.assertEqual(Places(others).before(self.anns[4]).count, 6)

    def test_other_queues_and_lower_priorities_are_not_waited_for(self):
        others = [
            waiting("0", queue="heavy"),
            waiting("1", priority=4),
            waiting("2", BOB, priority=9),
        ]
        self.assertEqual(
            Places(others).before(waiting("3", priority=5)).count, 1
        )

    def test_a_broker_takes_the_oldest_first(self):
        with mock.patch.dict("os.environ", NETSIGHT_ASYNC_EXECUTOR="celery"):
            anns, bobs = (
                [Queued.of(make_process(f"{n}", owner)) for n in numbers]
                for owner, numbers in ((ANN, range(5)), (BOB, range(5, 7)))
            )
            self.assertEqual(Places(anns).before(bobs[0]).count, 5)
            self.assertEqual(Places(bobs).before(anns[4]).count, 0)

    def test_if_not_all_are_looked_at_there_may_be_more(self):
        ahead = Places(self.anns, are_all=False).before(waiting("9"))
        self.assertEqual(ahead, (5, True))

    def test_what_was_looked_at_knows_how_many_are_before_it(self):
        ahead = Places(self.anns, are_all=False).before(self.anns[0])
        self.assertEqual(ahead, (0, False))

    def test_but_others_may_take_turns_with_its_owner(self):
        ahead = Places(self.anns, are_all=False).before(self.anns[2])
        self.assertEqual(ahead, (2, True))

    def test_a_broker_does_not_let_them(self):
        with mock.patch.dict("os.environ", NETSIGHT_ASYNC_EXECUTOR="celery"):
            ahead = Places(self.anns, are_all=False).before(self.anns[2])
        self.assertEqual(ahead, (2, False))

    def test_they_are_those_of_the_turns(self):
        owners = [ANN, BOB, None]
        for seed in range(200):
            chance = random.Random(seed)
            queued = [
                waiting(
                    f"{n:02}", chance.choice(owners), chance.choice((0, 5))
                )
                for n in range(chance.randrange(1, 20))
            ]
            order = list(in_turns(each.turn for each in queued))
            found = Places(queued)
            alone = chance.choice(queued)
            others = Places([each for each in queued if each != alone])
            with self.subTest(seed=seed):
                self.assertEqual(
                    [found.before(each).count for each in queued],
                    [order.index(each.process_id) for each in queued],
                )
                self.assertEqual(
                    others.before(alone).count, order.index(alone.process_id)
                )


class MoreTests(unittest.TestCase):
    """More wait than are looked at."""

    def ahead(self, count):
        """Return what is ahead of the last of so many that wait."""
        registry = ProcessRegistry()
        ids = [add(registry, number) for number in range(count)]
        return registry.queued_before(ids[-1])

    def test_the_last_of_two_hundred(self):
        self.assertEqual(self.ahead(200), (AHEAD_MOST, True))

    def test_the_last_of_those_that_are_looked_at(self):
        self.assertEqual(self.ahead(AHEAD_MOST), (AHEAD_MOST - 1, False))


class SeenTests(AsyncTestCase):
    """Those that wait are looked at once, however many ask."""

    def test_the_next_who_asks_loads_no_record(self):
        registry = getProcessRegistry(self.app)
        ids = [add(registry, number) for number in range(50)]
        transaction.commit()
        connection = self.app._p_jar
        with mock.patch.object(places, "SEEN_SECONDS", 3600):
            self.addCleanup(places._seen.clear)
            self.assertEqual(registry.queued_before(ids[30]).count, 30)
            connection.cacheMinimize()
            connection.getTransferCounts(True)
            self.assertEqual(registry.queued_before(ids[40]).count, 40)
        # The process that is asked for, and where it is.
        self.assertLess(connection.getTransferCounts()[0], 10)
