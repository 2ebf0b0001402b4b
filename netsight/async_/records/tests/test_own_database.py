"""The setting `database`: records in a database of their own."""

import errno
import tempfile
from contextlib import closing
from unittest import mock

import transaction
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage
from ZODB.FileStorage import FileStorage

from netsight.async_ import config
from netsight.async_.config import PROCESS_REGISTRY_ID
from netsight.async_.exceptions import SettingError
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running.publishing import JobResponse
from netsight.async_.serving.server import is_alone
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.zopes import OpenRun
from netsight.async_.tests.zopes import Stage
from netsight.async_.tests.zopes import ZopesTestCase
from netsight.async_.tests.zopes import fail


class OwnDatabaseTests(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.main = self.layer["zodbDB"]
        self.own = DB(
            DemoStorage(), database_name="async", databases=self.main.databases
        )
        setting = mock.patch.dict(
            "os.environ", NETSIGHT_ASYNC_DATABASE="async"
        )
        setting.start()
        self.addCleanup(setting.stop)

    def tearDown(self):
        super().tearDown()
        transaction.abort()
        del self.main.databases["async"]
        self.own.close()

    def bytes_in(self, database, since):
        return sum(
            len(record.data or b"")
            for txn in database.storage.iterator()
            if txn.tid > since
            for record in txn
        )

    def test_the_whole_timeline(self):
        result = self.result_of(lambda view, pid: b"x" * 200_000)
        self.assertEqual(len(result.body), 200_000)
        self.assertIsNotNone(query_registry(self.app))
        self.assertNotIn(PROCESS_REGISTRY_ID, self.app.objectIds())

    def test_nothing_is_written_to_the_main_database(self):
        self.run_job(lambda view, pid: "x")
        main = self.main.storage.lastTransaction()
        own = self.own.storage.lastTransaction()
        self.run_job(lambda view, pid: "x")
        self.assertEqual(self.main.storage.lastTransaction(), main)
        self.assertGreater(self.bytes_in(self.own, own), 1000)

    def revoke(self, view):
        """Make a zombie of the running process of a view."""
        claim_oid = view.request.async_run.process().claim._p_oid
        manager = transaction.TransactionManager()
        connection = self.own.open(manager)
        connection.get(claim_oid).revoke()
        manager.commit()
        connection.close()

    def test_a_checkpoint_of_effects_in_the_main_one_is_fenced(self):
        before = self.app.title

        def work(view, process_id):
            view.context.title = "zombie"
            self.revoke(view)
            view.checkpoint()

        self.run_job(work)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)

    def test_effects_in_the_main_one_are_fenced(self):
        before = self.app.title

        def work(view, process_id):
            view.context.title = "zombie"
            self.revoke(view)

        _client, process_id = self.run_job(work)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)
        self.assertEqual(self.process(process_id).state, "running")

    def test_effects_and_outcome_are_committed_together(self):
        def work(view, process_id):
            view.context.title = "effect"

        _client, process_id = self.run_job(work)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, "effect")
        self.assertEqual(self.process(process_id).state, "completed")

    def test_a_file_of_records_is_for_one_zope_as_is_one_of_content(self):
        self.assertFalse(is_alone())
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(DB(FileStorage(f"{folder}/async.fs"))) as own,
            mock.patch.dict(self.main.databases, {"async": own}),
        ):
            self.assertTrue(is_alone())

    def test_a_database_that_is_not_configured_is_refused_at_the_start(self):
        opened = mock.Mock(database=self.main)
        config.validate(opened)
        with (
            mock.patch.dict("os.environ", NETSIGHT_ASYNC_DATABASE="typo"),
            self.assertRaisesRegex(SettingError, "no <zodb_db typo>"),
        ):
            config.validate(opened)


class FileOnDisk(FileStorage):
    """One that does not vote when its disk is full."""

    is_full = False

    def tpc_vote(self, txn):
        if self.is_full:
            raise OSError(errno.ENOSPC, "no space")
        return super().tpc_vote(txn)


class VoteTests(ZopesTestCase):
    """Effects in one FileStorage, the outcome in another."""

    def make_stage(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.main = FileOnDisk(f"{folder.name}/Data.fs")
        self.own = FileOnDisk(f"{folder.name}/records.fs")
        return Stage(self.main, self.own)

    def setUp(self):
        super().setUp()
        self.add("a")
        self.job = self.claimed(self.mine, "a")
        self.open_run = OpenRun(self.mine, self.job, 0, None)
        self.addCleanup(self.open_run.end)

    def commit(self):
        """Commit an effect and the outcome, as the runner does."""
        session = self.open_run.session
        session.app.title = "effect"
        session.manager.get().addBeforeCommitHook(
            self.job._complete, (JobResponse(),)
        )
        session.commit()

    def title(self):
        self.mine.look()
        return self.mine.reading.app.title

    def check_vote_of(self, storage):
        """A database that does not vote rolls back both."""
        before = self.title()
        storage.is_full = True
        with self.assertRaises(OSError):
            self.commit()
        storage.is_full = False
        self.assertEqual(self.title(), before)
        self.assertEqual(self.state(self.mine, "a"), "running")
        self.open_run.roll_back()
        transact("test", fail, self.job)
        self.assertEqual(self.state(self.mine, "a"), "failed")

    def test_a_failed_vote_of_the_effects_rolls_back_the_outcome(self):
        self.check_vote_of(self.main)

    def test_a_failed_vote_of_the_outcome_rolls_back_the_effects(self):
        self.check_vote_of(self.own)

    def test_both_votes_keep_both(self):
        self.commit()
        self.assertEqual(self.title(), "effect")
        self.assertEqual(self.state(self.mine, "a"), "completed")
