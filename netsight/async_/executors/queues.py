"""In which queue a process waits, and how early it is taken from there."""

from typing import NamedTuple

from netsight.async_ import config


class Queued(NamedTuple):
    """What an executor is told of a queued process."""

    process_id: str
    queue: str
    priority: int

    @classmethod
    def of(cls, process):
        """Return what an executor is told of an IProcess."""
        return cls(process.id, process.queue, process.priority)


def is_served(queue):
    """Tell whether this Zope runs the processes of a queue."""
    served = config.get("queues")
    return not served or queue in served
