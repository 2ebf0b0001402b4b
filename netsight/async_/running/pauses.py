"""Pauses of runs that have conflicted, before they are tried again.

Those who conflict with each other must not meet again at the next try: so a
pause has a random length, and the longest it may have grows from try to try.
"""

import random
import threading

from netsight.async_.forks import renew_in_child


FIRST_SECONDS = 0.5
"""The first pause is shorter than this."""

GROWTH = 2

MOST_SECONDS = 8.0
"""No pause is longer."""


def pause_after(retries):
    """Return the seconds to wait after so many retries that conflicted."""
    longest = min(FIRST_SECONDS * GROWTH**retries, MOST_SECONDS)
    return random.uniform(0, longest)


class Pauses:
    """All of one Zope, so that a stop can end them."""

    def __init__(self):
        self._changed = threading.Condition()
        self._are_over = False

    def wait(self, seconds, is_over):
        """Wait, at most until ``is_over()`` is true or Zope is stopped.

        It is asked again by `look_again`.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._are_over or is_over(), seconds
            )

    def look_again(self):
        """Have those who wait ask whether their pause is over."""
        with self._changed:
            self._changed.notify_all()

    def end(self):
        """Let nobody wait from now on: Zope is stopped."""
        with self._changed:
            self._are_over = True
            self._changed.notify_all()


pauses = Pauses()
"""Those of this Zope."""

renew_in_child(pauses)
