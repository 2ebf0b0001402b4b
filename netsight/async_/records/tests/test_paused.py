"""Queues that are paused, as they are stored."""

import unittest

import transaction

from netsight.async_.exceptions import ClaimLostError
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.notes import Notes
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.records.paused import Pause
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.tests.record_support import ANN
from netsight.async_.tests.record_support import BOB
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.storage_support import FileStorageTestCase


class PausedTestCase(unittest.TestCase):
    def setUp(self):
        self.registry = ProcessRegistry()

    def pause(self, queue="default", since=1.0, owner=ANN):
        self.registry.pause(Pause(queue, since, owner))

    def process(self, number=0, **kwargs):
        return self.registry[add(self.registry, number, **kwargs)]

    def claim(self, process):
        return process.claim_for(self.registry.worker("ours"))


class PauseTests(PausedTestCase):
    def test_none_is_paused_at_first(self):
        self.assertFalse(self.registry.is_paused("default"))
        self.assertEqual(self.registry.pauses(), [])

    def test_who_paused_it_and_when_is_kept(self):
        self.pause("slow", 5.0, BOB)
        self.assertEqual(self.registry.pauses(), [Pause("slow", 5.0, BOB)])

    def test_they_are_in_the_order_of_their_names(self):
        self.pause("slow")
        self.pause("default", owner=ANONYMOUS)
        queues = [each.queue for each in self.registry.pauses()]
        self.assertEqual(queues, ["default", "slow"])

    def test_the_second_one_who_pauses_it_changes_nothing(self):
        self.pause(since=1.0)
        self.pause(since=2.0, owner=BOB)
        self.assertEqual(self.registry.pauses(), [Pause("default", 1.0, ANN)])

    def test_a_resumed_one_is_not_paused(self):
        self.pause()
        self.assertTrue(self.registry.resume("default"))
        self.assertFalse(self.registry.is_paused("default"))

    def test_what_is_not_paused_cannot_be_resumed(self):
        self.pause("slow")
        self.assertFalse(self.registry.resume("default"))
        self.assertTrue(self.registry.is_paused("slow"))

    def test_all_zopes_are_to_look_again_after_it(self):
        self.pause()
        before = self.registry.returns()
        self.registry.resume("default")
        self.assertGreater(self.registry.returns(), before)

    def test_a_registry_of_1x_can_have_pauses(self):
        registry = ProcessRegistry.__new__(ProcessRegistry)
        self.assertEqual(registry.pauses(), [])
        registry.pause(Pause("default", 1.0, ANN))
        self.assertTrue(registry.is_paused("default"))


class ClaimTests(PausedTestCase):
    def test_nobody_claims_what_waits(self):
        process = self.process()
        self.pause()
        with self.assertRaisesRegex(ClaimLostError, "'default' is paused"):
            self.claim(process)
        self.assertEqual(process.state, "queued")
        self.assertTrue(process.is_paused)
        self.assertFalse(process.may_begin)

    def test_what_waits_elsewhere_is_claimed(self):
        self.pause("slow")
        process = self.process()
        self.assertTrue(process.may_begin)
        self.claim(process)
        self.assertEqual(process.state, "running")

    def test_what_runs_goes_on(self):
        process = self.process()
        token = self.claim(process)
        self.pause()
        process.check_claim("ours", token)
        self.assertFalse(process.is_paused)

    def test_it_is_claimed_after_a_resume(self):
        process = self.process()
        self.pause()
        self.registry.resume("default")
        self.claim(process)
        self.assertEqual(process.state, "running")

    def test_what_no_registry_has_waits_in_no_queue(self):
        process = make_process()
        process.notes = None
        self.assertFalse(process.is_paused)

    def test_what_waits_can_be_cancelled(self):
        process = self.process(cancellable=True)
        self.pause()
        process.cancel()
        self.assertEqual(process.state, "cancelled")

    def test_a_dead_worker_is_recovered_but_not_claimed(self):
        process = self.process(max_attempts=2)
        self.claim(process)
        self.pause()
        self.registry.worker("ours").end()
        with self.assertRaises(ClaimLostError):
            process.claim_for(self.registry.worker("other"))
        self.assertEqual(process.state, "queued")


class StoredTests(FileStorageTestCase):
    """A claim and a pause at the same time, in two connections."""

    def setUp(self):
        super().setUp()
        self.registry()
        transaction.commit()
        self.manager = transaction.TransactionManager()
        connection = self.database.open(self.manager)
        self.addCleanup(connection.close)
        self.addCleanup(self.manager.abort)
        self.theirs = getProcessRegistry(connection.root()["Application"])

    def registry(self):
        return getProcessRegistry(self.app)

    def queued(self, number):
        process_id = add(self.registry(), number)
        self.registry().worker("theirs")
        transaction.commit()
        self.manager.begin()
        return process_id

    def claim(self, process_id):
        worker = self.theirs.worker("theirs")
        self.theirs[process_id].claim_for(worker)

    def change(self, function, *args):
        function(*args)
        transaction.commit()

    def check_conflict(self, process_id):
        """Check that a claim is not committed after what was, meanwhile."""
        with self.assertRaises(transaction.interfaces.TransientError):
            self.manager.commit()
        self.manager.abort()

    def test_the_first_pause_of_all_comes_before_a_claim(self):
        process_id = self.queued(0)
        self.claim(process_id)
        self.change(self.registry().pause, Pause("default", 1.0, ANN))
        self.check_conflict(process_id)
        with self.assertRaises(ClaimLostError):
            self.claim(process_id)

    def test_a_later_pause_comes_before_a_claim(self):
        self.change(self.registry().pause, Pause("slow", 1.0, ANN))
        process_id = self.queued(0)
        self.claim(process_id)
        self.change(self.registry().pause, Pause("default", 1.0, ANN))
        self.check_conflict(process_id)
        with self.assertRaises(ClaimLostError):
            self.claim(process_id)

    def test_two_claims_at_once_do_not_meet_by_it(self):
        self.change(self.registry().pause, Pause("slow", 1.0, ANN))
        mine = add(self.registry(), 1)
        self.registry().worker("mine")
        process_id = self.queued(0)
        self.claim(process_id)
        self.registry()[mine].claim_for(self.registry().worker("mine"))
        transaction.commit()
        self.manager.commit()

    def test_notes_of_before_have_no_pauses(self):
        notes = Notes()
        self.assertNotIn("paused", notes.__dict__)
        self.assertFalse(notes.is_paused("default"))
