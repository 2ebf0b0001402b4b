"""Short transactions of our own, and the connections that they use."""

import unittest
from unittest import mock

import Zope2
from persistent.mapping import PersistentMapping
from ZODB.DB import DB
from ZODB.mvccadapter import MVCCAdapterInstance

from netsight.async_.records.database import OwnConnection
from netsight.async_.records.database import OwnManager
from netsight.async_.records.database import own_transaction
from netsight.async_.tests.support import AsyncTestCase


def is_away(storage):
    """What a storage raises while its database is away."""
    raise OSError("the server closed the connection")


class AwayTests(AsyncTestCase):
    """RelStorage raises when a connection is to see what is new."""

    def check(self, transaction):
        before = self.opened()
        with (
            mock.patch.object(
                MVCCAdapterInstance, "poll_invalidations", is_away
            ),
            self.assertRaisesRegex(OSError, "the server closed"),
            transaction("test"),
        ):
            raise AssertionError("a transaction has begun")
        self.assertEqual(self.opened(), before)

    def opened(self):
        """Return the connections that nobody has closed."""
        return [each for each in Zope2.DB.pool if each.opened]

    def test_an_own_transaction_leaves_no_connection(self):
        self.check(own_transaction)

    def test_an_own_connection_is_given_back(self):
        self.check(OwnConnection().transaction)


class ClosedTests(unittest.TestCase):
    def setUp(self):
        self.database = DB(None)
        with self.database.transaction() as connection:
            connection.root()["Application"] = PersistentMapping()
        patch = mock.patch.object(Zope2, "DB", self.database)
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_database_while_a_connection_to_it_is_kept(self):
        """That of a heartbeat, when a Zope stops that was held up."""
        with OwnConnection().transaction("test"):
            pass
        storage = self.database.storage
        self.database.close()
        self.assertFalse(storage.opened())

    def test_an_error_before_the_transaction_comes_out(self):
        with (
            mock.patch.object(OwnManager, "begin", is_away),
            self.assertRaisesRegex(OSError, "the server closed"),
            own_transaction("test"),
        ):
            raise AssertionError("a transaction has begun")
