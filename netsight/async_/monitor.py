"""One thread a Zope that writes what must be seen while processes run.

`set_progress` only puts a number into memory, so that a loop may call it a
million times.  The monitor writes it through a connection of its own: the
first at once, then at most one each PROGRESS_SECONDS, the last one always,
all processes of this Zope in one commit.
"""

import logging
import threading
import time

from netsight.async_.config import PROGRESS_SECONDS
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.registry import get_process
from netsight.async_.registry import write


logger = logging.getLogger(__name__)

THREAD_NAME = "netsight.async monitor"


class Monitor:
    """Writes the progress of the running processes of this Zope.

    Its thread lives while there are any.
    """

    def __init__(self):
        self._lock = threading.Condition()
        self._running = set()
        self._unwritten = {}
        self._shown = {}
        self._thread = None

    def watch(self, process_id):
        """Begin to take progress of a process; starts the thread."""
        with self._lock:
            self._running.add(process_id)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name=THREAD_NAME, daemon=True
                )
                self._thread.start()

    def unwatch(self, process_id):
        """End it: what is unwritten of this process is dropped."""
        with self._lock:
            self._running.discard(process_id)
            self._unwritten.pop(process_id, None)
            self._shown.pop(process_id, None)
            self._lock.notify_all()

    def put(self, process_id, number, message):
        """Have progress written soon; returns at once.

        Progress of a process that is not watched is dropped.
        """
        shown = (number, message)
        with self._lock:
            known = self._unwritten.get(
                process_id, self._shown.get(process_id)
            )
            if process_id in self._running and known != shown:
                self._unwritten[process_id] = shown
                self._lock.notify_all()

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

    def _work(self):
        while self._wait_for_work():
            written = time.monotonic()
            self._flush()
            self._pause(written + PROGRESS_SECONDS - time.monotonic())

    def _wait_for_work(self):
        with self._lock:
            self._lock.wait_for(lambda: self._unwritten or not self._running)
            if not self._running:
                self._thread = None
                return False
            return True

    def _pause(self, seconds):
        with self._lock:
            self._lock.wait_for(lambda: not self._running, seconds)

    def _flush(self):
        with self._lock:
            batch = dict(self._unwritten)
        try:
            write("netsight.async: progress", _show, batch)
        except Exception:
            # Progress is no reason to stop a process; it is tried again.
            logger.exception("progress of %s not written", ", ".join(batch))
            return
        with self._lock:
            for process_id, shown in batch.items():
                if process_id in self._running:
                    self._shown[process_id] = shown
                if self._unwritten.get(process_id) == shown:
                    del self._unwritten[process_id]
            self._lock.notify_all()


def _show(root, batch):
    for process_id, (number, message) in batch.items():
        try:
            process = get_process(root, process_id)
        except NoSuchProcessError:
            continue
        process.progress_part.show(number, message)


monitor = Monitor()
"""The one of this Zope."""
