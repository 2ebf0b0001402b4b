"""Which claims beat, and what the others rely on."""

import time
import unittest
from unittest import mock

from transaction import TransactionManager
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage
from ZODB.POSException import ConflictError

from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import this_worker
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.running import runner
from netsight.async_.running.pulse import Pulse
from netsight.async_.running.pulse import TooLate
from netsight.async_.tests.support import AsyncTestCase


class PulseTests(unittest.TestCase):
    """On a database; the settings are the default ones."""

    def setUp(self):
        self.database = DB(DemoStorage())
        self.addCleanup(self.database.close)
        with self.database.transaction() as connection:
            connection.root()["registry"] = ProcessRegistry()
            connection.root()["registry"].worker("mine")
        self.pulse = Pulse()

    def opened(self):
        """Return a transaction manager, and the worker as it sees it."""
        manager = TransactionManager()
        connection = self.database.open(manager)
        self.addCleanup(connection.close)
        self.addCleanup(manager.abort)
        return manager, connection.root()["registry"].worker("mine")

    def test_a_worker_that_has_not_beaten_beats(self):
        _manager, worker = self.opened()
        self.assertTrue(self.pulse.beats_with(worker))
        self.assertTrue(worker._p_changed)

    def test_one_that_has_just_beaten_does_not(self):
        self.pulse.note(time.monotonic())
        manager, worker = self.opened()
        self.assertFalse(self.pulse.beats_with(worker))
        before = worker._p_serial
        manager.commit()
        _manager, worker = self.opened()
        worker._p_activate()
        self.assertEqual(worker._p_serial, before)

    def test_one_whose_beat_is_old_beats(self):
        self.pulse.note(time.monotonic() - 8)
        _manager, worker = self.opened()
        self.assertTrue(self.pulse.beats_with(worker))

    def test_one_whose_record_says_that_it_is_old_beats(self):
        self.pulse.note(time.monotonic())
        with self.database.transaction() as connection:
            connection.root()["registry"].worker("mine").beat_at -= 8
        _manager, worker = self.opened()
        self.assertTrue(self.pulse.beats_with(worker))

    def test_one_that_others_listen_to_beats(self):
        self.pulse.note(time.monotonic())
        self.pulse.be_heard()
        _manager, worker = self.opened()
        self.assertTrue(self.pulse.beats_with(worker))

    def test_one_that_was_ended_beats(self):
        self.pulse.note(time.monotonic())
        with self.database.transaction() as connection:
            connection.root()["registry"].worker("mine").end()
        _manager, worker = self.opened()
        self.assertTrue(self.pulse.beats_with(worker))

    def test_who_is_forgotten_meanwhile_conflicts(self):
        self.pulse.note(time.monotonic())
        manager, worker = self.opened()
        self.assertFalse(self.pulse.beats_with(worker))
        with self.database.transaction() as connection:
            connection.root()["registry"].worker("mine").end()
        with self.assertRaises(ConflictError):
            manager.commit()

    def test_a_commit_that_takes_too_long_is_refused(self):
        self.pulse.note(time.monotonic())
        manager, worker = self.opened()
        self.assertFalse(self.pulse.beats_with(worker))
        manager.get().join(Slow(3600))
        with self.assertRaises(TooLate):
            manager.commit()


class Slow:
    """Takes part in a transaction, and so long that the clock is changed."""

    def __init__(self, seconds):
        self._seconds = seconds

    def sortKey(self):
        return "slow"

    def tpc_vote(self, txn):
        now = time.monotonic() + self._seconds
        self._patch = mock.patch.object(time, "monotonic", lambda: now)
        self._patch.start()

    def tpc_abort(self, txn):
        self._patch.stop()

    def abort(self, txn):
        """Nothing to do."""

    tpc_begin = commit = tpc_finish = abort


class ClaimTests(AsyncTestCase):
    def beats(self):
        return transact("test", beats)

    def test_of_two_claims_in_a_row_the_second_writes_no_heartbeat(self):
        with mock.patch.object(runner, "pulse", Pulse()):
            self.run_job(lambda view, pid: "x")
            before = self.beats()
            self.run_job(lambda view, pid: "x")
            self.assertEqual(self.beats(), before)

    def test_one_after_a_long_pause_does(self):
        with mock.patch.object(runner, "pulse", Pulse()):
            self.run_job(lambda view, pid: "x")
            before = self.beats()
        with mock.patch.object(runner, "pulse", Pulse()):
            self.run_job(lambda view, pid: "x")
            self.assertEqual(self.beats(), before + 1)


def beats(root):
    return query_registry(root).worker(this_worker()).beats
