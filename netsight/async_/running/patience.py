"""Waiting for a database that is away, as long as that takes.

A claim protects a run meanwhile: nobody can give it away without the database,
and whoever gives it away later is noticed by the next look at it.
"""

import logging
import time

from netsight.async_.running.failure import is_cut_off


logger = logging.getLogger(__name__)

FIRST_SECONDS = 2.0
"""The first pause, so that the database can come back; each is longer."""

GROWTH = 1.5

MOST_SECONDS = 15.0
"""The longest pause."""


class Patience:
    """That of one run."""

    def __init__(self, process_id):
        self._process_id = process_id
        self._pauses = 0

    @property
    def is_waiting(self):
        """Whether the database was cut off when it was tried last."""
        return self._pauses > 0

    def insist(self, function, *args):
        """Return ``function(*args)``, called again while it is cut off.

        Raises what else it raises.
        """
        while True:
            try:
                result = function(*args)
            except Exception as exc:
                if not is_cut_off(exc):
                    raise
                self.wait(exc)
            else:
                self._pauses = 0
                return result

    def wait(self, exc):
        """Pause, as the database was cut off; log so once."""
        if not self.is_waiting:
            logger.warning(
                "process %s: the database was cut off: %r",
                self._process_id, exc,
            )  # fmt: skip
        seconds = FIRST_SECONDS * GROWTH**self._pauses
        self._pauses += 1
        time.sleep(min(seconds, MOST_SECONDS))
