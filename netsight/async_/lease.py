"""Workers, and whether they live.

A worker is one Zope process (or another) that runs processes of ours.  While
it does, it counts a heartbeat in a record of its own; who holds a claim of a
worker without heartbeats is dead.  Clocks may be set and differ, so a dead
worker is foremost one whose count stood still for a lease *while we watched*,
by a clock that nobody sets; the time of day only decides about workers that
we have not watched for long.
"""

import os
import socket
import threading
import time
import uuid
from typing import NamedTuple

from netsight.async_ import config
from netsight.async_.parts import Part


THIS_WORKER = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
"""Name of this worker in the database and the log."""

CLOCK_TOLERANCE_SECONDS = 60.0
"""Clocks may be set by this much, or differ that much, without harm."""


class Hold(NamedTuple):
    """A claim of this worker, as the thread that runs the process has it."""

    process_id: str
    token: str
    """The fencing token of the claim."""


class Worker(Part):
    """The record of one worker; only the worker itself beats."""

    beats = 0
    beat_at = 0.0
    ended = False

    def __init__(self, name):
        self.name = name
        self.started = time.time()
        self.beat()

    def beat(self):
        """Count a heartbeat."""
        self.beats += 1
        self.beat_at = time.time()

    def end(self):
        """Note that the worker has stopped, or is known to be dead."""
        self.ended = True


class Watch:
    """What this Zope saw of the heartbeats of all workers."""

    def __init__(self, monotonic=time.monotonic, time_of_day=time.time):
        self._monotonic = monotonic
        self._time_of_day = time_of_day
        self._lock = threading.Lock()
        self._seen = {}

    def is_alive(self, worker):
        """Tell whether a Worker lives, as far as can be known here."""
        if worker.ended or worker.name == THIS_WORKER:
            return not worker.ended
        lease = config.get("lease-seconds")
        unchanged = self._seconds_unchanged(worker)
        age = self._time_of_day() - worker.beat_at
        return unchanged < lease and age < lease + CLOCK_TOLERANCE_SECONDS

    def _seconds_unchanged(self, worker):
        now = self._monotonic()
        with self._lock:
            beats, since = self._seen.get(worker.name, (None, now))
            if beats != worker.beats:
                since = now
            self._seen[worker.name] = worker.beats, since
            return now - since

    def forget(self, name):
        """Drop what was seen of the worker with that name."""
        with self._lock:
            self._seen.pop(name, None)


watch = Watch()
"""The one of this Zope."""
