"""Lines of processes, of which one runs at a time.

Those of one line run in the order of the starts.  Who may begin is decided in
the transaction of a claim, by what the line and its processes say; so nobody
waits for anybody meanwhile, and no thread is kept.
"""

from itertools import islice

from BTrees.OOBTree import OOTreeSet

from netsight.async_.exceptions import ClaimLostError
from netsight.async_.records.parts import Part


AHEAD_MOST = 100
"""So many of a line, or of the queue, are looked at to find a place in it."""


class Line(Part):
    """The processes of one key."""

    holder = None
    """Id of the process that was claimed last."""

    def __init__(self):
        # Starts insert, and recovery removes those that have ended.  A claim
        # must not: it would conflict with the starts.
        self._ids = OOTreeSet()

    def add(self, process_id):
        """Let a process stand in the line, in the order of the starts."""
        self._ids.insert(process_id)

    def discard(self, process_id):
        """Let it not stand there, if it does."""
        if process_id in self._ids:
            self._ids.remove(process_id)

    def before(self, registry, process_id):
        """Yield the ids of those that must end before a process begins.

        The holder is among them while it runs, also when it was started
        later: clocks differ, and starts take their time.
        """
        seen = None
        if self.holder != process_id and _has_begun(registry, self.holder):
            yield (seen := self.holder)
        for earlier in self._ids.keys(max=process_id, excludemax=True):
            if earlier != seen and not _stands_aside(registry, earlier):
                yield earlier

    def place_of(self, registry, process_id):
        """Return how many must end before, AHEAD_MOST at most."""
        before = self.before(registry, process_id)
        return sum(1 for _each in islice(before, AHEAD_MOST))

    def take(self, registry, process_id):
        """Let a process begin, in the transaction of its claim.

        Raises ClaimLostError if another one must end before.  Of two claims
        at the same time one conflicts, since both write this.
        """
        other = next(self.before(registry, process_id), None)
        if other is not None:
            raise ClaimLostError(f"{other} of the same line has not ended")
        self.holder = process_id

    def first(self, registry):
        """Return the oldest IProcess that has not ended, or None."""
        for process_id in self._ids:
            if not _stands_aside(registry, process_id):
                return registry.get(process_id)
        return None


def _has_begun(registry, process_id):
    """Tell whether a process, if there is one, was claimed and not ended.

    If its worker has died, recovery must come by first: it may only be late.
    """
    if process_id is None or _stands_aside(registry, process_id):
        return False
    if registry.is_newer(process_id):
        return True
    return registry[process_id].claim.worker is not None


def _stands_aside(registry, process_id):
    """Tell whether nobody has to wait for a process.

    It has ended for good, is gone, or is held: that may be for ever.  Or it
    is too early for it.
    """
    if registry.is_newer(process_id):
        return not registry.is_active(process_id)
    process = registry.get(process_id)
    return (
        process is None
        or process.finished is not None
        or process.is_held
        or process.is_early
    )


def heads(queued):
    """Return those of some queued that are not behind another in their line.

    Of each, the attribute `line` is the key of its line, or None.  They are
    given in the order of the starts.
    """
    first = {}
    for each in queued:
        if each.line is not None:
            first.setdefault(each.line, each)
    return [q for q in queued if q.line is None or q is first[q.line]]
