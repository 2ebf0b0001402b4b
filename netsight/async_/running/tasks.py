"""A thread that does a few tasks again and again, while it is needed."""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ZODB.POSException import ReadOnlyError


logger = logging.getLogger(__name__)


@dataclass
class Task:
    """Something that is to be done again and again."""

    name: str
    """What it is called in the log: "the heartbeat"."""

    do: Callable[[], Any]

    pause: Callable[[], float] = lambda: 0.0
    """Returns the seconds from one time to the next."""

    is_wanted: Callable[[], Any] = lambda: True
    """Tells whether there is anything to do; called under the lock."""

    due: float = 0.0
    """When it is to be done next, by the monotonic clock."""

    is_failing: bool = False

    def delay(self, seconds):
        """Have it done in so many seconds at the earliest."""
        self.due = max(self.due, time.monotonic() + seconds)


class Routine:
    """Does its tasks one after the other, in a thread of its own.

    `lock` is a threading.Condition, which whoever changes something that
    `is_needed` or `is_wanted` of a task asks for must hold, and call `hasten`.
    The thread ends when `is_needed` returns false, and calls `at_end` then.
    `running` returns a text that the log has beside a failure.
    """

    def __init__(
        self,
        thread_name,
        lock,
        tasks,
        is_needed,
        running,
        at_end=lambda: None,
    ):
        self._thread_name = thread_name
        self._lock = lock
        self._tasks = tasks
        self._is_needed = is_needed
        self._running = running
        self._at_end = at_end
        self._thread = None
        self._latest = None
        self._stopping = False
        self._last = []
        self._wakes = -math.inf
        """When the thread wakes by itself; it does not wait before."""

    def hasten(self, *tasks):
        """Wake the thread for what has changed; the lock must be held.

        That is if one of these tasks, which is wanted now, is due before the
        thread would wake; or if it is to end, as nobody needs it any more.
        """
        is_late = any(task.due < self._wakes for task in tasks)
        if self._thread is not None and (is_late or not self._is_needed()):
            self._lock.notify_all()

    def start(self):
        """Start the thread if there is none; the lock must be held.

        Raises RuntimeError if the system has no more threads, and changes
        nothing then.
        """
        if self._thread is None:
            self._stopping = False
            thread = threading.Thread(
                target=self._work, name=self._thread_name, daemon=True
            )
            thread.start()
            self._thread = self._latest = thread

    def stop(self, *last):
        """Have the thread end soon; the lock must be held.

        Before, it does the tasks `last`, whether they are due or not.
        """
        self._stopping = True
        if self._thread is not None:
            self._last = list(last)
        self._lock.notify_all()

    def join(self, timeout=None):
        """Wait until the thread has ended; return False on timeout.

        `timeout` is in seconds; without one, there is none.
        """
        with self._lock:
            thread = self._latest
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    # The thread

    def _work(self):
        try:
            while (task := self._next()) is not None:
                self._try(task)
        finally:
            self._at_end()

    def _next(self):
        """Wait for the task that is due next and return it; None to end."""
        with self._lock:
            while not self._stopping and self._is_needed():
                task = self._first()
                now = time.monotonic()
                if task is not None and task.due <= now:
                    task.due = now + task.pause()
                    return task
                self._wakes = math.inf if task is None else task.due
                self._lock.wait(self._seconds_to(task, now))
                self._wakes = -math.inf
            if self._last:
                return self._last.pop(0)
            self._thread = None
            return None

    def _first(self):
        wanted = [task for task in self._tasks if task.is_wanted()]
        return min(wanted, key=lambda task: task.due, default=None)

    def _seconds_to(self, task, now):
        """Return how long to wait for a task; None for no task."""
        return task and min(task.due - now, threading.TIMEOUT_MAX)

    def _try(self, task):
        """Do a task.

        Logs a failure once, and again only after it has worked in between.
        """
        try:
            task.do()
        except Exception as exc:
            # A database that is away comes back; nothing is lost by doing
            # the same later.
            if not task.is_failing:
                self._log_failure(task, exc)
            task.is_failing = True
        else:
            if task.is_failing:
                logger.warning("%s works again", task.name)
            task.is_failing = False

    def _log_failure(self, task, exc):
        if isinstance(exc, ReadOnlyError):
            logger.warning(
                "the database can only be read; nothing is run or removed "
                "until it can be written"
            )
            return
        logger.error(
            "%s failed%s; running: %s",
            task.name,
            "" if self._stopping else " and is tried again",
            self._running(),
            exc_info=exc,
        )
