"""One thread a Zope that writes what must be seen while processes run.

`set_progress` only puts a number into memory, so that a loop may call it a
million times.  The monitor writes it through a connection of its own: the
first at once, then at most one each PROGRESS_SECONDS, the last one always,
all processes of this Zope in one commit.

It also beats for this worker, looks who wants a process cancelled, and does
the duty and polls that a server gives it (see `serving.server`).  Its thread
lives while processes run here or a server has given it a duty.
"""

import logging
import threading
import time

from ZODB.POSException import ReadOnlyError

from netsight.async_ import config
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.forks import in_forked_child
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import this_worker


logger = logging.getLogger(__name__)

THREAD_NAME = "netsight.async monitor"

PROGRESS_SECONDS = 1.0
"""Progress of one process is written at most once in this time."""


class Monitor:
    """Writes for the processes of this Zope, one thing after the other."""

    def __init__(self):
        self._lock = threading.Condition()
        self._running = {}
        self._unwritten = {}
        self._shown = {}
        self._fetched = {}
        self._failing = set()
        self._thread = None
        self._duty = None
        self._poll = None
        self._stopping = False
        self._last = []
        self._due = dict.fromkeys(("flush", "look", "beat", "duty", "poll"), 0)

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
            self._due["beat"] = time.monotonic() + config.get("beat-seconds")
            self._start()

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
            self._start()

    def stop(self, timeout, *last):
        """End the thread; return False if it lives after `timeout` seconds.

        Before, it writes notes of fetched results, and calls the functions
        `last`.
        """
        with self._lock:
            self._duty = self._poll = None
            self._stopping = True
            if self._thread is not None:
                self._last = [self._flush_task, *last]
            self._lock.notify_all()
        return self.stopped(timeout)

    def wait_idle(self, timeout):
        """Wait until all progress is written; return False on timeout.

        `timeout` is in seconds.
        """
        with self._lock:
            return self._lock.wait_for(lambda: not self._unwritten, timeout)

    def stopped(self, timeout):
        """Wait until the thread has ended; return False on timeout."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    # The thread

    def _start(self):
        self._lock.notify_all()
        if self._thread is None:
            self._stopping = False
            thread = threading.Thread(
                target=self._work, name=THREAD_NAME, daemon=True
            )
            # Raises if the system has no more threads: tried again then.
            thread.start()
            self._thread = thread

    def _work(self):
        while (task := self._next_task()) is not None:
            self._try(task)

    def _try(self, task):
        """Do a task.  That it fails is logged once, until it works again."""
        name = task.__name__
        try:
            task()
        except Exception as exc:
            # A database that is away comes back; nothing is lost by doing
            # the same later.
            if name not in self._failing:
                self._failing.add(name)
                self._tell_failure(name, exc)
        else:
            if name in self._failing:
                self._failing.discard(name)
                logger.warning("%s works again", name)

    def _tell_failure(self, name, exc):
        if isinstance(exc, ReadOnlyError):
            logger.warning(
                "the database can only be read; nothing is run or removed "
                "until it can be written"
            )
            return
        logger.error(
            "%s failed and is tried again; running: %s",
            name,
            ", ".join(h.process_id for h in self.holds()) or "nothing",
            exc_info=exc,
        )

    def _next_task(self):
        """Wait for what is due next and return it; None to end."""
        with self._lock:
            while not self._stopping and (self._running or self._duty):
                now = time.monotonic()
                due, name = min(self._tasks())
                if due <= now:
                    self._due[name] = now + self._pause_after(name)
                    return getattr(self, f"_{name}_task")
                self._lock.wait(min(due - now, threading.TIMEOUT_MAX))
            if self._last:
                return self._last.pop(0)
            self._thread = None
            return None

    def _tasks(self):
        """Return (monotonic time, name) of what there is to do."""
        tasks = [(float("inf"), "flush")]
        if self._unwritten or self._fetched:
            tasks.append((self._due["flush"], "flush"))
        if any(self._running.values()):
            tasks.append((self._due["look"], "look"))
        if self._running:
            tasks.append((self._due["beat"], "beat"))
        if self._duty is not None:
            tasks.append((self._due["duty"], "duty"))
        if self._poll is not None and config.get("poll-seconds"):
            tasks.append((self._due["poll"], "poll"))
        return tasks

    def _pause_after(self, name):
        if name in ("flush", "look"):
            return PROGRESS_SECONDS
        if name == "poll":
            return config.get("poll-seconds")
        return config.get("beat-seconds")

    def _flush_task(self):
        with self._lock:
            batch, fetched = dict(self._unwritten), dict(self._fetched)
        transact("progress", _show, batch, fetched)
        with self._lock:
            for hold, shown in batch.items():
                if hold in self._running:
                    self._shown[hold] = shown
                if self._unwritten.get(hold) == shown:
                    del self._unwritten[hold]
            for process_id in fetched:
                del self._fetched[process_id]
            self._lock.notify_all()

    def _look_task(self):
        with self._lock:
            running = {h: c for h, c in self._running.items() if c is not None}
        for hold in transact("cancel", _wanted, list(running)):
            running[hold]()

    def _beat_task(self):
        transact("heartbeat", _beat)

    def _duty_task(self):
        duty = self._duty
        if duty is not None:
            duty()

    def _poll_task(self):
        poll = self._poll
        if poll is not None and poll():
            with self._lock:
                self._due["duty"] = 0


def _show(root, batch, fetched):
    for hold, (number, message) in batch.items():
        process = _query(root, hold.process_id)
        # Who has lost the claim must not speak for who has it now.
        if process is not None and process.claim.is_held_by(
            this_worker(), hold.token
        ):
            process.progress_part.show(number, message)
    for process_id, when in fetched.items():
        process = _query(root, process_id)
        if process is not None:
            process.retention.note_fetched(when)


def _wanted(root, holds):
    """Return which of these Holds are of processes to be cancelled."""
    processes = [(hold, _query(root, hold.process_id)) for hold in holds]
    return [
        hold
        for hold, process in processes
        if process is not None and process.control.cancel_requested
    ]


def _beat(root):
    query_registry(root).worker(this_worker()).beat()


def _query(root, process_id):
    try:
        return get_process(root, process_id)
    except NoSuchProcessError:
        return None


monitor = Monitor()
"""The one of this Zope."""

in_forked_child(monitor.__init__)
