"""What a worker that drains does when its look for work fails."""

import unittest
from unittest import mock

from ZEO.Exceptions import ClientDisconnected
from ZODB.POSException import ConflictError
from ZODB.POSException import StorageError

from netsight.async_.serving import worker


class DrainErrorTests(unittest.TestCase):
    def drain(self, *looks):
        """Work with looks that return or raise; return the exit status."""
        with (
            mock.patch.object(worker, "transact", side_effect=looks),
            mock.patch.object(worker, "LOOK_SECONDS", 0),
        ):
            return worker._work(drain=True)

    def test_it_waits_for_a_storage_that_is_away(self):
        away = ClientDisconnected(), StorageError(), ConflictError()
        self.assertEqual(self.drain(*away, False), 0)

    def test_it_ends_when_the_look_itself_is_wrong(self):
        with self.assertLogs(worker.logger, "ERROR") as logs:
            self.assertEqual(self.drain(KeyError("ours"), False), 1)
        self.assertIn("KeyError", logs.output[0])
