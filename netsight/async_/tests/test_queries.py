"""What is found among many processes, and what it costs."""

import unittest

import transaction

from netsight.async_.queries import ACTIVE_MOST
from netsight.async_.queries import SCAN_MOST
from netsight.async_.queries import Query
from netsight.async_.queries import active_of
from netsight.async_.queries import find
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import own_transaction
from netsight.async_.records.database import query_registry
from netsight.async_.records.lease import this_worker
from netsight.async_.records.owners import Owner
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.records.shards import SHARDS
from netsight.async_.serving.recovery import recover
from netsight.async_.tests.record_support import ANN
from netsight.async_.tests.record_support import BOB
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import add_ended
from netsight.async_.tests.support import AsyncTestCase


OTHER_ANN = Owner("ann", "/acl_users")


class QueryTests(unittest.TestCase):
    def setUp(self):
        self.registry = registry = ProcessRegistry()
        self.one = add(registry, 1, ANN)
        self.two = add(registry, 2, BOB, "/plone/folder/import")
        self.three = add(registry, 3, OTHER_ANN, "/plone2/export")
        self.four = add(registry, 4, path="/export")
        registry[self.two].complete(1, None)

    def found(self, **kwargs):
        return find(self.registry, Query(**kwargs)).ids

    def test_all_come_newest_first(self):
        all_ids = [self.four, self.three, self.two, self.one]
        self.assertEqual(self.found(), all_ids)

    def test_those_of_an_owner(self):
        self.assertEqual(self.found(owner=ANN), [self.one])

    def test_those_of_a_user_id_in_any_folder(self):
        self.assertEqual(self.found(user_id="ann"), [self.three, self.one])
        self.assertEqual(self.found(user_id="an"), [])

    def test_those_of_a_site(self):
        self.assertEqual(self.found(path="/plone"), [self.two, self.one])
        self.assertEqual(self.found(path="/nowhere"), [])

    def test_those_of_a_view(self):
        names = self.found(view_name="export")
        self.assertEqual(names, [self.four, self.three, self.one])

    def test_those_in_a_state(self):
        self.assertEqual(self.found(states=("completed",)), [self.two])
        queued = self.found(states=("queued", "running"))
        self.assertEqual(queued, [self.four, self.three, self.one])

    def test_conditions_are_joined(self):
        found = self.found(user_id="ann", path="/plone", states=("queued",))
        self.assertEqual(found, [self.one])

    def test_an_answer_from_indexes_is_what_matches(self):
        for query in (
            Query(),
            Query(owner=ANN),
            Query(user_id="ann"),
            Query(owner=ANN, user_id="bob"),
        ):
            for process_id in find(self.registry, query).ids:
                self.assertTrue(query.matches(self.registry[process_id]))

    def test_an_owner_with_the_id_of_another_has_none(self):
        self.assertEqual(self.found(owner=ANN, user_id="bob"), [])

    def test_it_goes_on_where_it_stopped(self):
        query = Query(path="/plone")
        first = find(self.registry, query, most=3)
        self.assertEqual(first, ([self.two], self.two))
        rest = find(self.registry, query, before=first.go_on, most=3)
        self.assertEqual(rest, ([self.one], None))

    def test_an_empty_registry_of_1x_has_none(self):
        old = ProcessRegistry.__new__(ProcessRegistry)
        old.__setstate__({"_process_registry": {}})
        for query in (Query(), Query(owner=ANN), Query(states=("queued",))):
            self.assertEqual(find(old, query), ([], None))
        self.assertEqual(active_of(old), (0, 0, 0, None, 0))


class ActiveTests(unittest.TestCase):
    def test_a_queue_has_a_length_and_an_oldest(self):
        registry = ProcessRegistry()
        ids = [add(registry, number) for number in range(1, 4)]
        registry[ids[0]].complete(1, None)
        self.assertEqual(active_of(registry), (2, 0, 0, 2.0, 0))

    def test_a_long_one_is_counted_and_not_looked_at_to_its_end(self):
        registry = ProcessRegistry()
        for number in range(ACTIVE_MOST + 2):
            add(registry, number)
        last = max(registry.active_ids())
        registry[last].complete(1, None)
        self.assertEqual(active_of(registry), (ACTIVE_MOST + 2, 0, 0, 0.0, 0))


class QueryCostTests(AsyncTestCase):
    """How many objects are loaded with an empty cache, of 10,000 records."""

    def loads(self, function):
        with own_transaction("test") as root:
            connection = root._p_jar
            connection.cacheMinimize()
            connection.getTransferCounts(True)
            function(query_registry(root))
            return connection.getTransferCounts()[0]

    def test_few_of_10000_records_are_loaded(self):
        registry = getProcessRegistry(self.app)
        registry.worker(this_worker())
        add_ended(registry, 10_000)
        recover(registry)
        add(registry, 10_001, BOB)
        transaction.commit()
        active = ("queued", "running")
        # Of each set of ids, the newest of each shard.
        one, two = 2 * SHARDS, 5 * SHARDS
        for limit, query in (
            # Buckets of ids only.
            (SCAN_MOST / 5 + one, Query()),
            (SCAN_MOST / 5 + two, Query(owner=ANN)),
            (SCAN_MOST / 5 + two, Query(user_id="ann")),
            # One object of each, and for the state one more.
            (1.2 * SCAN_MOST + one, Query(path="/plone")),
            (1.2 * SCAN_MOST + one, Query(view_name="import")),
            (2.2 * SCAN_MOST + one, Query(states=("failed",))),
            # What is active has an index.
            (one, Query(states=active)),
            (two, Query(owner=BOB, states=active)),
            (two, Query(owner=ANN, states=active)),
        ):
            with self.subTest(query):
                cost = self.loads(lambda found, q=query: find(found, q))
                self.assertLess(cost, limit)
        self.assertLess(self.loads(active_of), one)
