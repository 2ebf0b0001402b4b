"""What becomes of the processes of a dead worker, and of old ones."""

import tempfile
import time
import unittest
from unittest import mock

from persistent.mapping import PersistentMapping
from transaction import TransactionManager
from ZODB.blob import BlobStorage
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError

from netsight.async_.records.lease import Hold
from netsight.async_.records.lease import lookout
from netsight.async_.records.lease import this_worker
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.records.parts import Error
from netsight.async_.records.parts import Outcome
from netsight.async_.records.queued import Queued
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.serving import recovery
from netsight.async_.serving.recovery import DAY_SECONDS
from netsight.async_.serving.recovery import end_other_workers
from netsight.async_.serving.recovery import is_exclusive
from netsight.async_.serving.recovery import recover
from netsight.async_.serving.recovery import sweep
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.support import AsyncTestCase


class RecoveryTests(unittest.TestCase):
    """Without a database."""

    def setUp(self):
        self.registry = ProcessRegistry()

    def process(self, process_id="a", worker=None, **kwargs):
        process = make_process(**kwargs)
        process.id = process_id
        self.registry.add(process)
        if worker is not None:
            process.claim_for(self.registry.worker(worker))
        return process

    def dead(self, **kwargs):
        process = self.process(worker="dead", **kwargs)
        self.registry.worker("dead").end()
        return process

    def queued(self, **kwargs):
        """Recover; return the ids of the queued processes."""
        recovered = recover(self.registry, **kwargs)
        return [queued.process_id for queued in recovered.queued]

    def test_a_running_process_of_a_dead_worker_is_lost(self):
        process = self.dead()
        self.assertEqual(process.state, "lost", "even before recovery")
        self.assertEqual(self.queued(), [])
        self.assertEqual(process.outcome.state, "lost")
        self.assertTrue(process.may_run_again)

    def test_its_claim_is_void_then(self):
        process = self.process()
        token = process.claim_for(self.registry.worker("dead"))
        self.registry.worker("dead").end()
        recover(self.registry)
        self.assertFalse(process.claim.is_held_by("dead", token))

    def test_one_that_may_run_again_is_queued(self):
        process = self.dead(max_attempts=3)
        self.assertEqual(self.queued(), ["a"])
        self.assertEqual(process.state, "queued")
        self.assertIsNotNone(process.request)

    def test_it_reads_as_queued_even_before_recovery(self):
        process = self.dead(max_attempts=3)
        self.assertEqual(process.state, "queued")
        self.assertTrue(process.is_abandoned)

    def test_an_orderly_stop_is_no_death(self):
        process = self.dead(max_attempts=2)
        recover(self.registry, leaving="dead")
        process.claim_for(self.registry.worker("dead2"))
        self.registry.worker("dead2").end()
        self.assertEqual(self.queued(), ["a"])
        self.assertEqual(process.claim.deaths, 1)

    def test_one_that_is_handed_back_and_may_not_repeat_is_lost(self):
        process = self.dead()
        recover(self.registry, leaving="dead")
        self.assertEqual(process.state, "lost")

    def test_one_that_is_claimed_before_recovery_counts_the_death(self):
        process = self.dead(max_attempts=3)
        process.claim_for(self.registry.worker("next"))
        self.assertEqual((process.claim.deaths, process.claim.number), (1, 2))

    def test_the_last_death_reads_as_failed_even_before_recovery(self):
        process = self.dead(max_attempts=2)
        process.claim.deaths = 1
        self.assertEqual(process.state, "failed")

    def test_one_that_killed_all_its_workers_is_failed(self):
        process = self.dead(max_attempts=2)
        recover(self.registry)
        process.claim_for(self.registry.worker("dead2"))
        self.registry.worker("dead2").end()
        self.assertEqual(self.queued(), [])
        self.assertEqual(process.state, "failed")
        self.assertIn("each of 2 attempts", process.error.text)

    def test_a_running_process_of_a_living_worker_goes_on(self):
        process = self.process(worker=this_worker())
        self.assertEqual(self.queued(), [])
        self.assertEqual(process.state, "running")
        self.assertEqual(self.registry.active_ids(), ["a"])

    def test_a_claim_of_this_worker_that_no_thread_holds_is_recovered(self):
        held = self.process("held", worker=this_worker())
        dropped = self.process("dropped", worker=this_worker())
        again = self.process("again", worker=this_worker(), max_attempts=3)
        queued = self.queued(holds={Hold("held", held.claim.token)})
        self.assertEqual(held.state, "running")
        self.assertEqual(dropped.state, "lost")
        self.assertEqual(again.state, "queued")
        self.assertEqual(again.claim.deaths, 1)
        self.assertEqual(queued, ["again"])

    def test_the_hold_of_an_earlier_claim_is_none(self):
        process = self.process(worker=this_worker())
        recover(self.registry, holds={Hold("a", "earlier")})
        self.assertEqual(process.state, "lost")

    def test_queued_processes_come_in_the_order_of_the_starts(self):
        for number, process_id in enumerate("dbca"):
            self.process(process_id).created = float(number)
        self.assertEqual(self.queued(), list("dbca"))

    def test_executors_are_told_queue_priority_and_owner(self):
        self.process(queue="heavy", priority=7)
        recovered = recover(self.registry)
        self.assertEqual(
            recovered.queued, [Queued("a", "heavy", 7, ANONYMOUS)]
        )

    def test_what_is_over_by_recovery_is_told_and_nothing_else(self):
        self.dead()
        self.process("done").complete(1, None)
        (end,) = recover(self.registry).ended
        self.assertEqual(end.process_id, "a")
        self.assertEqual(recover(self.registry).ended, [])

    def test_ended_processes_leave_the_active_set(self):
        self.process("done").complete(1, None)
        self.process("failed").fail(1, Error("E", "e", ""))
        self.process("queued")
        recover(self.registry)
        self.assertEqual(self.registry.active_ids(), ["queued"])
        self.assertIn("done", self.registry)

    def test_what_has_left_it_is_never_queued_again(self):
        process = self.process("done", max_attempts=3)
        process.complete(1, None)
        recover(self.registry)
        # As an undo in the database does it.
        process.outcome = Outcome()
        self.assertEqual(process.state, "lost")
        self.assertEqual(self.queued(), [])

    def test_dead_workers_without_processes_are_forgotten(self):
        self.dead()
        self.process("b", worker=this_worker())
        recover(self.registry)
        recover(self.registry)
        names = [worker.name for worker in self.registry.workers()]
        self.assertEqual(names, [this_worker()])

    def test_what_1x_left_is_dropped(self):
        old = ProcessRegistry.__new__(ProcessRegistry)
        old.__setstate__({"_process_registry": PersistentMapping(a={})})
        self.assertEqual(recover(old), ({}, [], [], [], set()))
        self.assertNotIn("_process_registry", old.__dict__)

    def test_twice_is_as_once(self):
        self.dead(max_attempts=3)
        self.assertEqual(recover(self.registry), recover(self.registry))

    def test_a_new_server_on_its_own_storage_ends_all_others(self):
        process = self.process(worker="earlier")
        mine = self.process("b", worker=this_worker())
        end_other_workers(self.registry)
        self.assertEqual(process.state, "lost")
        self.assertEqual(mine.state, "running")


