"""What all rounds have in common, whatever the storage is."""

import random
import re
import time
from collections import Counter
from http.client import HTTPException
from json import JSONDecodeError

from check import Checker

from netsight.async_.tests.crash_views import TRAP
from netsight.async_.tests.waiting import READY_SECONDS
from netsight.async_.tests.waiting import wait_until


SETTLE_SECONDS = 60
STOP_SECONDS = 30
ENVIRON = {"NETSIGHT_ASYNC_KEEP_RESULT": "1"}
REFUSED = r"the start of process (\S+) at \S+ was not stored"
"""What is logged when a visitor is told so."""

CONFLICTING = "failed and is tried again"
"""What several Zopes may log, which conflict on a busy machine."""

FETCHED = 0.3
"""Part of the completed processes whose result is fetched, and so swept."""


class Rounds:
    """All rounds on one database, with some Zopes."""

    expected_errors = ("/crash-failing",)
    """Who logs an error with one of these texts does right."""

    def __init__(self, seed, zopes, database):
        self.seed = seed
        self.zopes = zopes
        self.checker = Checker(database)
        self.checkers = [self.checker]
        self.totals = Counter()
        self.moments = Counter()
        self.at_kill = Counter()
        self.old = set()
        self.sent = 0
        self._checked = Counter()

    def play(self, rng, number):
        """Do all that happens in a round, and stop; return a text about it."""
        raise NotImplementedError

    def kill_all(self):
        """Leave no process behind."""
        for zope in self.zopes:
            zope.kill()

    def remove(self):
        """Remove what is not in the directory, unless it is to be kept."""

    def run(self, number):
        """Do one round; return whether all is right."""
        began = time.monotonic()
        self.old = set(self.checker.known)
        self.sent = 0
        told = self.play(random.Random(f"{self.seed}/{number}"), number)
        self.checker.check()
        self._check_logs()
        states = self._count_new()
        seconds = time.monotonic() - began
        print(
            f"round {number}: {told}; ended {shown(states)}; {seconds:.1f} s",
            flush=True,
        )
        return not self.checker.problems

    def _count_new(self):
        new = self.checker.known.keys() - self.old
        ended = self.checker.states
        states = Counter(str(ended.get(i, "expired")) for i in new)
        self.totals.update(states)
        self.totals["processes"] += len(new)
        if len(new) > self.sent:
            self.checker.complain(f"{len(new)} jobs by {self.sent} posts")
        return states

    # For `play`

    def launch(self, zope, **environ):
        """Start a Zope; its trap may spring before it answers."""
        self.totals["boots"] += 1
        zope.launch(**ENVIRON, **environ)
        if not wait_until(
            lambda: zope.has_ended() or has_sprung(zope) or zope.answers(),
            READY_SECONDS,
        ):
            self.checker.complain("Zope does not answer")

    def settle(self, posting):
        """Wait until all is posted and has ended; return the seconds.

        Needs `look`, which returns the states, and `check_states`.
        """
        began = time.monotonic()
        while time.monotonic() - began < SETTLE_SECONDS:
            states = self.look()
            self.check_states(states)
            ended = states and all(r["stored"] for r in states.values())
            if ended and posting.is_done():
                break
            time.sleep(0.1)
        return time.monotonic() - began

    def count(self, posting):
        """Note what was posted."""
        self.checker.known.update(posting.started)
        self.sent += posting.sent
        self.totals["posts answered"] += len(posting.started)
        self.totals["posts cut off"] += posting.cut
        self.totals["posts refused"] += posting.refused

    def fetch(self, zope, rng):
        """Fetch some results, so that their processes expire."""
        for process_id, record in sorted(states_at(zope).items()):
            if record["state"] == "completed" and rng.random() < FETCHED:
                url = f"/{record['view']}/result?process_id={process_id}"
                status, _text = zope.get(url)
                if status != 200:
                    self.checker.complain(f"{url} answers {status}")
                # It may expire soon; its POST may have had no answer.
                self.checker.known[process_id] = record["view"]
                self.checker.fetched.add(process_id)

    def stop(self, zope):
        """Stop a Zope in order."""
        if zope.has_ended():
            self.checker.complain("Zope died by itself")
            return
        zope.terminate()
        wait_until(zope.has_ended, STOP_SECONDS)
        if not self.has_stopped_in_order(zope):
            self.checker.complain("Zope did not stop in order")
        zope.kill()

    def has_stopped_in_order(self, zope):
        """Tell whether a Zope that was to stop has done so."""
        return zope.os_process.returncode == 0

    # The logs

    def _check_logs(self):
        for zope in self.zopes:
            self.check_log(zope)

    def check_log(self, zope):
        """Look at what a Zope has logged since the last look."""
        for line in zope.log[self._checked[zope] :].splitlines():
            if re.search(r"\bERROR\b", line):
                self._check_error(line)
        self._checked[zope] = len(zope.log)

    def _check_error(self, line):
        refused = re.search(REFUSED, line)
        if refused and refused[1] in self.checker.known:
            self.checker.complain(f"it is there: {line}")
        if not self._is_expected(line):
            self.checker.complain(line)

    def _is_expected(self, line):
        return any(text in line for text in self.expected_errors)

    # The end

    def print_totals(self, rounds, seconds):
        self.totals["expired"] = sum(len(c.expired) for c in self.checkers)
        print(
            f"\n{rounds} rounds in {seconds:.0f} s, seed {self.seed}\n"
            f"totals: {shown(self.totals)}\n"
            f"kills: {shown(self.moments)}\n"
            f"records at the kills: {shown(self.at_kill)}"
        )


def has_sprung(zope):
    """Tell whether the trap that was set at the last start has sprung."""
    return "sprang the trap" in zope.new_log


def states_at(zope):
    """Return the records as a Zope tells them; none while it cannot."""
    return states_if_it_answers(zope) or {}


def states_if_it_answers(zope):
    """Return the records as a Zope tells them; None while it cannot."""
    try:
        return zope.states()
    except (OSError, HTTPException, JSONDecodeError):
        return None


def trap_environ(trap, **more):
    """Return the environ that sets a trap; empty for an empty text."""
    return {TRAP: trap, **more} if trap else {}


def moment_of(trap, log):
    """Return where a kill hit, by what a Zope has logged."""
    if "sprang the trap" in log:
        step, place, _number = trap.split(":")
        return f"{place}/{step}"
    if "killed by its job" in log:
        return "by its job"
    return "clock"


def shown(counter):
    """Return the numbers of a counter as text."""
    return ", ".join(f"{k} {n}" for k, n in sorted(counter.items())) or "none"
