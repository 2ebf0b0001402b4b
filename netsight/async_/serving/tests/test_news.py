"""What a storage tells of the commits of others, or is asked for."""

import threading
import time
import unittest
from unittest import mock

import transaction
from persistent.mapping import PersistentMapping
from ZODB.DB import DB
from ZODB.interfaces import IStorageWrapper
from ZODB.MappingStorage import MappingStorage
from ZODB.tests.MVCCMappingStorage import MVCCMappingStorage
from ZODB.utils import p64

from netsight.async_.records.nodes import Nodes
from netsight.async_.serving import news
from netsight.async_.serving.news import AskedNews
from netsight.async_.serving.news import Listener
from netsight.async_.serving.news import ToldNews
from netsight.async_.serving.news import news_of


LEAF, INNER, WORKER, CLAIM, OTHER = map(p64, range(1, 6))

WATCHED = Nodes(frozenset([LEAF]), frozenset([INNER]))

TID = p64(100)


class TellingStorage(MappingStorage):
    """One that tells of commits elsewhere, as a client of ZEO does."""

    wrapper = None

    def registerDB(self, wrapper):
        self.wrapper = wrapper


class ToldTests(unittest.TestCase):
    def setUp(self):
        self.wakes = []
        self.news = ToldNews(lambda: self.wakes.append(1))
        self.news.watch(WATCHED, frozenset([WORKER]))

    def test_before_it_is_known_what_is_watched_all_may_be_a_start(self):
        told = ToldNews(lambda: self.wakes.append(1))
        told.tell(TID, [OTHER])
        self.assertEqual(self.wakes, [1])
        (committed,) = told.take()
        self.assertTrue(committed.is_start)
        self.assertTrue(committed.is_split)

    def test_what_concerns_nobody_is_forgotten(self):
        self.news.tell(TID, [OTHER])
        self.assertEqual(self.wakes, [])
        self.assertEqual(self.news.take(), [])

    def test_a_start_wakes(self):
        self.news.tell(TID, [LEAF, OTHER])
        self.assertEqual(self.wakes, [1])
        (committed,) = self.news.take()
        self.assertTrue(committed.is_start)
        self.assertFalse(committed.is_split)
        self.assertEqual(committed.tid, TID)
        self.assertEqual(committed.oids, {LEAF, OTHER})
        self.assertEqual(self.news.take(), [])

    def test_one_that_changes_the_tree_is_noted_as_such(self):
        self.news.tell(TID, [INNER, OTHER])
        self.assertEqual(self.wakes, [1])
        self.assertTrue(self.news.take()[0].is_split)

    def test_a_claim_is_kept_and_wakes_nobody(self):
        self.news.tell(TID, [WORKER, CLAIM])
        self.assertEqual(self.wakes, [])
        self.assertTrue(self.news.has_claim_of(frozenset([CLAIM, OTHER]), 0))
        self.assertFalse(self.news.has_claim_of(frozenset([OTHER]), 0))
        later = time.monotonic()
        self.assertFalse(self.news.has_claim_of(frozenset([CLAIM]), later))
        self.assertFalse(self.news.take()[0].is_start)
        self.assertFalse(self.news.has_claim_of(frozenset([CLAIM]), 0))

    def test_of_too_many_the_newest_are_kept(self):
        for number in range(news.KEPT_MOST + 1):
            self.news.tell(p64(number), [LEAF])
        taken = self.news.take()
        self.assertEqual(len(taken), news.KEPT_MOST)
        self.assertEqual(taken[-1].tid, p64(news.KEPT_MOST))


class ListenerTests(unittest.TestCase):
    def setUp(self):
        self.storage = TellingStorage()
        self.database = DB(self.storage)
        self.addCleanup(self.database.close)
        self.before = self.storage.wrapper
        self.woken = threading.Event()
        self.news = news_of(self.database, self.woken.set)
        self.news.watch(WATCHED, frozenset())

    def test_it_is_what_a_storage_expects(self):
        listener = self.storage.wrapper
        self.assertIsInstance(listener, Listener)
        for name in set(IStorageWrapper) - {"invalidate", "invalidateCache"}:
            self.assertEqual(
                getattr(listener, name), getattr(self.before, name)
            )

    def test_connections_are_told_as_before(self):
        connection = self.database.open(transaction.TransactionManager())
        self.addCleanup(connection.close)
        root = connection.root()
        root._p_activate()
        self.storage.wrapper.invalidate(TID, [root._p_oid, LEAF])
        connection.newTransaction(None)
        self.assertIsNone(root._p_changed)
        self.assertTrue(self.woken.is_set())

    def test_so_are_they_that_they_know_nothing_any_more(self):
        with mock.patch.object(self.before, "_instances", [mock.Mock()]) as i:
            self.storage.wrapper.invalidateCache()
            i[0]._invalidateCache.assert_called_once_with()
        self.assertTrue(self.woken.is_set())
        self.assertIsNone(self.news.take()[0].tid)

    def test_own_commits_are_no_news(self):
        with self.database.transaction() as connection:
            connection.root()["new"] = PersistentMapping()
        self.assertFalse(self.woken.is_set())


class AskedTests(unittest.TestCase):
    def setUp(self):
        self.storage = MVCCMappingStorage()
        self.database = DB(self.storage)
        self.addCleanup(self.database.close)
        self.news = news_of(self.database, None)
        self.addCleanup(self.news.close)
        with self.database.transaction() as connection:
            connection.root()["leaf"] = PersistentMapping()
            connection.root()["other"] = PersistentMapping()
        with self.database.transaction() as connection:
            leaf = connection.root()["leaf"]._p_oid
        self.news.take()
        self.news.watch(Nodes(frozenset([leaf]), frozenset()), frozenset())
        self.news.take()

    def change(self, name):
        with self.database.transaction() as connection:
            connection.root()[name]["x"] = 1

    def test_a_start_is_told_once(self):
        self.change("leaf")
        (committed,) = self.news.take()
        self.assertTrue(committed.is_start)
        self.assertIsNone(committed.tid)
        self.assertEqual(self.news.take(), [])

    def test_other_commits_are_not(self):
        self.change("other")
        self.assertEqual(self.news.take(), [])

    def test_it_is_asked_often_for_some_time_after_one(self):
        self.assertEqual(self.news.seconds, news.ASK_SECONDS)
        with mock.patch.object(news, "ASKED_SECONDS", -1.0):
            self.change("leaf")
            self.news.take()
        self.assertEqual(self.news.seconds, float("inf"))

    def test_after_an_error_anything_may_have_happened(self):
        with (
            mock.patch.object(
                MVCCMappingStorage, "poll_invalidations", side_effect=OSError
            ),
            self.assertRaises(OSError),
        ):
            self.news.take()
        self.news.watch(Nodes(frozenset(), frozenset()), frozenset())
        self.assertEqual(self.news.take()[:0], [])
        self.assertFalse(self.news.has_claim_of(frozenset([CLAIM]), 0))


class NoNewsTests(unittest.TestCase):
    def test_a_storage_may_have_none(self):
        database = mock.Mock(storage=object(), _mvcc_storage=object())
        self.assertIsNone(news_of(database, None))

    def test_a_storage_with_sessions_is_asked(self):
        database = DB(MVCCMappingStorage())
        self.addCleanup(database.close)
        self.assertIsInstance(news_of(database, None), AskedNews)
