"""The registry at the application root, and our own transactions."""

import time
import unittest
from unittest import mock

import transaction
from persistent.mapping import PersistentMapping
from ZODB.POSException import ConflictError
from zope.interface.verify import verifyObject

from netsight.async_.config import PROCESS_REGISTRY_ID
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.interfaces import IProcessRegistry
from netsight.async_.records.database import TRANSACT_TRIES
from netsight.async_.records.database import get_process
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import own_transaction
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.running.monitor import monitor
from netsight.async_.running.runner import run
from netsight.async_.serving.recovery import recover
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS


class RegistryTests(unittest.TestCase):
    """Without a database."""

    def test_it_provides_its_interface(self):
        verifyObject(IProcessRegistry, ProcessRegistry())

    def test_it_holds_processes_by_id(self):
        registry, process = ProcessRegistry(), make_process()
        registry.add(process)
        self.assertIs(registry["an-id"], process)
        self.assertIs(registry.get("an-id"), process)
        self.assertIn("an-id", registry)
        self.assertEqual(list(registry.process_ids()), ["an-id"])

    def test_what_is_removed_is_gone(self):
        registry = ProcessRegistry()
        registry.add(make_process())
        registry.remove("an-id")
        self.assertNotIn("an-id", registry)
        self.assertIsNone(registry.get("an-id"))
        for method in (registry.remove, registry.__getitem__):
            with self.assertRaises(KeyError):
                method("an-id")

    def test_a_name_goes_with_the_process_that_has_it(self):
        registry = ProcessRegistry()
        for process_id in ("first", "second"):
            process = make_process(process_id=process_id, single_key="key")
            process.fail(1, None)
            registry.add(process)
        registry.remove("first")
        self.assertEqual(registry._singles["key"], "second")
        registry.remove("second")
        self.assertNotIn("key", registry._singles)

    def test_a_registry_of_1x_is_empty_and_takes_processes(self):
        registry = ProcessRegistry.__new__(ProcessRegistry)
        registry.__setstate__({"_process_registry": PersistentMapping(a=1)})
        self.assertEqual(list(registry.process_ids()), [])
        self.assertNotIn("a", registry)
        registry.add(make_process())
        self.assertIn("an-id", registry)


class DatabaseTests(AsyncTestCase):
    def test_reading_does_not_make_a_registry(self):
        self.assertEqual(query_registry(self.app).active_ids(), [])
        with self.assertRaises(NoSuchProcessError):
            get_process(self.app, "an-id")
        self.client().see("/job", "completed", "an-id", status=404)
        transaction.begin()
        self.assertNotIn(PROCESS_REGISTRY_ID, self.app.objectIds())

    def test_the_first_start_makes_it_at_the_application_root(self):
        self.run_job(lambda view, pid: "x")
        transaction.begin()
        registry = self.app[PROCESS_REGISTRY_ID]
        self.assertIsInstance(registry, ProcessRegistry)
        self.assertEqual(len(list(registry.process_ids())), 1)

    def test_a_registry_of_1x_in_the_database_is_used(self):
        old = ProcessRegistry.__new__(ProcessRegistry)
        old.__setstate__({"_process_registry": PersistentMapping(a={})})
        self.app._setObject(PROCESS_REGISTRY_ID, old)
        transaction.commit()
        result = self.result_of(lambda view, pid: "works")
        self.assertEqual(result.text, "works")

    def test_python_code_gets_it_from_any_context(self):
        self.app.manage_addFolder("folder")
        registry = getProcessRegistry(self.app.folder)
        self.assertIs(registry.aq_base, getProcessRegistry(self.app).aq_base)

    def test_a_block_that_raises_is_rolled_back(self):
        before = self.app.title
        with self.assertRaises(ValueError), own_transaction("test") as root:
            root.title = "half"
            raise ValueError
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)

    def test_a_write_that_conflicts_is_tried_again(self):
        calls = []

        def conflict_once(root):
            calls.append(root)
            if len(calls) == 1:
                raise ConflictError
            return "done"

        self.assertEqual(transact("test", conflict_once), "done")

    def test_a_write_that_conflicts_for_a_moment_is_done(self):
        end = time.monotonic() + 0.05

        def conflict(root):
            if time.monotonic() < end:
                raise ConflictError
            return "done"

        self.assertEqual(transact("test", conflict), "done")

    def test_a_write_that_conflicts_for_ever_raises(self):
        calls = []

        def conflict(root):
            calls.append(root)
            raise ConflictError

        with self.assertRaises(ConflictError):
            transact("test", conflict)
        self.assertEqual(len(calls), TRANSACT_TRIES)

    def test_a_database_that_is_away_is_logged_with_the_process(self):
        with (
            mock.patch(
                "netsight.async_.running.runner.transact",
                side_effect=OSError("away"),
            ),
            self.assertLogs("netsight.async_.running.runner", "ERROR") as logs,
        ):
            run("some-process")
        self.assertIn("some-process", logs.output[0])
        self.assertIn("away", logs.output[0])


class CostTests(AsyncTestCase):
    """What a start costs does not grow with the number of processes."""

    def bytes_of_a_start(self):
        storage = self.app._p_jar.db().storage
        before = storage.lastTransaction()
        with mock.patch("netsight.async_.browser.start.ring_after_commit"):
            self.client().start("/job")
        return sum(
            len(record.data)
            for txn in storage.changes.iterator()
            if txn.tid > before
            for record in txn
        )

    def add_ended(self, count):
        """Add processes that have completed."""
        registry = getProcessRegistry(self.app)
        for number in range(count):
            process = make_process()
            process.id = f"{number:036}"
            registry.add(process)
            process.complete(1, None)
        recover(registry)
        transaction.commit()

    def loads_of_a_poll(self, process_id):
        """Return how many objects a poll loads with an empty cache."""
        with own_transaction("test") as root:
            connection = root._p_jar
            connection.cacheMinimize()
            connection.getTransferCounts(True)
            self.assertEqual(get_process(root, process_id).state, "completed")
            return connection.getTransferCounts()[0]

    def test_a_start_writes_as_little_among_10000_ended_ones(self):
        self.bytes_of_a_start()
        alone = self.bytes_of_a_start()
        self.add_ended(10_000)
        among = sorted(self.bytes_of_a_start() for _ in range(5))[2]
        self.assertLess(among, alone + 4000)

    def test_a_poll_loads_as_little_among_10000_ended_ones(self):
        _client, process_id = self.run_job(lambda view, pid: "x")
        alone = self.loads_of_a_poll(process_id)
        self.add_ended(10_000)
        among = self.loads_of_a_poll(process_id)
        self.assertLessEqual(among, alone + 2, "two levels of a BTree")

    def test_progress_writes_only_its_own_object(self):
        _client, process_id = self.run_job(lambda view, pid: "x")
        self.assertTrue(monitor.stopped(WAIT_SECONDS))
        self.show(process_id, 4)
        storage = self.app._p_jar.db().storage
        before = storage.lastTransaction()
        self.show(process_id, 5)
        records = [
            record
            for txn in storage.changes.iterator()
            if txn.tid > before
            for record in txn
        ]
        self.assertEqual(len(records), 1)
        self.assertLess(len(records[0].data), 200)

    def show(self, process_id, number):
        transact(
            "test", lambda root: get_process(root, process_id).show(number, "")
        )
