"""A database with the registry of 1.x, as it was stored, on a real server."""

import sys
import types
from contextlib import contextmanager
from unittest import mock

import transaction
import ZODB
from persistent.mapping import PersistentMapping
from ZODB.blob import BlobStorage
from ZODB.FileStorage import FileStorage

from netsight.async_.config import PROCESS_REGISTRY_ID
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.tests.server_support import ServerTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


class PersistentDict(PersistentMapping):
    """What is an alias today was a class of its own."""

    __module__ = "persistent.dict"


class GoneError(Exception):
    """Of an add-on that nobody has any more."""

    __module__ = "gone"


ENTRIES = {
    "queued": {"completed": False, "result": None},
    "running": {"completed": 33.3, "result": None},
    "done": {"completed": True, "result": (200, {}, {}, b"body" * 20_000)},
    "counted": {
        "completed": 100,
        "result": (302, {"location": "/"}, {"a": {"value": "b"}}, ""),
    },
    "failed": {"completed": False, "result": ValueError("no")},
    "broken": {"completed": False, "result": GoneError("no")},
}
"""What 1.x kept for a process."""


@contextmanager
def names_of_1x():
    """Have classes pickled by the names that they had with 1.x."""
    modules = {}
    for kind in GoneError, PersistentDict:
        modules[kind.__module__] = types.ModuleType(kind.__module__)
        setattr(modules[kind.__module__], kind.__name__, kind)
    with (
        mock.patch.dict(sys.modules, modules),
        mock.patch.object(
            ProcessRegistry, "__module__", "netsight.async.registry"
        ),
    ):
        yield


class OldRegistryTests(ServerTestCase):
    level = 2

    def setUp(self):
        super().setUp()
        self.zope.start()
        self.zope.kill()
        with self.database() as database:
            self.write_registry(database)
        stored = self.zope.data.read_bytes()
        for name in (b"netsight.async.registry", b"persistent.dict", b"gone"):
            self.assertIn(name, stored)

    @contextmanager
    def database(self):
        """Open the database while Zope does not run."""
        storage = FileStorage(str(self.zope.data))
        database = ZODB.DB(BlobStorage(str(self.zope.blobs), storage))
        try:
            yield database
        finally:
            transaction.abort()
            database.close()

    def write_registry(self, database):
        registry = ProcessRegistry.__new__(ProcessRegistry)
        entries = {
            process_id: PersistentDict(entry)
            for process_id, entry in ENTRIES.items()
        }
        registry.__setstate__({"_process_registry": PersistentDict(entries)})
        with names_of_1x(), database.transaction() as connection:
            app = connection.root()["Application"]
            app._setObject(PROCESS_REGISTRY_ID, registry, suppress_events=True)

    def test_new_processes_run_and_the_old_ones_are_removed(self):
        self.zope.start()
        self.assertEqual(self.zope.states(), {})
        process_id = self.zope.start_job("crash-quick")
        self.wait_for(process_id, "completed")
        for old in ENTRIES:
            path = f"/crash-quick/completed?process_id={old}&output_json=1"
            self.assertEqual(
                self.zope.get(path), (404, '{"completed": "ERROR"}')
            )
        self.stop()
        with self.database() as database:
            database.pack()
            with database.transaction() as connection:
                app = connection.root()["Application"]
                registry = getattr(app, PROCESS_REGISTRY_ID)
                self.assertIn(process_id, registry)
                self.assertNotIn("_process_registry", registry.__dict__)
        stored = self.zope.data.read_bytes()
        for name in (b"persistent.dict", b"gone", b"bodybody"):
            self.assertNotIn(name, stored)

    def test_they_are_removed_also_if_nothing_is_started(self):
        self.zope.start()
        note = b"netsight.async: recovery"
        migrated = wait_until(
            lambda: note in self.zope.data.read_bytes(), WAIT_SECONDS
        )
        self.assertTrue(migrated, self.zope.log)
        self.stop()
