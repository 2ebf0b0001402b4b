"""Claims of several Zopes at once: what the state machine has found."""

import tempfile

from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError

from netsight.async_.exceptions import ClaimLostError
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import transact
from netsight.async_.running.runner import Run
from netsight.async_.serving.recovery import recover
from netsight.async_.tests.zopes import Session
from netsight.async_.tests.zopes import Stage
from netsight.async_.tests.zopes import ZopesTestCase
from netsight.async_.tests.zopes import fail


class ClaimTests(ZopesTestCase):
    def test_a_failure_is_not_stored_if_the_claim_goes_meanwhile(self):
        self.add("a", max_attempts=3)
        run = self.claimed(self.mine, "a")
        late = Session(self.stage)
        self.addCleanup(late.close)
        fail(late.app, run)
        self.transact(
            self.mine, lambda registry: registry.worker("mine").end()
        )
        self.transact(self.other, recover)
        with self.assertRaises(ConflictError):
            late.commit()
        self.assertEqual(self.state(self.other, "a"), "queued")

    def test_what_ends_meanwhile_is_not_claimed(self):
        self.add("a", max_attempts=3)
        run = self.claimed(self.mine, "a")
        self.state(self.other, "a")
        self.be_silent()
        self.stage.enter(self.other)
        late = Session(self.stage)
        self.addCleanup(late.close)
        Run("a")._claim(late.app)
        self.stage.enter(self.mine)
        transact("test", fail, run)
        with self.assertRaises(ConflictError):
            late.commit()

    def test_a_recovery_that_is_rolled_back_forgets_no_death(self):
        self.add("a", max_attempts=2)
        self.claimed(self.other, "a")
        self.assertEqual(self.state(self.mine, "a"), "running")
        self.be_silent()
        self.assertEqual(self.state(self.mine, "a"), "queued")
        with self.assertRaises(ConflictError):
            self.transact(self.mine, recover_and_conflict)
        self.assertEqual(self.state(self.mine, "a"), "queued")

    def test_a_second_single_start_ends_the_lost_one_that_it_replaces(self):
        self.add("a", single_key="key")
        run = self.claimed(self.mine, "a")
        self.state(self.other, "a")
        self.be_silent()
        self.assertEqual(self.state(self.other, "a"), "lost")
        self.add("b", single_key="key", by=self.other)
        self.stage.enter(self.mine)
        with self.assertRaises(ClaimLostError):
            transact("test", fail, run)
        self.assertEqual(self.state(self.mine, "a"), "lost")

    def test_two_of_one_line_are_not_claimed_at_once(self):
        self.add("a", line="key")
        self.state(self.other, "a")
        self.add("b", line="key")
        self.transact(self.mine, lambda registry: registry.remove("a"))
        late = Session(self.stage)
        self.addCleanup(late.close)
        Run("b")._claim(late.app)
        # It was started before, and is stored after.
        self.add("a", line="key", by=self.other)
        self.claimed(self.other, "a")
        with self.assertRaises(ConflictError):
            late.commit()


class StoredOnceTests(ZopesTestCase):
    """On a storage that keeps what is stored twice in one transaction."""

    def make_stage(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.storage = FileStorage(f"{folder.name}/Data.fs")
        return Stage(self.storage)

    def test_an_outcome_that_is_guarded_is_stored_once(self):
        self.add("a")
        session = Session(self.stage)
        self.addCleanup(session.close)
        process = getProcessRegistry(session.app)["a"]
        process.complete(1, None)
        process.outcome.guard()
        session.commit()
        for last in self.storage.iterator():
            oids = [record.oid for record in last]
        self.assertEqual(oids.count(process.outcome._p_oid), 1)


def recover_and_conflict(registry):
    recover(registry)
    raise ConflictError
