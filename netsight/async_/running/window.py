"""When a run may be interrupted from outside, and how long it may take."""

import math
import time
from contextlib import contextmanager
from inspect import getmodule

import transaction._transaction
import ZODB

from netsight.async_.exceptions import TimeLimitExceeded
from netsight.async_.records import database
from netsight.async_.running.monitor import Monitor


UNTOUCHABLE = (transaction._transaction, ZODB, database, getmodule(Monitor))
"""Modules and packages that must not be interrupted, nor what they call.

They are in a commit or roll-back, or hold a lock of the database or ours.
"""

NAMES = (*(module.__name__ for module in UNTOUCHABLE), *database.STORAGES)
PREFIXES = tuple(f"{name}." for name in NAMES)


class Window:
    """Open while a run is in the code of its view, and nowhere else.

    An exception that a signal handler raises then ends the run as one of its
    own would; at any other moment it could tear a commit, or a connection.
    """

    error = None
    """The exception that has interrupted the run, or None."""

    is_within = False
    """Whether the run is in the code of its view, or what that calls."""

    deadline = math.inf
    """When the run is over its limit, by the monotonic clock."""

    _limit = None

    def limit_to(self, seconds):
        """Give the run so many seconds from now on."""
        self._limit = seconds
        self.deadline = time.monotonic() + seconds

    @property
    def overdue(self):
        """The exception to end the run by if it is over its limit, or None."""
        if time.monotonic() < self.deadline:
            return None
        return TimeLimitExceeded(
            "It ran for longer than the time limit of its view, "
            f"{self._limit} s."
        )

    @contextmanager
    def within(self):
        """Be open in a block, from the thread that runs it."""
        self.is_within = True
        try:
            yield
        finally:
            self.is_within = False

    def interrupt(self, error):
        """Raise `error`, and be open no more in this block.

        It is kept, as the code of the view may catch it.
        """
        self.is_within = False
        self.error = error
        raise error

    def is_open(self, frame):
        """Tell whether the run may be interrupted that is in a frame."""
        return self.is_within and not is_untouchable(frame)


def is_untouchable(frame):
    """Tell whether a frame is in code that must not be interrupted.

    That is code of UNTOUCHABLE or of a storage, and whatever they have called.
    """
    while frame is not None:
        name = frame.f_globals.get("__name__", "") + "."
        if name.startswith(PREFIXES):
            return True
        frame = frame.f_back
    return False
