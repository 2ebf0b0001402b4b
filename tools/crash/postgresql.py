"""Rounds with two Zopes on RelStorage in PostgreSQL; see pair.py.

Blobs are in a directory of both and in PostgreSQL, by turns.  The server is
that of the machine and runs on; each Zope has a Way to it, which is closed.
"""

import time

from calls import Calls
from clock import Clock
from pair import Pair
from plan import CLOCK_JUMP_SECONDS
from plan import TURNS
from plan import draw_fault
from plan import draw_posts
from rounds import states_at
from sql_zopes import END
from sql_zopes import READS
from sql_zopes import WRITES
from sql_zopes import SqlPair

from netsight.async_.tests.cluster.storages import Postgresql
from netsight.async_.tests.cluster.storages import PrivateBlobsPostgresql
from netsight.async_.tests.crash_views import MACHINE


CLOCK_ERRORS = ("[relstorage.storage.tpc.vote.timing]",)
"""What may be logged where a clock is set."""

CUT_OFF_ERRORS = (
    "Couldn't load state for",
    "Exception while serving",
    "was not stored",
    "[relstorage.adapters.connections]",
    "[relstorage.adapters.locker]",
)
"""What may be logged where a Zope has lost its database."""

ERRORS = {"zope": (), "both": (), "pause": (), "clock": CLOCK_ERRORS}
"""For some targets; for all others, that."""


class Postgres(Pair):
    """Sessions end, answers are lost, PostgreSQL is away, a clock is set."""

    def __init__(self, directory, seed):
        self.pairs = [
            SqlPair(directory / "shared", Postgresql),
            SqlPair(directory / "private", PrivateBlobsPostgresql),
        ]
        self.calls = Calls()
        self.clock = Clock(directory)
        super().__init__(seed, [], None)
        self.checkers = [pair.checker for pair in self.pairs]

    def run(self, number):
        # Else a place of a commit would always meet the same one.
        turn = number + number // len(TURNS)
        pair = self.pairs[turn % len(self.pairs)]
        self.zopes, self.checker = pair.zopes, pair.checker
        return super().run(number)

    def kill_all(self):
        for pair in self.pairs:
            for zope in pair.zopes:
                zope.kill()
                zope.way.close()

    def remove(self):
        for pair in self.pairs:
            pair.postgresql.kill()

    def draw(self, rng, number):
        scene = draw_fault(rng, number)
        self.expected_errors = type(self).expected_errors
        self.expected_errors += ERRORS.get(scene.target, CUT_OFF_ERRORS)
        return scene, draw_posts(rng, is_long=scene.target == "away")

    def has_stopped_in_order(self, zope):
        """Tell so also where ZODB has lost a connection to its pool.

        It does when one cannot be opened, and meets it when it is closed.
        """
        last = zope.new_log.rpartition("\nKeyError: ")[2]
        return super().has_stopped_in_order(zope) or last.strip().isdigit()

    def begin(self, number):
        self.clock.set(0)
        for zope in self.zopes:
            zope.way.open()

    def guilty(self, scene, victim, other):
        if scene.target == "clock":
            # The other has an old heartbeat for one that has just begun.
            return [other] if scene.is_forth else []
        return [victim] if scene.target in ("pause", "cut") else []

    def holds_up_commits(self, scene, victim):
        return bool(victim.sessions(WRITES))

    def trap_target(self, scene, victim):
        fault = getattr(self, f"fault_{scene.target}", None)
        if fault is None:
            return {}
        self.calls.expect(lambda: fault(scene, victim))
        # On one machine a Zope is known to live.
        far = {MACHINE: "far"} if scene.target in ("cut", "clock") else {}
        clock = self.clock.environ if scene.target == "clock" else {}
        if scene.target == "clock" and scene.is_early:
            fault(scene, victim)
        return {**self.calls.environ, **far, **clock}

    def wait_fault(self, scene, victim):
        """Wait for the fault of the trap; without one, do it by the clock."""
        self.wait_struck(scene, self.calls.are_there.is_set)
        if not self.calls.are_there.is_set():
            self.calls.expect(lambda: None)
            getattr(self, f"fault_{scene.target}")(scene, victim)

    # What happens

    def strike_writer(self, scene, victim, other):
        """End a session, or lose an answer; nothing stays as it was."""
        self.wait_fault(scene, victim)
        self.disarm(victim)

    strike_readers = strike_sessions = strike_answer = strike_writer

    def strike_cut(self, scene, victim, other):
        """Keep one Zope from the database past its lease."""
        self.wait_fault(scene, victim)
        self.watch(other, victim, scene.seconds)
        victim.way.open()
        self.disarm(victim)

    def strike_away(self, scene, victim, other):
        """Have the database be away, as in a failover."""
        self.wait_fault(scene, victim)
        time.sleep(scene.seconds)
        for zope in self.zopes:
            zope.way.open()
        self.disarm(victim)

    def strike_clock(self, scene, victim, other):
        """Set the clock of one Zope, and set it right past its lease."""
        self.wait_fault(scene, victim)
        end = time.monotonic() + scene.seconds
        while time.monotonic() < end:
            for zope in self.living():
                self.check_states(states_at(zope))
            time.sleep(0.1)
        self.clock.set(0)
        self.disarm(victim)

    # The faults; a trap waits until they are there

    def fault_writer(self, scene, victim):
        """End the session of the commit that goes on."""
        self.totals["sessions"] += len(victim.sessions(WRITES, END))

    def fault_readers(self, scene, victim):
        """End all sessions of a Zope but that."""
        self.totals["sessions"] += len(victim.sessions(READS, END))

    def fault_sessions(self, scene, victim):
        """End all sessions of both Zopes."""
        for zope in self.zopes:
            self.totals["sessions"] += len(zope.sessions("true", END))

    def fault_answer(self, scene, victim):
        """Lose the answer to the COMMIT that is due, or to some next one."""
        writing = victim.sessions(WRITES, "client_port")
        # A run may be cut off once, not twice.
        some = victim.sessions("true", "client_port")[:1]
        victim.way.lose_answer(writing or some)

    def fault_cut(self, scene, victim):
        victim.way.close()

    def fault_away(self, scene, victim):
        for zope in self.zopes:
            zope.way.close()

    def fault_clock(self, scene, victim):
        self.clock.set(CLOCK_JUMP_SECONDS * (1 if scene.is_forth else -1))

    def print_totals(self, rounds, seconds):
        self.totals["answers lost"] = sum(
            zope.way.lost for pair in self.pairs for zope in pair.zopes
        )
        super().print_totals(rounds, seconds)
