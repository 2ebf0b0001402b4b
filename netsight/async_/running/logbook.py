"""What a run has logged for its user, between its thread and the monitor."""

import threading
import time
from collections import deque

from netsight.async_.records.logs import CHARS_MOST
from netsight.async_.records.logs import LINES_MOST
from netsight.async_.records.logs import NO_LINES
from netsight.async_.records.logs import SHOWN_MOST
from netsight.async_.records.logs import Lines
from netsight.async_.records.logs import size_of


class Logbook:
    """Keeps the last lines: LINES_MOST, and CHARS_MOST in all."""

    def __init__(self):
        self._lock = threading.Lock()
        self.clear()

    def clear(self):
        """Forget all: an attempt begins, and the last one was rolled back."""
        with self._lock:
            self._lines = deque()
            self._chars = 0
            self._dropped = 0

    def add(self, line):
        """Keep a checked message."""
        with self._lock:
            self._lines.append((time.time(), line))
            self._chars += size_of(line)
            while len(self._lines) > LINES_MOST or self._chars > CHARS_MOST:
                self._chars -= size_of(self._lines.popleft()[1])
                self._dropped += 1

    @property
    def lines(self):
        """All Lines that are kept."""
        with self._lock:
            return Lines(self._dropped, tuple(self._lines))

    @property
    def last(self):
        """The Lines that are shown while it runs."""
        if not self._lines:
            return NO_LINES
        with self._lock:
            count = len(self._lines)
            first = max(0, count - SHOWN_MOST)
            lines = tuple(self._lines[n] for n in range(first, count))
            return Lines(self._dropped + first, lines)
