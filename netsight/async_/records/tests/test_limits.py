"""How many processes may wait, and when a place is free again."""

import os
import unittest
from unittest import mock

import transaction

from netsight.async_.exceptions import QueueFullError
from netsight.async_.exceptions import UserQueueFullError
from netsight.async_.queries import Query
from netsight.async_.records import limits
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import own_transaction
from netsight.async_.records.database import query_registry
from netsight.async_.records.lease import this_worker
from netsight.async_.records.limits import WAITING_MOST
from netsight.async_.records.limits import check_limits
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.records.owners import Owner
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.tests.record_support import ANN
from netsight.async_.tests.record_support import BOB
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import deployed
from netsight.async_.tests.support import AsyncTestCase


OTHER_ANN = Owner("ann", "/acl_users")


def limited(**settings):
    """Have settings, as ``max_queued="2"``, in a block; no others limit."""
    values = {
        "MAX_QUEUED": "0", "MAX_QUEUED_USER": "0", "MAX_QUEUED_ANONYMOUS": "0",
    } | {name.upper(): value for name, value in settings.items()}  # fmt: skip
    names = {f"NETSIGHT_ASYNC_{name}": each for name, each in values.items()}
    return mock.patch.dict(os.environ, names)


class LimitTestCase(unittest.TestCase):
    def setUp(self):
        self.registry = ProcessRegistry()
        self.ids = []
        for patch in (
            mock.patch.object(limits, "_next", {}),
            mock.patch.object(limits, "_unlogged", limits.Counter()),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def add(self, count=1, owner=ANN, path="/plone/export"):
        for _count in range(count):
            number = len(self.ids)
            self.ids.append(add(self.registry, number, owner, path))

    def assert_free(self, owner=ANN, view_name="export", max_queued=None):
        check_limits(self.registry, owner, view_name, max_queued)

    def assert_full(
        self, owner=ANN, view_name="export", max_queued=None,
        error=QueueFullError,
    ):  # fmt: skip
        with (
            self.assertRaises(QueueFullError) as caught,
            self.assertLogs("netsight.async_.records.limits"),
            mock.patch.object(limits, "_next", {}),
        ):
            check_limits(self.registry, owner, view_name, max_queued)
        self.assertIs(type(caught.exception), error)


class KindTests(LimitTestCase):
    """Each limit counts its own."""

    def test_what_is_held_does_not_count(self):
        self.add(3)
        self.registry.hold(self.registry[self.ids[0]])
        with (
            deployed("staging"),
            limited(max_queued="3", max_queued_user="3"),
        ):
            self.assert_free(max_queued=3)

    def test_one_less_than_the_limit_is_no_refusal(self):
        self.add(2)
        with limited(max_queued="3", max_queued_user="3"):
            self.assert_free(max_queued=3)

    def test_a_user(self):
        self.add(2)
        with limited(max_queued_user="2"):
            self.assert_full(error=UserQueueFullError)
            self.assert_free(BOB)

    def test_the_same_id_in_two_folders_is_two_users(self):
        self.add(2)
        with limited(max_queued_user="2"):
            self.assert_free(OTHER_ANN)

    def test_anonymous_visitors_are_one(self):
        self.add(2, ANONYMOUS)
        with limited(max_queued_anonymous="2", max_queued_user="1"):
            self.assert_full(ANONYMOUS)
            self.assert_free(ANN)

    def test_the_limit_of_users_is_none_of_anonymous_visitors(self):
        self.add(2, ANONYMOUS)
        with limited(max_queued_user="1"):
            self.assert_free(ANONYMOUS)

    def test_a_view_is_counted_anywhere_and_for_everybody(self):
        self.add(1, ANN, "/plone/export")
        self.add(1, ANONYMOUS, "/other/folder/export")
        with limited():
            self.assert_full(BOB, max_queued=2)
            self.assert_free(BOB, "import", max_queued=2)

    def test_in_all(self):
        self.add(1, ANN, "/plone/export")
        self.add(1, ANONYMOUS, "/plone/import")
        with limited(max_queued="2"):
            self.assert_full(BOB, "other")

    def test_without_limits_any_number_may_wait(self):
        self.add(20)
        self.add(20, ANONYMOUS)
        with limited():
            for owner in (ANN, ANONYMOUS):
                self.assert_free(owner)

    def test_ones_own_limit_is_told_first(self):
        self.add(2)
        with limited(max_queued="2", max_queued_user="2"):
            self.assert_full(max_queued=2, error=UserQueueFullError)

    def test_a_registry_of_1x_has_nothing_that_waits(self):
        self.registry = ProcessRegistry.__new__(ProcessRegistry)
        self.registry.__setstate__({"_process_registry": {}})
        with limited(max_queued="1", max_queued_user="1"):
            self.assert_free(max_queued=1)


class FreedTests(LimitTestCase):
    """What does not wait takes no place, before recovery has been there."""

    def check(self, change):
        """A change of any of three must make place for one more."""
        for which in range(3):
            with self.subTest(which):
                self.registry, self.ids = ProcessRegistry(), []
                self.add(3)
                with limited(max_queued="3", max_queued_user="3"):
                    self.assert_full(error=UserQueueFullError)
                    change(self.registry[self.ids[which]])
                    self.assert_free(max_queued=3)
                    self.add()
                    self.assert_full(error=UserQueueFullError)

    def test_one_that_is_claimed(self):
        worker = self.registry.worker(this_worker())
        self.check(lambda process: process.claim_for(worker))

    def test_one_that_has_ended(self):
        self.check(lambda process: process.complete(1, None))

    def test_one_that_is_cancelled(self):
        self.check(lambda process: process.cancel())

    def test_one_that_is_removed(self):
        self.add(3)
        with limited(max_queued_user="3"):
            self.registry.remove(self.ids[1])
            self.assert_free()

    def test_one_that_is_retired(self):
        self.add(3)
        with limited(max_queued_user="3"):
            self.registry[self.ids[1]].cancel()
            self.registry.retire(self.ids[1])
            self.assertEqual(self.registry.active_count(), 2)
            self.assert_free()

    def test_those_of_others_with_the_same_mark_do_not_count(self):
        with mock.patch(
            "netsight.async_.records.registry.crc32", lambda data: 1
        ):
            self.add(2, BOB, "/plone/import")
            self.add(1, ANN)
            like = self.registry.active_like(ANN, "export")
            self.assertEqual(list(like), self.ids)
            with limited(max_queued_user="2"):
                self.assert_free(max_queued=2)
                self.add(1, ANN)
                self.assert_full(error=UserQueueFullError)

    def test_of_many_those_behind_the_first_count(self):
        self.add(WAITING_MOST + 2)
        with limited(max_queued_user=str(WAITING_MOST + 2)):
            self.registry[self.ids[-1]].cancel()
            self.assert_full(error=UserQueueFullError)
            self.registry[self.ids[0]].cancel()
            self.assert_free()


class IndexTests(LimitTestCase):
    """The ids that the marks find are those of a query."""

    def setUp(self):
        super().setUp()
        for owner in (ANN, BOB, OTHER_ANN, ANONYMOUS):
            for path in ("/plone/export", "/plone/import", "/plone/\xe9"):
                self.add(2, owner, path)

    def test_owner_and_view(self):
        for owner in (None, ANN, BOB, OTHER_ANN, ANONYMOUS):
            for view_name in (None, "export", "import", "\xe9", "none"):
                query = Query(owner=owner, view_name=view_name)
                expected = [
                    each
                    for each in self.ids
                    if query.matches(self.registry[each])
                ]
                found = list(self.registry.active_like(owner, view_name))
                self.assertEqual(found, expected)


class LogTests(LimitTestCase):
    """Whoever floods the queue does not flood the log."""

    def setUp(self):
        super().setUp()
        self.add(2)
        self.add(2, ANONYMOUS)

    def refused(self, count, owner=ANN):
        """Return the lines for so many refusals."""
        with (
            limited(max_queued_user="2", max_queued_anonymous="2"),
            self.assertLogs("netsight.async_.records.limits") as logs,
        ):
            limits.logger.info("for assertLogs")
            for _count in range(count):
                with self.assertRaises(QueueFullError):
                    check_limits(self.registry, owner, "export", None)
        return [record.getMessage() for record in logs.records[1:]]

    def test_it_says_who_and_which_limit(self):
        (line,) = self.refused(1)
        self.assertIn("max-queued-user = 2 is reached", line)
        self.assertIn("export by ann of /plone/acl_users", line)

    def test_each_limit_is_logged_once_in_a_minute(self):
        now = [1000.0]
        with mock.patch.object(limits.time, "monotonic", lambda: now[0]):
            self.assertEqual(len(self.refused(5)), 1)
            self.assertEqual(len(self.refused(5, ANONYMOUS)), 1)
            now[0] += 59
            self.assertEqual(self.refused(1), [])
            now[0] += 1
            (line,) = self.refused(1)
        self.assertIn("so were 5 others", line)


class LimitCostTests(AsyncTestCase):
    """What a start loads with an empty cache, beside 2,000 that wait."""

    def loads(self, owner):
        with own_transaction("test") as root:
            connection = root._p_jar
            connection.cacheMinimize()
            connection.getTransferCounts(True)
            try:
                check_limits(query_registry(root), owner, "export", None)
            finally:
                self.seen = connection.getTransferCounts()[0]
            return self.seen

    def setUp(self):
        super().setUp()
        registry = getProcessRegistry(self.app)
        for number in range(2000):
            add(registry, number, BOB if number % 3 else ANN)
        transaction.commit()

    def test_no_process_is_loaded_below_the_limit(self):
        with limited(max_queued="10000", max_queued_user="1999"):
            # Buckets of ids only.
            self.assertLess(self.loads(ANN), 500)

    def test_nor_far_above_it(self):
        with (
            limited(max_queued="10000", max_queued_user="100"),
            self.assertRaises(UserQueueFullError),
        ):
            self.loads(ANN)
        self.assertLess(self.seen, 500)
