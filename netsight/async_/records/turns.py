"""In which order queued processes are taken.

By priority; within one priority each owner has its turn, and of each owner
the oldest comes first.  So whoever starts a hundred does not keep all others
waiting: the next of another owner waits for one of each owner, at most.
"""

from collections import OrderedDict
from heapq import heappop
from heapq import heappush


class Turns:
    """Ids of processes that wait, to be taken one after the other.

    An owner who comes is put behind those who wait, one who was served goes
    behind them again, and one for whom nothing waits is forgotten.  Adding
    and taking cost no more with many owners, and little more with many ids.
    """

    def __init__(self):
        self._ids = set()
        self._owners = {}
        """{priority: {owner: a heap of ids}}, the next owner first."""

    def __len__(self):
        return len(self._ids)

    def add(self, process_id, priority=0, owner=None):
        """Let a process wait, unless it does so already."""
        if process_id in self._ids:
            return
        self._ids.add(process_id)
        owners = self._owners.setdefault(priority, OrderedDict())
        heappush(owners.setdefault(owner, []), process_id)

    def take(self):
        """Return the next id; raises ValueError if nothing waits."""
        priority = max(self._owners)
        owners = self._owners[priority]
        owner, ids = owners.popitem(last=False)
        process_id = heappop(ids)
        if ids:
            owners[owner] = ids
        elif not owners:
            del self._owners[priority]
        self._ids.remove(process_id)
        return process_id

    def clear(self):
        """Let nothing wait."""
        self._ids.clear()
        self._owners.clear()


def in_turns(queued):
    """Yield the ids of processes in the order in which they are taken.

    `queued` are tuples (process id, priority, owner), the oldest first.
    """
    turns = Turns()
    for each in queued:
        turns.add(*each)
    while turns:
        yield turns.take()
