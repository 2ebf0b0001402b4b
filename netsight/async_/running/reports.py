"""What a run has told last, from its thread to that of the monitor.

A loop may tell progress a million times, of which a few hundred are ever seen.
So telling is a few assignments, without a lock and without looking at anything
else, for QUICK_SECONDS at a time.  In between, and whenever there may be more
to do, a run goes the long way: it looks for a cancel and for its time limit,
gives a sign of life, and wakes the monitor.
"""

import math
from time import monotonic

from netsight.async_.records.progress import checked_message
from netsight.async_.records.progress import checked_percentage
from netsight.async_.running.logbook import Logbook


QUICK_SECONDS = 0.05
"""For so long a run need not look at anything but what it tells."""

NUMBERS = frozenset({int, float})


def _as_it_is(*shown):
    return shown


def _checked(number, message):
    return checked_percentage(number), checked_message(message)


class Report:
    """What one run tells.

    The run first notes what it tells, and then looks whether that was all.
    Whoever wants it to look at more first says so by `look_up`, and then reads
    what was told.  So one of both always sees the other, without a lock.
    """

    quick_until = -math.inf
    """Until then, by the monotonic clock, it is enough to note."""

    limit = math.inf
    """When the run is over its time limit, by the same clock."""

    def __init__(self, process_id, shown=(None, None)):
        self.process_id = process_id
        self.logbook = Logbook()
        self.shown = shown
        """What the record has of `told`."""
        self.tell(*shown[:2])

    @property
    def told(self):
        """What was told last, as it is to be stored: (number, message).

        And the last Lines of the log, if there are any.
        """
        number, message, shown = self._told
        told, lines = shown(number, message), self.logbook.last
        return (*told, lines) if lines.lines else told

    def tell(self, number, message):
        """Note a checked number and a message."""
        self._told = number, message, _as_it_is

    def is_enough(self, number, message):
        """Note a number and a message, if that is all there is to do.

        Returns false for what must be checked at once, and whenever it is
        time to go the long way.
        """
        if (
            type(number) in NUMBERS
            and 0 <= number <= 100
            and (message is None or type(message) is str)
        ):
            self._told = number, message, _checked
            return monotonic() < self.quick_until
        return False

    def is_count_enough(self, count, total, shown):
        """Do the same for ``shown(count, total)``, the pair to be told."""
        self._told = count, total, shown
        return monotonic() < self.quick_until

    def be_quick(self):
        """Let the run note what it tells, and no more, for a moment.

        To be called only when what it tells will be read.
        """
        self.quick_until = min(monotonic() + QUICK_SECONDS, self.limit)

    def look_up(self):
        """Have the run go the long way the next time."""
        self.quick_until = -math.inf
