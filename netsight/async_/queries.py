"""Questions about many processes, answered by looking at few.

A query that an index answers loads no record; any other looks at so many of
the newest records at most, and says where to go on.
"""

import heapq
import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from itertools import takewhile
from typing import Any
from typing import NamedTuple

from netsight.async_.interfaces import FAILED
from netsight.async_.interfaces import LOST
from netsight.async_.interfaces import QUEUED
from netsight.async_.interfaces import RUNNING
from netsight.async_.interfaces import IProcess
from netsight.async_.records.ids import lowest_id
from netsight.async_.records.lease import lookout
from netsight.async_.records.lease import this_worker
from netsight.async_.records.owners import Owner
from netsight.async_.records.registry import ProcessRegistry


SCAN_MOST = 500
"""How many records a query looks at."""

ACTIVE_MOST = 500
"""How many active processes are looked at to tell how long the queue is."""

RECENT_MOST = 500
"""So many of the newest processes are looked at for lately failed ones."""

RECENT_SECONDS = 3600

OLD_SECONDS = 24 * 3600
"""What was started before is not looked at for lately failed ones."""

ACTIVE_STATES = (QUEUED, RUNNING)

LATE_SECONDS = 60
"""An id may be so much older than the time of its start."""


def is_below(process: IProcess, path: str) -> bool:
    """Tell whether the context of a process is at or below a path."""
    return process.view_path.startswith(f"{path}/")


@dataclass(frozen=True)
class Query:
    """What processes are asked for; what is left out does not matter."""

    path: str = ""
    """Physical path of an object; their contexts are at or below it."""

    owner: Owner | None = None
    user_id: str | None = None
    """Id of the owner in whichever user folder."""

    view_name: str | None = None
    states: tuple[str, ...] = ()

    since: float | None = None
    until: float | None = None
    """POSIX times: what was started at or after, and before that one."""

    where: Callable[[IProcess], bool] | None = None
    """What else must be true of a process; asked last."""

    @classmethod
    def of_owner(cls, owner: Owner, path: str, **more: Any) -> "Query":
        """Return the Query for what an Owner has started below a path."""
        if owner.folder_path.startswith(f"{path}/"):
            # A user of this site has none in others: the index answers.
            path = ""
        return cls(path=path, owner=owner, **more)

    def matches(self, process: IProcess) -> bool:
        """Tell whether this is such a process; the state is loaded last."""
        return (
            is_below(process, self.path)
            and self.owner in (None, process.owner)
            and self.user_id in (None, process.owner.user_id)
            and self.view_name in (None, process.view_name)
            and self._is_in_time(process)
            and (not self.states or process.state in self.states)
            and (self.where is None or self.where(process))
        )

    def _is_in_time(self, process):
        since, until = self.since, self.until
        return (since is None or process.created >= since) and (
            until is None or process.created < until
        )

    def candidates(
        self, registry: ProcessRegistry, before: str | None = None
    ) -> Iterator[str]:
        """Return an iterator over ids, the newest first, from the indexes.

        All that match are among them.  No record is loaded.
        """
        if self.until is not None:
            end = lowest_id(self.until)
            before = end if before is None else min(before, end)
        ids = self._ids(registry, before)
        if self.since is None:
            return ids
        first = lowest_id(self.since - LATE_SECONDS)
        return takewhile(lambda process_id: process_id > first, ids)

    def _ids(self, registry, before):
        active = bool(self.states) and set(self.states) <= set(ACTIVE_STATES)
        owners = [self.owner]
        if self.owner is None and self.user_id is not None:
            owners = registry.owners(self.user_id)
        elif self.owner and self.user_id not in (None, self.owner.user_id):
            owners = []
        return heapq.merge(
            *(registry.newest_ids(each, before, active) for each in owners),
            reverse=True,
        )

    @property
    def is_answered_by_indexes(self) -> bool:
        """Whether each candidate matches."""
        times = self.since is not None or self.until is not None
        return not (
            self.path or self.view_name or self.states or times or self.where
        )


class Found(NamedTuple):
    """The answer to a query."""

    ids: list[str]
    """Ids of processes, the newest first."""

    go_on: str | None
    """The id to go on behind; None if nothing is left to look at."""


