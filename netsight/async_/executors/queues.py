"""In which queue a process waits, and what decides when it is taken."""

import logging
from typing import NamedTuple

from netsight.async_ import config
from netsight.async_.interfaces import QUEUED
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.owners import Owner


logger = logging.getLogger(__name__)


class Queued(NamedTuple):
    """What an executor is told of a queued process."""

    process_id: str
    queue: str
    priority: int
    owner: Owner | None = None
    line: str | None = None

    @classmethod
    def of(cls, process):
        """Return what an executor is told of an IProcess."""
        return cls(
            process.id,
            process.queue,
            process.priority,
            process.owner,
            process.line,
        )

    def ring(self, executor):
        """Ring an IExecutor for it."""
        executor.ring(self.process_id, self.queue, self.priority, self.owner)

    @property
    def turn(self):
        """What `records.turns.in_turns` is told of it."""
        return self.process_id, self.priority, self.owner


def is_served(queue):
    """Tell whether this Zope runs the processes of a queue."""
    served = config.get("queues")
    return not served or queue in served


def next_in_line(key):
    """Return the Queued that is next in the line of a key, or None.

    To be asked when one of it has ended; never raises.
    """
    if key is None:
        return None
    try:
        return transact("line", _next_in_line, key)
    except Exception as exc:
        logger.warning("who waits in turn begins at the next beat: %r", exc)
        return None


def _next_in_line(root, key):
    registry = query_registry(root)
    line = registry.line(key)
    process = None if line is None else line.first(registry)
    if process is None or process.state != QUEUED:
        return None
    return Queued.of(process)
