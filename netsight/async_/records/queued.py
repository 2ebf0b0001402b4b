"""What decides when a queued process is taken."""

import time
from typing import NamedTuple

from netsight.async_.records.owners import Owner


class Queued(NamedTuple):
    """What an executor is told of a queued process."""

    process_id: str
    queue: str
    priority: int
    owner: Owner | None = None
    line: str | None = None
    not_before: float | None = None
    """POSIX time before which it is not taken."""

    @classmethod
    def of(cls, process):
        """Return what an executor is told of an IProcess."""
        return cls(
            process.id,
            process.queue,
            process.priority,
            process.owner,
            process.line,
            process.not_before,
        )

    @property
    def is_due(self):
        """Whether it may be taken now."""
        return self.not_before is None or time.time() >= self.not_before

    def ring(self, executor):
        """Ring an IExecutor for it."""
        executor.ring(self.process_id, self.queue, self.priority, self.owner)

    @property
    def turn(self):
        """What `records.turns.in_turns` is told of it."""
        return self.process_id, self.priority, self.owner
