"""In which queue a process waits, and how early it is taken from there."""

from typing import NamedTuple

from netsight.async_ import config
from netsight.async_.exceptions import BadQueueError


HIGHEST_PRIORITY = 9


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


def queue_of(view):
    """Return (queue, priority) of an async view.

    Raises BadQueueError if they are not what they may be.
    """
    queue, priority = view.queue, view.priority
    if not (isinstance(queue, str) and config.QUEUE_NAME.fullmatch(queue)):
        raise BadQueueError(
            f"The queue of the view {view.__name__} is {queue!r}; it must be "
            f"{config.queue_name.expects}."
        )
    if type(priority) is not int or not 0 <= priority <= HIGHEST_PRIORITY:
        raise BadQueueError(
            f"The priority of the view {view.__name__} is {priority!r}; it "
            f"must be an int from 0 to {HIGHEST_PRIORITY}."
        )
    return queue, priority
