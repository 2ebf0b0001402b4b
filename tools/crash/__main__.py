"""Kill a real Zope again and again, and look whether all is right.

    .venv/bin/python tools/crash ROUNDS SEED

Each round starts a Zope, posts jobs, kills it with SIGKILL (by the clock, or
in a chosen step of a chosen commit), starts it again, waits until all jobs
have ended, stops it and checks its database: see check.py. SEED decides
about jobs and kills; what runs when is up to the machine.
"""

import queue
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

from check import Checker
from check import states_at_kill
from plan import draw_kills
from plan import draw_posts

from netsight.async_.tests.crash_views import TRAP
from netsight.async_.tests.server_process import READY_SECONDS
from netsight.async_.tests.server_process import wait_until
from netsight.async_.tests.zope_server import ZopeServer


POSTERS = 3
SETTLE_SECONDS = 60
STOP_SECONDS = 15
ENVIRON = {"NETSIGHT_ASYNC_KEEP_RESULT": "1"}
FETCHED = 0.3
"""Part of the completed processes whose result is fetched, and so swept."""


class Rounds:
    """All rounds on one instance."""

    def __init__(self, directory, seed):
        self.zope = ZopeServer(directory)
        self.checker = Checker(self.zope)
        self.seed = seed
        self.totals = Counter()
        self.moments = Counter()
        self.at_kill = Counter()
        self.old = set()
        self.checked = 0

    def run(self, number):
        """Do one round; return whether all is right."""
        began = time.monotonic()
        rng = random.Random(f"{self.seed}/{number}")
        kills, posts = draw_kills(rng, number), draw_posts(rng)
        self.old = set(self.checker.known)
        told = [self.be_killed(kills[0], posts)]
        told.extend(self.be_killed(kill, []) for kill in kills[1:])
        self.recover()
        self.fetch(rng)
        self.stop()
        self.checker.check()
        self.check_log()
        new = self.checker.known.keys() - self.old
        states = Counter(str(self.checker.states.get(i)) for i in new)
        self.totals.update(states)
        self.totals["processes"] += len(new)
        seconds = time.monotonic() - began
        print(
            f"round {number}: {'; then '.join(told)}; "
            f"ended {shown(states)}; {seconds:.1f} s",
            flush=True,
        )
        return not self.checker.problems

    def be_killed(self, kill, posts):
        """Start Zope, post, and have it killed; return a text about it."""
        self.boot(kill.trap)
        posting = Posting(self.zope, posts)
        if not wait_until(self.zope.has_ended, kill.seconds, step=0.005):
            if kill.by_sigterm:
                self.zope.terminate()
            else:
                self.zope.kill()
        self.zope.wait(STOP_SECONDS)
        posting.end()
        self.checker.known.update(posting.started)
        self.totals["posts answered"] += len(posting.started)
        self.totals["posts cut off"] += posting.cut
        self.totals["posts refused"] += posting.refused
        return self.describe(kill)

    def describe(self, kill):
        """Count where the kill hit; return a text about it."""
        trapped = f"sprang the trap {kill.trap}" in self.new_log()
        if trapped:
            step, place, _number = kill.trap.split(":")
            moment = f"{place}/{step}"
        elif self.zope.process.returncode == 0:
            moment = "orderly stop"
        elif "killed by its job" in self.new_log():
            moment = "by its job"
        else:
            moment = "clock"
        self.moments[moment] += 1
        states = states_at_kill(self.zope, self.old)
        self.at_kill.update(states)
        return f"{moment} at {shown(states)}"

    def boot(self, trap=""):
        """Start Zope; it may die before it answers."""
        self.log_start = len(self.zope.log) if self.totals["boots"] else 0
        self.totals["boots"] += 1
        self.zope.launch(**ENVIRON, **({TRAP: trap} if trap else {}))
        ready = wait_until(
            lambda: self.zope.has_ended() or self.zope.answers(),
            READY_SECONDS,
        )
        if not ready:
            self.checker.complain("Zope does not answer")

    def new_log(self):
        return self.zope.log[self.log_start :]

    def recover(self):
        """Start Zope, again if a job kills it, until all have ended."""
        deadline = time.monotonic() + SETTLE_SECONDS
        self.boot()
        self.check_waiting()
        while not self.have_ended() and time.monotonic() < deadline:
            if self.zope.has_ended():
                self.moments["by its job"] += 1
                self.boot()
                self.check_waiting()
            time.sleep(0.05)

    def states(self):
        """Return the records as Zope tells them; none while it is dead."""
        try:
            return self.zope.states()
        except (OSError, HTTPException):
            return {}

    def check_waiting(self):
        """No page may wait for a process of a Zope that is dead."""
        for process_id, record in self.states().items():
            if record["state"] == "running" and not record["is_mine"]:
                self.checker.complain(f"{process_id} seems to run: {record}")

    def have_ended(self):
        states = self.states()
        return all(r["stored"] for r in states.values()) and (
            states or not self.zope.has_ended()
        )

    def fetch(self, rng):
        """Fetch some results, so that their processes expire."""
        for process_id, record in sorted(self.states().items()):
            if record["state"] == "completed" and rng.random() < FETCHED:
                url = f"/{record['view']}/result?process_id={process_id}"
                status, _text = self.zope.get(url)
                if status != 200:
                    self.checker.complain(f"{url} answers {status}")
                self.checker.fetched.add(process_id)

    def check_log(self):
        """Only jobs that shall fail may log an error."""
        for line in self.zope.log[self.checked :].splitlines():
            if " ERROR " in line and "/crash-failing" not in line:
                self.checker.complain(line)
        self.checked = len(self.zope.log)

    def stop(self):
        """Stop Zope in order."""
        if self.zope.has_ended():
            self.checker.complain("Zope died by itself")
            return
        self.zope.terminate()
        if self.zope.wait(STOP_SECONDS) != 0:
            self.checker.complain("Zope did not stop in order")

    def print_totals(self, rounds, seconds):
        self.totals["expired"] = len(self.checker.expired)
        print(
            f"\n{rounds} rounds in {seconds:.0f} s, seed {self.seed}\n"
            f"totals: {shown(self.totals)}\n"
            f"kills: {shown(self.moments)}\n"
            f"records at the kills: {shown(self.at_kill)}"
        )


