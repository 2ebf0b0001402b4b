"""The lines that a process has logged for its user.

While it runs, the last of them are written with its progress; all that were
kept are stored with the outcome, in an object of their own, as most who look
at an outcome do not look at them.
"""

from typing import NamedTuple

from netsight.async_.records.parts import Part


LINES_MOST = 2_000
"""So many lines are kept of a process, the last ones."""

CHARS_MOST = 200_000
"""So many characters in all; a line has 1,000 at most, as a message has."""

SHOWN_MOST = 20
"""So many are written while it runs, and shown on its page."""


class Lines(NamedTuple):
    """Some lines of a log."""

    dropped: int = 0
    """How many were before them."""

    lines: tuple = ()
    """Of pairs: POSIX time, and a text or message id."""

    def last(self, count=SHOWN_MOST):
        """Return the Lines that are the last ones of these."""
        left_out = max(0, len(self.lines) - count)
        return Lines(self.dropped + left_out, self.lines[left_out:])


NO_LINES = Lines()


class Log(Part):
    """All lines that are kept of a process that has ended."""

    def __init__(self, lines):
        self._lines = tuple(lines)

    @property
    def lines(self):
        return Lines(*self._lines)


def size_of(line):
    """Return about how many characters are stored of a checked message."""
    default = getattr(line, "default", None) or ""
    mapping = getattr(line, "mapping", None) or {}
    return len(line) + len(default) + sum(map(len, mapping.values()))