class ForgottenWorkerTests(unittest.TestCase):
    """On a database, with one transaction in another."""

    def setUp(self):
        # It begins to look, whatever other tests have looked at.
        begins = mock.patch.object(lookout, "_first", None)
        begins.start()
        self.addCleanup(begins.stop)
        self.database = DB(DemoStorage())
        self.addCleanup(self.database.close)
        with self.database.transaction() as connection:
            registry = ProcessRegistry()
            connection.root()["registry"] = registry
            registry.add(make_process())
            registry.worker("idle").beat_at = 0.0

    def opened(self):
        """Return a transaction manager and the registry as it sees it."""
        manager = TransactionManager()
        connection = self.database.open(manager)
        self.addCleanup(connection.close)
        self.addCleanup(manager.abort)
        return manager, connection.root()["registry"]

    def test_an_idle_worker_is_not_forgotten_while_it_claims(self):
        mine, registry = self.opened()
        worker = registry.worker("idle")
        worker.beat()
        registry["an-id"].claim_for(worker)
        other, registry = self.opened()
        recover(registry)
        self.assertEqual(registry.workers(), [])
        other.commit()
        with self.assertRaises(ConflictError):
            mine.commit()

    def test_a_worker_that_beats_in_between_is_not_recovered_from(self):
        """The recovery was held up by another commit, and the beat as well."""
        for kwargs in {}, {"max_attempts": 3}:
            with self.subTest(kwargs):
                self.claimed("late", **kwargs)
                late, registry = self.opened()
                registry.worker("late").beat()
                other, registry = self.opened()
                registry.worker("late")._p_activate()
                with mock.patch.object(lookout, "is_heard", lambda w: False):
                    recover(registry)
                late.commit()
                with self.assertRaises(ConflictError):
                    other.commit()

    def claimed(self, name, **kwargs):
        with self.database.transaction() as connection:
            registry = connection.root()["registry"]
            process = make_process(f"of-{name}-{len(kwargs)}", **kwargs)
            registry.add(process)
            process.claim_for(registry.worker(name))


