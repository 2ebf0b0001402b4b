"""In which queue a process waits, and what decides when it is taken."""

from typing import NamedTuple

from netsight.async_ import config
from netsight.async_.records.owners import Owner


class Queued(NamedTuple):
    """What an executor is told of a queued process."""

    process_id: str
    queue: str
    priority: int
    owner: Owner | None = None

    @classmethod
    def of(cls, process):
        """Return what an executor is told of an IProcess."""
        return cls(process.id, process.queue, process.priority, process.owner)

    @property
    def turn(self):
        """What `records.turns.in_turns` is told of it."""
        return self.process_id, self.priority, self.owner


def is_served(queue):
    """Tell whether this Zope runs the processes of a queue."""
    served = config.get("queues")
    return not served or queue in served
