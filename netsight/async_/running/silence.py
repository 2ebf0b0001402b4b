"""Runs that have given no sign of life for long.

A sign is a call of `set_progress`, `track`, `check_cancelled` or `checkpoint`,
and the start of an attempt.  Nothing can be done to a thread that waits for
ever; but whoever looks at the log shall see where it does.
"""

import logging
import sys
import threading
import time
import traceback
from dataclasses import dataclass


logger = logging.getLogger(__name__)


@dataclass
class Quiet:
    """How long one run has been quiet."""

    thread: int
    """Number of the thread that runs it."""

    heard: float
    """When its last sign was given, by the monotonic clock."""

    is_noted: bool = False
    """Whether it is stored that it is silent."""

    is_logged: bool = False


class Silence:
    """That of the runs of one Zope.  Signs cost no lock."""

    def __init__(self):
        self._runs = {}

    def begin(self, hold):
        """Listen to the run that has a Hold, from the thread that runs it."""
        self._runs[hold] = Quiet(threading.get_ident(), time.monotonic())

    def end(self, hold):
        """Listen to it no more."""
        self._runs.pop(hold, None)

    def sign(self, hold):
        """Note that a run gives a sign of life now."""
        quiet = self._runs.get(hold)
        if quiet is not None:
            quiet.heard = time.monotonic()

    def changes(self, seconds):
        """Return {Hold: POSIX time of the last sign} of what is to be stored.

        That is of runs that have been silent for so long and are not noted,
        and None instead of the time for those that were, and are heard again.
        """
        now, found = time.monotonic(), {}
        for hold, quiet in list(self._runs.items()):
            age = now - quiet.heard
            if (age >= seconds) != quiet.is_noted:
                found[hold] = None if quiet.is_noted else time.time() - age
        return found

    def note(self, changes):
        """Remember that these are stored; log each silent run once."""
        for hold, since in changes.items():
            quiet = self._runs.get(hold)
            if quiet is None:
                continue
            quiet.is_noted = since is not None
            if quiet.is_noted and not quiet.is_logged:
                quiet.is_logged = True
                logger.warning(
                    "process %s has given no sign of life for %d s; it is "
                    "here:\n%s",
                    hold.process_id,
                    time.monotonic() - quiet.heard,
                    stack_of(quiet.thread),
                )


def stack_of(thread):
    """Return where the thread with a number is now, as text."""
    frame = sys._current_frames().get(thread)
    return "".join(traceback.format_stack(frame)) if frame else "gone"