class ExclusiveTests(AsyncTestCase):
    def test_a_file_storage_is_exclusive_and_others_are_not(self):
        with tempfile.TemporaryDirectory() as folder:
            for blob_dir in (None, f"{folder}/blobs"):
                storage = FileStorage(f"{folder}/Data.fs", blob_dir=blob_dir)
                database = DB(storage)
                self.assertTrue(is_exclusive(database))
                database.close()
            storage = FileStorage(f"{folder}/Data.fs")
            database = DB(BlobStorage(f"{folder}/blobs", storage))
            self.assertTrue(is_exclusive(database), "as <blobstorage>")
            database.close()
        database = DB(DemoStorage())
        self.assertFalse(is_exclusive(database))
        database.close()


class SweepTests(unittest.TestCase):
    def setUp(self):
        self.registry = ProcessRegistry()
        self.now = time.time()

    def ended(self, process_id, ended_ago, fetched_ago=None, state="complete"):
        process = make_process()
        process.id = process_id
        self.registry.add(process)
        process.complete(1, None)
        process.outcome.finished = self.now - ended_ago
        if fetched_ago is not None:
            process.note_fetched(self.now - fetched_ago)

    def left(self):
        after = sweep(self.registry)
        while after is not None:
            after = sweep(self.registry, after)
        return list(self.registry.process_ids())

    def test_unfetched_results_are_kept_a_week(self):
        self.ended("young", 7 * DAY_SECONDS - 60)
        self.ended("old", 7 * DAY_SECONDS + 60)
        self.assertEqual(self.left(), ["young"])

    def test_fetched_results_are_kept_ten_minutes(self):
        self.ended("young", DAY_SECONDS, fetched_ago=590)
        self.ended("old", DAY_SECONDS, fetched_ago=610)
        self.assertEqual(self.left(), ["young"])

    def test_a_second_fetch_does_not_prolong(self):
        self.ended("a", DAY_SECONDS, fetched_ago=610)
        self.registry["a"].note_fetched(self.now)
        self.assertEqual(self.left(), [])

    def test_what_has_not_ended_is_kept(self):
        process = make_process()
        process.created = 0
        self.registry.add(process)
        self.assertEqual(self.left(), ["an-id"])

    def test_one_sweep_looks_at_a_batch_only(self):
        for number in range(25):
            self.ended(f"{number:03}", 30 * DAY_SECONDS)
        with mock.patch.object(recovery, "SWEEP_BATCH", 10):
            after = sweep(self.registry)
            self.assertEqual(after, "009")
            self.assertEqual(len(list(self.registry.process_ids())), 15)
            after = sweep(self.registry, after)
            self.assertIsNone(sweep(self.registry, after))
        self.assertEqual(len(list(self.registry.process_ids())), 0)
