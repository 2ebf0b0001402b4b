"""What each step of a process asks of the storage, and writes to it.

No time is measured: what is counted is the same on each machine.  Whoever
makes a step cheaper lowers its line in MOST; whoever has to make one dearer
says why in the commit.
"""

from contextlib import contextmanager
from typing import NamedTuple

import transaction
from ZODB.POSException import ConflictError

from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.running.monitor import monitor
from netsight.async_.running.runner import run
from netsight.async_.serving.polling import Poll
from netsight.async_.serving.server import Duty
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import ANN
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.storage_counts import counted
from netsight.async_.tests.storage_counts import elsewhere
from netsight.async_.tests.storage_support import FileStorageTestCase
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import Never


class Cost(NamedTuple):
    """Of one step."""

    commits: int
    stores: int
    """Objects that are written."""

    loads: int
    """Objects that are read by a connection that has done the same before.

    What the step is for was done elsewhere since then, as by another Zope.
    """

    cold_loads: int
    """Objects that are read by one that has nothing in its cache."""

    bytes: int
    """By which Data.fs grows."""


MOST = {
    "start": Cost(1, 6, 0, 13, 1700),
    "start of a user": Cost(1, 8, 0, 19, 2100),
    "claim": Cost(1, 2, 4, 15, 700),
    "outcome": Cost(1, 4, 2, 5, 950),
    "ring in vain": Cost(0, 0, 5, 12, 0),
    "status of a queued": Cost(0, 0, 5, 57, 0),
    "status of an ended": Cost(0, 0, 4, 15, 0),
    "poll": Cost(0, 0, 0, 41, 0),
    "poll that finds one": Cost(0, 0, 5, 46, 0),
    "heartbeat": Cost(1, 1, 0, 6, 430),
    "idle beat": Cost(0, 0, 0, 93, 0),
    "beat after a job": Cost(1, 4, 7, 104, 650),
}
"""What a step may take at most.

Names and numbers differ in length, so the bytes have some room.  Which tree an
id comes into is left to chance, and whether that has ids of the user: what is
said is the dearest.
"""

BEFORE = 5
"""So many processes have been run before: the trees have something."""

STARTS = 100
"""Pairs of starts at the same time."""


class CostTestCase(FileStorageTestCase):
    """Each step warm and cold; nothing else is going on in this Zope."""

    def setUp(self):
        super().setUp()
        self.job(lambda view, process_id: "done")
        self._never = processes_run_by(Serving())
        self._never.__enter__()
        self.addCleanup(self._never.__exit__, None, None, None)
        for login in (None, EDITOR) * BEFORE:
            self.ended(login)
        self.duty = Duty()
        self.beat()

    def ended(self, login=None):
        process_id = self.started(login)
        run(process_id)
        return process_id

    def started(self, login=None):
        return self.client(login).start(self.path("job"))

    def beat(self):
        while self.duty():
            pass

    def see(self, name, process_id):
        return lambda: self.client().see(self.path("job"), name, process_id)

    def counts(self, prepare):
        """Return the counts of a step, warm and cold.

        `prepare` returns it, as a function without arguments.
        """
        # Classes and templates are loaded, and all that is made once.
        prepare()()
        both = []
        for is_cold in (False, True):
            with elsewhere(self.database):
                step = prepare()
            if is_cold:
                transaction.abort()
                self.database.cacheMinimize()
            with counted() as counts:
                step()
            both.append(counts)
        return both

    def check(self, name, prepare):
        warm, cold = self.counts(prepare)
        self.check_cost(name, warm.commits, warm.loads, cold.loads)

    def check_cost(self, name, commits, loads, cold_loads):
        cost = Cost(
            len(commits),
            sum(len(each.classes) for each in commits),
            loads,
            cold_loads,
            sum(each.bytes for each in commits),
        )
        most = MOST[name]
        more = [
            f"{field}: {is_now}, not {bound}"
            for field, is_now, bound in zip(Cost._fields, cost, most)
            if is_now > bound
        ]
        if more:
            self.fail(f"{name} has become dearer: {'; '.join(more)}")


class Serving(Never):
    """Leaves everything queued, in a Zope that runs processes."""

    runs_here = True


class TestCosts(CostTestCase):
    def test_start(self):
        self.check("start", lambda: self.started)

    def test_start_of_a_user(self):
        self.check("start of a user", lambda: lambda: self.started(EDITOR))

    def test_claim_and_outcome(self):
        def prepare():
            process_id = self.started()
            return lambda: run(process_id)

        warm, cold = self.counts(prepare)
        (claim,), (cold_claim,) = warm.of("claim"), cold.of("claim")
        self.check_cost("claim", [claim], claim.loads, cold_claim.loads)
        self.check_cost(
            "outcome",
            [each for each in warm.commits if each is not claim],
            warm.loads - claim.loads,
            cold.loads - cold_claim.loads,
        )

    def test_ring_in_vain(self):
        def prepare():
            process_id = self.ended()
            return lambda: run(process_id)

        self.check("ring in vain", prepare)

    def test_status_of_a_queued(self):
        self.check(
            "status of a queued",
            lambda: self.see("process-status", self.started()),
        )

    def test_status_of_an_ended(self):
        self.check(
            "status of an ended",
            lambda: self.see("process-status", self.ended()),
        )

    def test_poll(self):
        poll = Poll()
        self.check("poll", lambda: poll)

    def test_poll_that_finds_one(self):
        poll = Poll()

        def prepare():
            poll()
            self.started()
            return poll

        self.check("poll that finds one", prepare)

    def test_heartbeat(self):
        self.check("heartbeat", lambda: monitor.beat)

    def test_idle_beat(self):
        self.check("idle beat", lambda: self.duty)

    def test_beat_after_a_job(self):
        def prepare():
            self.beat()
            self.ended()
            return self.duty

        self.check("beat after a job", prepare)


class TestConflicts(FileStorageTestCase):
    """Two starts at once, in two connections."""

    def conflicts(self, owner):
        """Return how many of STARTS pairs conflict."""
        return sum(not self.start_two(owner) for _number in range(STARTS))

    def start_two(self, owner):
        """Start two processes at once; tell whether both can be committed."""
        with self.transaction() as first, self.transaction() as second:
            for _manager, root in (first, second):
                process = make_process(new_process_id(), owner)
                getProcessRegistry(root).add(process)
            first[0].commit()
            try:
                second[0].commit()
            except ConflictError:
                return False
            return True

    @contextmanager
    def transaction(self):
        manager = transaction.TransactionManager()
        connection = self.database.open(manager)
        try:
            yield manager, connection.root()["Application"]
        finally:
            manager.abort()
            connection.close()

    def test_anonymous_starts(self):
        self.start_two(ANONYMOUS)
        self.assertEqual(self.conflicts(ANONYMOUS), 0)

    def test_starts_of_a_user(self):
        self.start_two(ANN)
        self.assertEqual(self.conflicts(ANN), 0)
