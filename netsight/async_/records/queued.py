"""What decides when a queued process is taken."""

from typing import NamedTuple

from netsight.async_.records.owners import Owner


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
