"""Runs processes on a bounded number of threads of this Zope.

`concurrent.futures` is not used: its threads are joined when Python exits, so
that a stop of Zope would wait for all processes, and its queue is worked off
first.  These threads end with Zope.
"""

import logging
import threading
import time

from zope.interface import implementer

from netsight.async_ import config
from netsight.async_.config import DEFAULT_QUEUE
from netsight.async_.executors.queues import is_served
from netsight.async_.executors.queues import next_in_line
from netsight.async_.forks import renew_in_child
from netsight.async_.interfaces import IExecutor
from netsight.async_.records.turns import Turns
from netsight.async_.running.runner import run


logger = logging.getLogger(__name__)


@implementer(IExecutor)
class ThreadExecutor:
    """See IExecutor.

    A thread is started when there is more to do than threads are idle, up to
    the setting `threads`, and ends after IDLE_SECONDS without work.  What
    waits is taken by priority, and its owners take turns: see `records.turns`.
    """

    runs_here = True
    ends_early = True

    IDLE_SECONDS = 60.0

    def __init__(self, run=run):
        self._run = run
        self._changed = threading.Condition()
        self._waiting = Turns()
        self._rung = {}
        """{id of what waits: when it was rung for last, monotonic}."""

        self._threads = set()
        self._idle = 0
        self._stopping = False
        self._is_refused = False
        self._when_free = None
        self.is_claimed = _is_unknown
        """Tells whether a process was claimed since it was rung for.

        It is given the id and that monotonic time, from any thread.
        """

    def ring(self, process_id, queue=DEFAULT_QUEUE, priority=0, owner=None):
        if not is_served(queue):
            return
        with self._changed:
            if self._stopping:
                return
            self._waiting.add(process_id, priority, owner)
            self._rung[process_id] = time.monotonic()
            # One that waits already may have found no thread before.
            if self._lacks_thread():
                self._start_thread()
            self._changed.notify()

    def call_when_free(self, function):
        """Tell whether all threads are busy, and nothing waits for them.

        Then the function is called, once, when one has nothing to do.  It
        must not wait for anything.
        """
        with self._changed:
            is_full = (
                not self._waiting
                and not self._idle
                and len(self._threads) >= config.get("threads")
            )
            if is_full:
                self._when_free = function
            return is_full

    def health(self):
        with self._changed:
            return {
                "running": len(self._threads) - self._idle,
                "waiting": len(self._waiting),
                "threads": len(self._threads),
            }

    def wait_idle(self, timeout):
        """Wait until nothing runs or waits; return False on timeout.

        `timeout` is in seconds.
        """
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and len(self._threads) == self._idle,
                timeout,
            )

    def stop(self, timeout):
        """Take no more work; return whether all threads ended in `timeout`.

        What runs goes on until then; what waits stays queued in the database.
        """
        with self._changed:
            self._stopping = True
            self._waiting.clear()
            self._rung.clear()
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._threads, timeout)

    def _lacks_thread(self):
        return (
            len(self._waiting) > self._idle
            and len(self._threads) < config.get("threads")
        )  # fmt: skip

    def _start_thread(self):
        """Start a thread; without one, what waits is rung for again."""
        thread = threading.Thread(
            target=self._work,
            name=f"netsight.async {len(self._threads) + 1}",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError as exc:
            # The limit of the system may be gone at the next ring.
            if not self._is_refused:
                logger.error("processes wait: %s", exc)
            self._is_refused = True
        else:
            self._threads.add(thread)
            self._is_refused = False

    def _work(self):
        try:
            while (taken := self._next()) is not None:
                if self.is_claimed(*taken):
                    continue
                process_id, _rung = taken
                following = next_in_line(self._run(process_id))
                if following is not None:
                    following.ring(self)
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())
                self._changed.notify_all()

    def _next(self):
        """Return the next process id, and when it was rung for.

        None when the thread shall end.
        """
        with self._changed:
            self._idle += 1
            if not self._waiting:
                self._tell_free()
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._waiting or self._stopping, self.IDLE_SECONDS
            )
            self._idle -= 1
            if not self._waiting:
                return None
            process_id = self._waiting.take()
            return process_id, self._rung.pop(process_id)

    def _tell_free(self):
        function, self._when_free = self._when_free, None
        if function is not None:
            function()


def _is_unknown(process_id, rung):
    """Return False: a try to claim it will tell."""
    return False


thread_executor = ThreadExecutor()

renew_in_child(thread_executor)
