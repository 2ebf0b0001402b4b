"""How a run waits for a database that is away."""

import unittest
from unittest import mock

from netsight.async_.running import patience
from netsight.async_.running.patience import Patience
from netsight.async_.running.tests.cut_off import ClientDisconnected
from netsight.async_.running.tests.cut_off import cut_off


HOUR = 3600


class PatienceTests(unittest.TestCase):
    def setUp(self):
        self.now = 0
        self.pauses = []
        patcher = mock.patch.object(patience.time, "sleep", self.sleep)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.patience = Patience("an-id")

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds

    def be_away(self, seconds):
        """Raise an error until a time has come; return it then."""
        if self.now < seconds:
            cut_off(ClientDisconnected, "ZEO.asyncio.client")
        return self.now

    def insist(self, seconds):
        with self.assertLogs(patience.logger, "WARNING") as logs:
            back = self.patience.insist(self.be_away, seconds)
        self.assertEqual(len(logs.output), 1)
        self.assertIn("an-id", logs.output[0])
        return back

    def test_it_waits_for_an_hour_and_logs_that_once(self):
        back = self.insist(HOUR)
        self.assertTrue(HOUR <= back < HOUR + patience.MOST_SECONDS)

    def test_the_pauses_grow_up_to_a_limit(self):
        self.insist(HOUR)
        self.assertEqual(self.pauses, sorted(self.pauses))
        self.assertEqual(self.pauses[0], patience.FIRST_SECONDS)
        self.assertEqual(self.pauses[-1], patience.MOST_SECONDS)

    def test_the_next_time_it_begins_with_short_pauses(self):
        self.insist(HOUR)
        self.pauses.clear()
        self.insist(2 * HOUR)
        self.assertEqual(self.pauses[0], patience.FIRST_SECONDS)

    def test_it_knows_while_it_waits(self):
        def look():
            seen.append(self.patience.is_waiting)
            return self.be_away(1)

        seen = []
        with self.assertLogs(patience.logger, "WARNING"):
            self.patience.insist(look)
        self.assertEqual(seen, [False, True])
        self.assertFalse(self.patience.is_waiting)

    def test_what_else_is_raised_is_not_waited_for(self):
        def fail():
            raise ValueError("why")

        with self.assertRaises(ValueError):
            self.patience.insist(fail)
        self.assertEqual(self.pauses, [])
