"""Workers that live, and could pass for dead: nothing of theirs is lost."""

import os

from netsight.async_.tests.crash_views import MACHINE
from netsight.async_.tests.server_support import TwoZopesTestCase


WAITING = int(os.environ.get("LONG_QUEUE_WAITING", 3500))
SECONDS = os.environ.get("LONG_QUEUE_SECONDS", "30")
JOBS = int(os.environ.get("LONG_QUEUE_JOBS", 2))
"""At once."""

SETTINGS = {
    "NETSIGHT_ASYNC_BEAT_SECONDS": "1",
    "NETSIGHT_ASYNC_LEASE_SECONDS": "4",
    "NETSIGHT_ASYNC_QUEUES": "default",
    "NETSIGHT_ASYNC_MAX_QUEUED": "0",
    "NETSIGHT_ASYNC_MAX_QUEUED_ANONYMOUS": "0",
}
LEASE = {
    "NETSIGHT_ASYNC_BEAT_SECONDS": "1",
    "NETSIGHT_ASYNC_LEASE_SECONDS": "6",
}
NONE = {"NETSIGHT_ASYNC_EXECUTOR": "none"}


class LivingTestCase(TwoZopesTestCase):
    def assert_never_lost(self, watcher, *ids):
        """Look until processes are completed; each must be run once."""
        seen, states = set(), {"running"}
        while states - {"completed"}:
            records = watcher.states(*ids).values()
            states = {record["state"] for record in records}
            seen |= states
            self.assertLessEqual(seen, {"queued", "running", "completed"})
        self.assertEqual({record["claims"] for record in records}, {1})


class LongQueueTests(LivingTestCase):
    """To see how it was with more: LONG_QUEUE_WAITING=7000 in the environ."""

    def start(self):
        """Fill a queue that nobody serves; then start who runs jobs.

        So that has nothing of it in its cache.
        """
        watcher, runner = self.zopes
        self.zeo.start()
        watcher.start(**{MACHINE: "a"}, **SETTINGS, **NONE)
        watcher.post(f"/crash-many?number={WAITING}")
        runner.start(**{MACHINE: "b"}, **SETTINGS)
        return watcher, runner

    def test_no_job_is_lost(self):
        watcher, runner = self.start()
        ids = [
            runner.start_job("crash-counting", seconds=SECONDS)
            for _job in range(JOBS)
        ]
        self.assert_never_lost(watcher, *ids)


class HeldUpTests(LivingTestCase):
    """A commit that takes longer than a lease, and one after the other."""

    def start(self, **environ):
        watcher, runner = self.zopes
        self.zeo.start()
        watcher.start(**{MACHINE: "a"}, **LEASE, **environ)
        runner.start(**{MACHINE: "b"}, **LEASE)
        return watcher, runner

    def test_who_runs_nothing_does_not_take_the_others_for_dead(self):
        watcher, runner = self.start(**NONE)
        slow = runner.start_running("crash-slow", "20")
        self.assertEqual(watcher.states(slow)[slow]["state"], "running")
        runner.start_job("crash-committing", seconds="14")
        self.assert_never_lost(watcher, slow)

    def test_nor_does_who_commits(self):
        watcher, runner = self.start(NETSIGHT_ASYNC_QUEUES="heavy")
        slow = runner.start_running("crash-slow", "20")
        self.assertEqual(watcher.states(slow)[slow]["state"], "running")
        watcher.start_job("crash-committing-heavy", seconds="14")
        self.assert_never_lost(watcher, slow)


class HoldingTests(LivingTestCase):
    machines = "aa"

    def test_one_that_lets_no_thread_run_lives_for_its_machine(self):
        watcher, runner = self.zopes
        self.zeo.start()
        watcher.start(**{MACHINE: "a"}, **NONE)
        runner.start(**{MACHINE: "a"})
        process_id = watcher.start_job("crash-holding", seconds="8")
        self.assert_never_lost(watcher, process_id)