def find(
    registry: ProcessRegistry,
    query: Query,
    before: str | None = None,
    most: int = SCAN_MOST,
    after: str | None = None,
) -> Found:
    """Return what a Query finds among `most` processes older than `before`.

    `before` is an id; without it, the newest are looked at.  With an id
    `after`, that one and older ones are not.
    """
    found, last = [], None
    for count, process_id in enumerate(query.candidates(registry, before)):
        if after is not None and process_id <= after:
            break
        if count == most:
            return Found(found, last)
        last = process_id
        if query.is_answered_by_indexes or _matches(registry, query, last):
            found.append(last)
    return Found(found, None)


def _matches(registry, query, process_id):
    return not registry.is_newer(process_id) and query.matches(
        registry[process_id]
    )


class Active(NamedTuple):
    """What waits and runs in a database."""

    queued: int
    running: int
    silent: int
    """So many of them have given no sign of life for long."""

    oldest: float | None
    """POSIX time at which the first in the queue was started."""

    held: int
    """So many wait until somebody releases them: see `deployment`."""


def active_of(registry: ProcessRegistry) -> Active:
    """Return the Active of a registry.

    The ACTIVE_MOST oldest are looked at; all behind them count as queued.
    """
    held = set(registry.held_ids())
    ids = [each for each in registry.active_ids() if each not in held]
    seen = list(registry.readable(ids[:ACTIVE_MOST]))
    # Recovery may not have been here.
    new = [process for process in seen if process.is_held]
    seen = [process for process in seen if process not in new]
    states = [process.state for process in seen]
    waiting = [
        max(process.created, process.not_before or 0)
        for process, state in zip(seen, states, strict=True)
        if state == QUEUED and not process.is_early
    ]
    early = sum(process.is_early for process in seen)
    return Active(
        queued=len(waiting) + early + len(ids) - len(seen) - len(new),
        running=states.count(RUNNING),
        silent=sum(process.silent_since is not None for process in seen),
        oldest=min(waiting, default=None),
        held=len(held) + len(new),
    )


class Held(NamedTuple):
    """What waits until somebody releases it."""

    count: int
    is_all: bool
    """Whether nothing else was found to be held."""

    deployments: list[str]
    """Of the names under which the database was served before."""


def held_of(registry: ProcessRegistry, query: Query) -> Held:
    """Return the Held of a registry that a Query finds.

    ACTIVE_MOST are looked at; of what is behind them only a query is answered
    that the indexes answer.
    """
    ids, names = registry.held_ids(), registry.held_in()
    seen = registry.readable(ids[:ACTIVE_MOST])
    count = sum(each.is_held and query.matches(each) for each in seen)
    left = len(ids[ACTIVE_MOST:])
    if query.is_answered_by_indexes:
        return Held(count + left, True, names)
    return Held(count, not left, names)


def health_of(registry: ProcessRegistry) -> dict[str, int]:
    """Return a dict of numbers about a registry.

    ``queued``, ``running`` and ``silent`` are numbers of processes,
    ``oldest_queued_seconds`` is 0 if none is queued, ``held`` is the number of
    those that wait for somebody to release them, ``paused_queues`` is the
    number of queues of which nothing begins, ``failed_last_hour`` and
    ``lost_last_hour`` are counted among the RECENT_MOST newest processes,
    ``workers_alive`` is the number of Zopes that run processes or have lately,
    this one included.
    """
    now = time.time()
    states = _recent_states(registry, now)
    active = active_of(registry)
    waited = 0 if active.oldest is None else now - active.oldest
    return {
        "queued": active.queued,
        "oldest_queued_seconds": max(0, round(waited)),
        "running": active.running,
        "silent": active.silent,
        "held": active.held,
        "paused_queues": len(registry.pauses()),
        "failed_last_hour": states.count(FAILED),
        "lost_last_hour": states.count(LOST),
        "workers_alive": len(_alive(registry)),
    }


def _recent_states(registry, now):
    """Return the states of what has ended lately."""
    states = []
    ids = islice(registry.newest_ids(), RECENT_MOST)
    for process in registry.readable(ids):
        if process.created < now - OLD_SECONDS:
            break
        if process.finished and process.finished > now - RECENT_SECONDS:
            states.append(process.state)
    return states


def _alive(registry):
    alive = {w.name for w in registry.workers() if lookout.is_alive(w)}
    # A Zope without a record has not run anything yet, but it answers here.
    return alive | {this_worker()}
