"""The setting `database`: records in a database of their own."""

from unittest import mock

import transaction
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage

from netsight.async_ import config
from netsight.async_.config import PROCESS_REGISTRY_ID
from netsight.async_.exceptions import SettingError
from netsight.async_.registry import query_registry
from netsight.async_.tests.support import AsyncTestCase


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

    def test_effects_in_the_main_one_are_fenced(self):
        before = self.app.title

        def work(view, process_id):
            view.context.title = "zombie"
            process = view.request.async_run.process()
            process_oid = process.claim._p_oid
            manager = transaction.TransactionManager()
            connection = self.own.open(manager)
            connection.get(process_oid).revoke()
            manager.commit()
            connection.close()

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

    def test_a_database_that_is_not_configured_is_refused_at_the_start(self):
        opened = mock.Mock(database=self.main)
        config.validate(opened)
        with (
            mock.patch.dict("os.environ", NETSIGHT_ASYNC_DATABASE="typo"),
            self.assertRaisesRegex(SettingError, "no <zodb_db typo>"),
        ):
            config.validate(opened)
