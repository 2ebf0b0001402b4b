"""A worker that lives while thousands wait, and jobs hold the GIL."""

import os

from netsight.async_.tests.crash_views import MACHINE
from netsight.async_.tests.server_support import TwoZopesTestCase


WAITING = int(os.environ.get("LONG_QUEUE_WAITING", 3500))
SECONDS = os.environ.get("LONG_QUEUE_SECONDS", "30")
JOBS = int(os.environ.get("LONG_QUEUE_JOBS", 2))
"""At once."""

SHORT_LEASE = {
    "NETSIGHT_ASYNC_BEAT_SECONDS": "1",
    "NETSIGHT_ASYNC_LEASE_SECONDS": "4",
    "NETSIGHT_ASYNC_QUEUES": "default",
}
NONE = {"NETSIGHT_ASYNC_EXECUTOR": "none"}


class LongQueueTests(TwoZopesTestCase):
    """To see how it was with more: LONG_QUEUE_WAITING=7000 in the environ."""

    def start(self):
        """Fill a queue that nobody serves; then start who runs jobs.

        So that has nothing of it in its cache.
        """
        watcher, runner = self.zopes
        self.zeo.start()
        watcher.start(**{MACHINE: "a"}, **SHORT_LEASE, **NONE)
        watcher.post(f"/crash-many?number={WAITING}")
        runner.start(**{MACHINE: "b"}, **SHORT_LEASE)
        return watcher, runner

    def test_no_job_is_lost(self):
        watcher, runner = self.start()
        ids = [
            runner.start_job("crash-counting", seconds=SECONDS)
            for _job in range(JOBS)
        ]
        seen = set()
        states = {"running"}
        while states - {"completed"}:
            records = watcher.states(*ids).values()
            states = {record["state"] for record in records}
            seen |= states
            self.assertLessEqual(seen, {"queued", "running", "completed"})
        self.assertEqual([record["claims"] for record in records], [1] * JOBS)
