"""One thread a Zope that writes what must be seen while processes run.

`set_progress` only puts a number into memory, so that a loop may call it a
million times.  The monitor writes it through a connection of its own: the
first at once, then at most one each PROGRESS_SECONDS, the last one always,
all processes of this Zope in one commit.

It also beats for this worker, looks who wants a process cancelled, and does
the duty and polls that a server gives it (see `serving.server`).  Its thread
lives while processes run here or a server has given it a duty.
"""

import threading
import time

from netsight.async_ import config
from netsight.async_.forks import in_forked_child
from netsight.async_.records.database import transact
from netsight.async_.running import signs
from netsight.async_.running.tasks import Routine
from netsight.async_.running.tasks import Task


THREAD_NAME = "netsight.async monitor"

PROGRESS_SECONDS = 1.0
"""Progress of one process is written at most once in this time."""


def _progress_seconds():
    return PROGRESS_SECONDS


def _beat_seconds():
    return config.get("beat-seconds")


def _poll_seconds():
    return config.get("poll-seconds")


class Monitor:
    """Writes for the processes of this Zope, one thing after the other."""

    def __init__(self):
        self._lock = threading.Condition()
        self._running = {}
        self._unwritten = {}
        self._shown = {}
        self._fetched = {}
        self._duty = None
        self._poll = None
        self._make_tasks()
        self._routine = Routine(
            THREAD_NAME,
            self._lock,
            self._tasks,
            is_needed=lambda: self._running or self._duty is not None,
            running=self._running_ids,
        )

    def _make_tasks(self):
        self._flushing = Task(
            "writing progress",
            self.flush,
            _progress_seconds,
            lambda: self._unwritten or self._fetched,
        )
        self._looking = Task(
            "looking for cancels",
            self.look,
            _progress_seconds,
            lambda: any(self._running.values()),
        )
        self._beating = Task(
            "the heartbeat", self.beat, _beat_seconds, lambda: self._running
        )
        self._serving = Task(
            "recovery",
            self._do_duty,
            _beat_seconds,
            lambda: self._duty is not None,
        )
        self._polling = Task(
            "looking for what others have queued",
            self._do_poll,
            _poll_seconds,
            lambda: self._poll is not None and _poll_seconds(),
        )
        self._tasks = [
            self._flushing,
            self._looking,
            self._beating,
            self._serving,
            self._polling,
        ]

    # For runs

    def watch(self, hold, cancel=None, shown=(None, None)):
        """Begin to write for the run that has a Hold; starts the thread.

        `shown` is the progress, number and message, that its record has.
        `cancel` is called, without arguments and from this thread, when
        somebody wants the process cancelled.
        """
        with self._lock:
            self._running[hold] = cancel
            self._shown[hold] = shown
            # The claim beats, too.
            self._beating.due = time.monotonic() + _beat_seconds()
            self._routine.start()

    def unwatch(self, hold):
        """End it: what is unwritten of this run is dropped."""
        with self._lock:
            self._running.pop(hold, None)
            self._unwritten.pop(hold, None)
            self._shown.pop(hold, None)
            self._lock.notify_all()

    def holds(self):
        """Return the set of the Holds that are watched."""
        with self._lock:
            return set(self._running)

    def put(self, hold, number, message):
        """Have progress written soon; returns at once.

        Progress of a run that is not watched is dropped.
        """
        shown = (number, message)
        with self._lock:
            known = self._unwritten.get(hold, self._shown.get(hold))
            if hold in self._running and known != shown:
                self._unwritten[hold] = shown
                self._lock.notify_all()

    def note_fetched(self, process_id):
        """Have it written soon that a result was fetched now.

        Without a server, nothing expires and nothing is written.
        """
        with self._lock:
            if self._duty is not None:
                self._fetched.setdefault(process_id, time.time())

    # For servers and tests

    def serve(self, duty, poll=None):
        """Call `duty` each beat from now on; starts the thread.

        Call `poll`, if given, each `poll-seconds`; if it returns true, it is
        time for the duty.
        """
        with self._lock:
            self._duty = duty
            self._poll = poll
            self._routine.start()

    def stop(self, timeout, *last):
        """End the thread; return False if it lives after `timeout` seconds.

        Before, it writes notes of fetched results, and does the Tasks `last`.
        """
        with self._lock:
            self._duty = self._poll = None
            self._routine.stop(self._flushing, *last)
        return self.stopped(timeout)

    def wait_idle(self, timeout):
        """Wait until all progress is written; return False on timeout.

        `timeout` is in seconds.
        """
        with self._lock:
            return self._lock.wait_for(lambda: not self._unwritten, timeout)

    def stopped(self, timeout):
        """Wait until the thread has ended; return False on timeout."""
        return self._routine.join(timeout)

    # The tasks, in the thread

    def flush(self):
        """Write progress, and when results were fetched."""
        with self._lock:
            batch, fetched = dict(self._unwritten), dict(self._fetched)
        transact("progress", signs.show, batch, fetched)
        with self._lock:
            for hold, shown in batch.items():
                if hold in self._running:
                    self._shown[hold] = shown
                if self._unwritten.get(hold) == shown:
                    del self._unwritten[hold]
            for process_id in fetched:
                del self._fetched[process_id]
            self._lock.notify_all()

    def look(self):
        """Tell the runs that somebody wants cancelled."""
        with self._lock:
            running = {h: c for h, c in self._running.items() if c is not None}
        for hold in transact("cancel", signs.wanted_cancels, list(running)):
            running[hold]()

    def beat(self):
        """Count a heartbeat of this worker."""
        transact("heartbeat", signs.beat)

    def _do_duty(self):
        duty = self._duty
        if duty is not None:
            duty()

    def _do_poll(self):
        poll = self._poll
        if poll is not None and poll():
            with self._lock:
                self._serving.due = 0

    def _running_ids(self):
        return ", ".join(h.process_id for h in self.holds()) or "nothing"


monitor = Monitor()
"""The one of this Zope."""

in_forked_child(monitor.__init__)
