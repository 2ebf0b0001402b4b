"""What a Zope looks for often, where others use its database, too.

A look reads what has changed since the last one, and writes nothing.
"""

import time
from itertools import islice

from netsight.async_.executors.doorbell import get_executor
from netsight.async_.executors.doorbell import runs_here
from netsight.async_.executors.queues import Queued
from netsight.async_.executors.queues import is_served
from netsight.async_.interfaces import QUEUED
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.ids import lowest_id
from netsight.async_.records.lease import lookout
from netsight.async_.records.parts import guard
from netsight.async_.running.failure import is_cut_off


RECENT_SECONDS = 120.0
"""What was started before is left to recovery, each beat; more than clocks
may differ."""

LOOK_MOST = 200
"""So many new processes are looked at in one poll; the rest in the next."""


def take_part(registry):
    """Let the open transaction be a commit for the storage; write nothing."""
    if registry._p_jar is not None and not registry._p_jar.isReadOnly():
        guard(registry)


def look(note, function):
    """Return what `transact` returns that looks which workers live.

    Time in which the database was cut off is not counted as their silence.
    """
    try:
        return transact(note, function)
    except Exception as exc:
        if is_cut_off(exc):
            lookout.miss()
        raise


class Poll:
    """Rings for what others have queued, and sees which workers are gone.

    Without it, both would wait for the next beat.  An id is rung for once: if
    its process comes back into the queue later, the worker that had it is
    dead, or has gone.
    """

    def __init__(self):
        self._seen = frozenset()
        self._workers = frozenset()

    def __call__(self):
        """Return whether there may be something to recover."""
        new, queued, living, is_dead = look("poll", self._look)
        gone = is_dead or not self._workers <= living
        recent = lowest_id(time.time() - RECENT_SECONDS)
        self._seen = new.union(each for each in self._seen if each >= recent)
        self._workers = living
        for each in queued:
            each.ring(get_executor())
        return gone

    def _look(self, root):
        """Return what there is now.

        A set of the active ids that are new, a list of Queued among them, a
        set of the names of living workers, and whether there is a dead one.
        """
        registry = query_registry(root)
        workers = registry.workers()
        living = frozenset(w.name for w in workers if lookout.is_alive(w))
        if any(lookout.is_in_doubt(worker) for worker in workers):
            # It may only be held up, as this transaction is then.  A Zope
            # that runs nothing has no heartbeat by which it would see that.
            take_part(registry)
        new = self._new_ids(registry) if runs_here(get_executor()) else []
        queued = self._queued(registry, new)
        return frozenset(new), queued, living, len(living) < len(workers)

    def _new_ids(self, registry):
        recent = lowest_id(time.time() - RECENT_SECONDS)
        ids = registry.oldest_active_ids(recent)
        new = (each for each in ids if each not in self._seen)
        return list(islice(new, LOOK_MOST))

    def _queued(self, registry, ids):
        """Return a list of Queued for those that this Zope can run."""
        return [
            Queued.of(process)
            for process in registry.readable(ids)
            if is_served(process.queue) and process.state == QUEUED
        ]
