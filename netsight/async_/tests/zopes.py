"""Several Zopes in one Python process, on one database, without a server.

What differs between Zopes is global in the package, as there is one Zope in a
process: its name, its lookout, its monitor, its clock.  `Stage.enter` sets
them for the Zope that acts next.  No thread is started: the monitor's tasks
are called by the test.  See `test_state_machine`.
"""

import time
import unittest
from contextlib import ExitStack
from types import SimpleNamespace
from unittest import mock

import transaction
import Zope2
from OFS.Application import Application
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage

from netsight.async_.records import lease
from netsight.async_.records import parts
from netsight.async_.records import process
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import Lookout
from netsight.async_.records.parts import Error
from netsight.async_.running import outcomes
from netsight.async_.running import runner
from netsight.async_.running.fence import Fence
from netsight.async_.running.monitor import Monitor
from netsight.async_.running.runner import Run
from netsight.async_.serving import recovery
from netsight.async_.serving import server
from netsight.async_.tests.process_model import LEASE_SECONDS
from netsight.async_.tests.record_support import make_process


POOL_SIZE = 100
"""Enough for all that is open at once."""

RECORDS = "records"
"""Name of the database of the records, if it is another."""


class Stage:
    """A database, a clock, and the Zopes on it.

    With the storage `records`, these are in a database of their own.
    """

    def __init__(self, storage, records=None):
        self.database = DB(storage, pool_size=POOL_SIZE)
        if records is not None:
            DB(
                records,
                pool_size=POOL_SIZE,
                databases=self.database.databases,
                database_name=RECORDS,
            )
        self.now = 1_000_000_000.0
        self.zope = None
        self._patches = ExitStack()
        with self.database.transaction() as connection:
            connection.root()["Application"] = Application()
        for module in (lease, parts, process, recovery):
            self._patch(module, "time", SimpleNamespace(
                time=self.time_of_day, monotonic=lambda: self.now
            ))  # fmt: skip
        # All are in one, which would live for ever.
        self._patch(lease, "this_os_process", lambda: None)
        self._patch(Zope2, "DB", self.database, create=True)
        setting = {
            "NETSIGHT_ASYNC_DATABASE": "" if records is None else RECORDS
        }
        self._patches.enter_context(mock.patch.dict("os.environ", setting))
        self._globals = [
            (lease, "_name", "name"),
            *((m, "lookout", "lookout") for m in (process, recovery)),
            *((m, "monitor", "monitor") for m in (runner, server)),
        ]
        for module, name, _attribute in self._globals:
            self._patch(module, name, None)

    def _patch(self, *args, **kwargs):
        self._patches.enter_context(mock.patch.object(*args, **kwargs))

    def close(self):
        self._patches.close()
        for database in self.database.databases.values():
            database.close()

    def time_of_day(self):
        """Return what the clock of the acting Zope shows."""
        if self.zope is None:
            return time.time()
        return self.now + self.zope.skew

    def enter(self, zope):
        """Have a Zope act from now on."""
        self.zope = zope
        for module, name, attribute in self._globals:
            setattr(module, name, getattr(zope, attribute))


class Zope:
    """One worker, with a monitor, a clock, and a connection to read."""

    def __init__(self, stage, name, skew):
        self.stage = stage
        self.name = name
        self.skew = skew
        self.lookout = Lookout(lambda: stage.now, lambda: stage.now + skew)
        self.monitor = StillMonitor()
        self.monitor.serve(duty=True)
        self.reading = Session(stage)

    def __repr__(self):
        return self.name

    def look(self):
        """Look who lives; return the registry."""
        self.stage.enter(self)
        self.reading.begin()
        registry = query_registry(self.reading.app)
        for worker in registry.workers():
            self.lookout.is_alive(worker)
        return registry


class StillMonitor(Monitor):
    """Has no thread."""

    def __init__(self):
        super().__init__()
        self._routine.start = self._heart.start = lambda: None


class Session:
    """A connection with a transaction manager of its own."""

    def __init__(self, stage):
        self.manager = transaction.TransactionManager()
        self.connection = stage.database.open(self.manager)

    @property
    def app(self):
        return self.connection.root()["Application"]

    def begin(self):
        """Begin a transaction that sees what is committed now."""
        self.manager.begin()

    def commit(self):
        self.manager.commit()

    def close(self):
        """Roll back what is not committed."""
        self.manager.abort()
        self.connection.close()


class OpenRun:
    """A claimed Run, with its transaction: what its thread would do.

    It writes to an object of its own, `done_oid`, so that no conflict hides
    what the fence must do.
    """

    def __init__(self, zope, run, number, done_oid):
        self.zope = zope
        self.run = run
        self.number = number
        self.done_oid = done_oid
        self.session = Session(zope.stage)
        run.connection = self.session.connection
        # The manager keeps a weak reference only.
        self._fence = Fence(run)
        self.session.manager.registerSynch(self._fence)
        self.session.begin()
        self.pending = None
        """A Session with an outcome that is written and not committed."""

    def __repr__(self):
        return f"run {self.number} of {self.run.process_id} in {self.zope}"

    @property
    def done(self):
        """What it has done, a mapping, as its transaction sees it."""
        return self.session.connection.get(self.done_oid)

    def holds_claim(self, claim):
        return claim.is_held_by(self.zope.name, self.run.hold.token)

    def roll_back(self):
        """Undo what is not committed; no commit is to come."""
        if self._fence is not None:
            self.session.manager.unregisterSynch(self._fence)
            self._fence = None
        self.session.manager.abort()

    def end(self):
        """Leave nothing behind."""
        self.roll_back()
        self.session.close()
        if self.pending is not None:
            self.pending.close()
        self.zope.monitor.unwatch(self.run.hold)


def fail(root, run):
    """Store that a Run has failed."""
    outcomes.fail(root, run.hold, run.attempts, Error("E", "e", ""))


class ZopesTestCase(unittest.TestCase):
    """Two Zopes on one database."""

    def setUp(self):
        self.stage = self.make_stage()
        self.addCleanup(self.stage.close)
        self.mine = self.zope("mine")
        self.other = self.zope("other")

    def make_stage(self):
        return Stage(DemoStorage())

    def zope(self, name):
        zope = Zope(self.stage, name, skew=0)
        self.addCleanup(zope.reading.close)
        return zope

    def transact(self, zope, function):
        """Return ``function(registry)``, done by a Zope in a transaction."""
        self.stage.enter(zope)
        return transact(
            "test", lambda root: function(getProcessRegistry(root))
        )

    def add(self, process_id, by=None, **kwargs):
        process = make_process(process_id, **kwargs)
        by = by or self.mine
        self.transact(by, lambda registry: registry.add(process))

    def claimed(self, zope, process_id):
        """Return a Run of a Zope that has claimed a process."""
        self.stage.enter(zope)
        run = Run(process_id)
        transact("claim", run._claim)
        return run

    def be_silent(self):
        """Let a lease run out, with all Zopes looking on."""
        for _number in range(3):
            for zope in (self.mine, self.other):
                zope.look()
            self.stage.now += LEASE_SECONDS / 2

    def state(self, zope, process_id):
        return zope.look()[process_id].state