class Posting:
    """Posts jobs from some threads, until the server is gone."""

    def __init__(self, zope, posts):
        self._zope = zope
        self._left = queue.SimpleQueue()
        for post in posts:
            self._left.put(post)
        self.started = {}
        self.cut = 0
        self.refused = 0
        self._pool = ThreadPoolExecutor(POSTERS)
        self._posters = [
            self._pool.submit(self._work) for _number in range(POSTERS)
        ]

    def end(self):
        """Wait for the posters; raises what one of them has raised."""
        self._pool.shutdown()
        for poster in self._posters:
            poster.result()

    def _work(self):
        while not self._zope.has_ended():
            try:
                post = self._left.get_nowait()
            except queue.Empty:
                return
            time.sleep(post.pause)
            self._post(post)

    def _post(self, post):
        try:
            process_id = self._zope.start_job(
                post.view, post.upload, seconds=post.seconds
            )
        except (OSError, HTTPException):
            self.cut += 1
        else:
            if process_id is None:
                self.refused += 1
            else:
                self.started[process_id] = post.view


def shown(counter):
    """Return the numbers of a counter as text."""
    return ", ".join(f"{k} {n}" for k, n in sorted(counter.items())) or "none"


def main(rounds, seed):
    directory = Path(tempfile.mkdtemp(prefix="crash-"))
    began = time.monotonic()
    work = Rounds(directory / "instance", seed)
    try:
        for number in range(1, int(rounds) + 1):
            if not work.run(number):
                break
    finally:
        work.zope.kill()
    work.print_totals(number, time.monotonic() - began)
    if not work.checker.problems and not work.totals["completed"]:
        work.checker.complain("nothing was completed, so nothing is shown")
    if work.checker.problems:
        return "\n".join(
            [
                f"\nWRONG in round {number}; again: "
                f"make crash ROUNDS={number} SEED={seed}",
                *work.checker.problems,
                f"The instance is kept in {directory}.",
            ]
        )
    shutil.rmtree(directory)
    print("All is right.")
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
