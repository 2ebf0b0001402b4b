"""Workers, and whether they live.

A worker is one Zope process (or another) that runs processes of ours.  While
it does, it counts a heartbeat in a record of its own; who holds a claim of a
worker without heartbeats is dead.  Clocks may be set and differ, so a dead
worker is foremost one whose count stood still for a lease *while we watched*,
by a clock that nobody sets; the time of day only decides about workers that
were there before us.  Time in which we could not see is not counted: when
the database was away or this Zope stood still, nobody is dead for that.

So it is while a commit of ours is held up, since theirs may be as well.

A worker on this machine whose process is gone is dead at once, and lives as
long as its process runs: code in C may keep all its threads from beating.
"""

import math
import os
import socket
import threading
import time
import uuid
from typing import NamedTuple

from netsight.async_ import config
from netsight.async_.forks import in_forked_child
from netsight.async_.forks import renew_in_child
from netsight.async_.records.commits import commits
from netsight.async_.records.os_process import is_gone
from netsight.async_.records.os_process import is_running
from netsight.async_.records.os_process import this_os_process
from netsight.async_.records.parts import Part


CLOCK_TOLERANCE_SECONDS = 60.0
"""Clocks may be set by this much, or differ that much, without harm."""

DOUBT = 1 / 2
"""A worker that is silent for this part of a lease is in doubt."""

BEGINNING = 1 / 2
"""In this part of a lease a Zope sees all workers that were there before."""

LOOKED_AWAY = 0.75
"""After a gap this long in what we saw, as a part of the lease, a worker is
watched afresh: what it did in the gap is not known."""


def this_worker():
    """Return the name (str) of this worker in the database and the log.

    A forked child has another one than its parent.
    """
    return _name


def _take_name():
    global _name
    _name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


_take_name()
in_forked_child(_take_name)


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
    os_process = None
    """The OsProcess, if it is known."""

    def __init__(self, name):
        self.name = name
        self.started = time.time()
        if name == this_worker():
            self.os_process = this_os_process()
        self.beat()

    def beat(self):
        """Count a heartbeat."""
        self.beats += 1
        self.beat_at = time.time()

    def end(self):
        """Note that the worker has stopped, or is known to be dead."""
        self.ended = True


class Sight:
    """What was seen of one worker, and when by the monotonic clock."""

    def __init__(self, beats, now, is_dead):
        self.beats = beats
        self.since = now
        self.looked = now
        self.is_dead = is_dead


def is_connected(worker):
    """Tell whether the database of a Worker is there now.

    A client of ZEO reads its cache meanwhile; other storages raise an error.
    """
    storage = worker._p_jar and worker._p_jar.db().storage
    return getattr(storage, "is_connected", lambda: True)()


class Lookout:
    """Sees from this Zope which workers live, by their heartbeats."""

    def __init__(
        self,
        monotonic=time.monotonic,
        time_of_day=time.time,
        is_connected=is_connected,
        last_held_up=commits.last_held_up,
    ):
        self._monotonic = monotonic
        self._time_of_day = time_of_day
        self._is_connected = is_connected
        self._last_held_up = last_held_up
        self._missed = -math.inf
        self._lock = threading.Lock()
        self._sights = {}
        self._first = None
        self._last_before = None
        """The last transaction before this Zope began to look."""

    def begin(self, connection):
        """Begin to look by a ZODB connection; nothing, if that has begun."""
        with self._lock:
            self._begin(connection, self._monotonic())

    def _begin(self, connection, now):
        if self._first is None:
            self._first = now
            if connection is not None:
                self._last_before = connection._storage.lastTransaction()

    def is_alive(self, worker):
        """Tell whether a Worker lives, as far as can be known here."""
        if worker.ended or worker.name == this_worker():
            return not worker.ended
        if is_gone(worker.os_process):
            return False
        return self.is_heard(worker) or is_running(worker.os_process)

    def is_heard(self, worker):
        """Tell whether a Worker has beaten within its lease.

        A count that has grown since this Zope looked last is a sign of life,
        whatever the clocks say.  A count that stands still is silence.  It is
        measured by the monotonic clock, from the moment at which this Zope
        first saw that count; after a lease of it the worker is dead, and for
        this Zope it stays dead until it counts on.

        Silence begins anew after time in which no heartbeat could arrive
        here: the database is away, a look has failed since the last one, a
        commit is held up or was since then, or this Zope itself did not look
        for most of a lease.

        When this Zope begins to look, there is no count to compare.  Only
        then the time of day decides, with CLOCK_TOLERANCE_SECONDS.  A record
        that was stored later, or is found later, is of a worker that lives.
        """
        lease = config.get("lease-seconds")
        now = self._monotonic()
        is_connected = self._is_connected(worker)
        blind = max(self._missed, self._last_held_up())
        # A worker that was idle for long gets a new record, and a new count.
        record = worker.name, worker.started
        with self._lock:
            sight = self._sights.get(record)
            # What is behind a commit arrives a moment after it.
            sees = is_connected and blind <= (sight.looked if sight else now)
            if sight is None or worker.beats > sight.beats:
                is_dead = sight is None and self._was_old(worker, lease, now)
                sight = Sight(worker.beats, now, is_dead and sees)
                self._sights[record] = sight
            elif not sees or now - sight.looked > LOOKED_AWAY * lease:
                sight.since = now
            sight.looked = now
            sight.is_dead = sight.is_dead or now - sight.since >= lease
            return not sight.is_dead

    def miss(self):
        """Note that somebody wanted to look, and could not.

        Heartbeats are not written then either, and not at once afterwards.
        """
        self._missed = self._monotonic()

    def is_in_doubt(self, worker):
        """Tell whether a Worker is silent for long, and not yet dead.

        Then somebody should try to commit, to see whether anybody can.
        """
        with self._lock:
            sight = self._sights.get((worker.name, worker.started))
        if worker.ended or sight is None or sight.is_dead:
            return False
        silent = self._monotonic() - sight.since
        return silent >= DOUBT * config.get("lease-seconds")

    def _was_old(self, worker, lease, now):
        """Tell whether a new sight was old when this Zope began to look."""
        self._begin(worker._p_jar, now)
        before = self._last_before
        if before is not None and worker._p_serial > before:
            return False
        if now - self._first >= BEGINNING * lease:
            return False
        age = self._time_of_day() - worker.beat_at
        return age >= lease + CLOCK_TOLERANCE_SECONDS


lookout = Lookout()
"""The one of this Zope."""

renew_in_child(lookout)
