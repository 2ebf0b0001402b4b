"""A process that the transaction of a request does not see yet."""

from types import SimpleNamespace

import transaction

from netsight.async_.answers.asked import NotSeenYet
from netsight.async_.answers.asked import asked_process
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.records.ids import new_process_id
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never


def request(repeats):
    """Return what of a request is asked for: whether Zope may repeat it."""
    return SimpleNamespace(supports_retry=lambda: repeats)


class AskedTests(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.manager = transaction.TransactionManager()
        connection = self.layer["zodbDB"].open(self.manager)
        self.addCleanup(connection.close)
        self.addCleanup(self.manager.abort)
        self.root = connection.root()["Application"]

    def started_since(self):
        """Return the id of a process that `self.root` does not see."""
        self.manager.begin()
        with processes_run_by(Never()):
            return self.client().start("job")

    def test_one_that_was_started_since_is_not_seen_yet(self):
        process_id = self.started_since()
        with self.assertRaises(NotSeenYet):
            asked_process(self.root, process_id, request(repeats=True))

    def test_it_is_seen_by_a_new_transaction(self):
        process_id = self.started_since()
        self.manager.begin()
        process = asked_process(self.root, process_id, request(repeats=True))
        self.assertEqual(process.id, process_id)

    def test_there_is_none_for_a_request_that_is_not_repeated_again(self):
        process_id = self.started_since()
        with self.assertRaises(NoSuchProcessError):
            asked_process(self.root, process_id, request(repeats=False))

    def test_nor_is_there_one_that_was_never_started(self):
        with self.assertRaises(NoSuchProcessError):
            asked_process(self.root, new_process_id(), request(repeats=True))
