"""What a Zope looks for often, where others use its database, too.

A look reads what has changed since the last one, and writes nothing.
"""

import math
import time
from itertools import islice
from typing import NamedTuple

from netsight.async_ import config
from netsight.async_.executors.doorbell import get_executor
from netsight.async_.executors.doorbell import runs_here
from netsight.async_.executors.queues import is_served
from netsight.async_.records.database import OwnConnection
from netsight.async_.records.database import active_nodes
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import registry_connection
from netsight.async_.records.database import transact
from netsight.async_.records.ids import lowest_id
from netsight.async_.records.lease import lookout
from netsight.async_.records.lease import this_worker
from netsight.async_.records.nodes import Nodes
from netsight.async_.records.parts import guard
from netsight.async_.records.paused import paused_queues
from netsight.async_.records.queued import Queued
from netsight.async_.running.failure import is_cut_off
from netsight.async_.serving.starts import Starts


RECENT_SECONDS = 120.0
"""What was started before is left to recovery, each beat; more than clocks
may differ."""

LOOK_MOST = 200
"""So many new processes are looked at in one poll; the rest in the next."""


def take_part(registry):
    """Let the open transaction be a commit for the storage; write nothing."""
    if registry._p_jar is not None and not registry._p_jar.isReadOnly():
        guard(registry)


def look(note, function, *args, **kwargs):
    """Return what `transact` returns that looks which workers live.

    Time in which the database was cut off is not counted as their silence.
    """
    return _noting_misses(transact, note, function, *args, **kwargs)


def _noting_misses(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as exc:
        if is_cut_off(exc):
            lookout.miss()
        raise


class Workers(NamedTuple):
    """What was seen of workers."""

    living: frozenset
    """Of their names."""

    is_dead: bool
    """Whether there is a dead one."""

    oids: frozenset
    """Of their records."""


NOBODY = Workers(frozenset(), False, frozenset())


class New(NamedTuple):
    """What was seen of processes."""

    known: dict
    """The ids that need not be looked at again.

    With the Start by which it alone was queued; None if that is not known.
    """

    queued: list
    """Of Queued among them."""

    nodes: Nodes
    """Of which each start changes one."""

    names: frozenset
    """Of all workers there are."""

    returns: int
    """How often something was put back into the queue."""

    paused: frozenset
    """Of the names of the queues that are paused."""


class Poll:
    """Rings for what others have queued, and sees which workers are gone.

    Without it, both would wait for the next beat.  An id is rung for once, and
    again if its process may have come back into the queue.

    It looks each time that it is called.  With `news`, only if there are some
    that concern this Zope, or `poll-seconds` after the last look; and `wake`
    is called with the seconds after which to call it again.
    """

    def __init__(self, news=None, wake=None):
        self._news = news
        self._wake = wake
        self._starts = Starts()
        self._own = OwnConnection()
        self._is_hungry = True
        self._looked = -math.inf
        self._seen = {}
        self._workers = NOBODY
        self._names = frozenset()
        """Of the workers that may have claimed what was rung for."""

        self._returns = 0
        self._paused = frozenset()
        self._is_resumed = False

    def __call__(self):
        """Return whether there is something for the duty of a server.

        There may be something to recover.  Or a queue is not paused any more,
        in which much may have waited for long: it knows of that.
        """
        self._is_resumed = False
        gone = self._call()
        return gone or self._is_resumed

    def _call(self):
        """Look if it is time to; return whether a worker is gone."""
        now = time.monotonic()
        is_full = self._is_full()
        if self._news is None:
            return self._look_at_all(now, is_full)
        if not is_full:
            self._hear(now)
        gone = False
        if now >= self._looked + config.get("poll-seconds"):
            gone = self._look_at_all(now, is_full)
        elif not is_full and (self._is_hungry or now >= self._starts.due()):
            self._look_at_new(now)
        if not is_full:
            seconds = self._starts.due() - time.monotonic()
            self._wake(max(0.0, min(seconds, self._news.seconds)))
        return gone

    def close(self):
        """Give back what it looks by; in the thread that has looked."""
        self._own.close()
        if self._news is not None:
            self._news.close()

    def is_claimed(self, process_id, since):
        """Tell whether another worker has claimed a process.

        After the monotonic time `since`, at which it was seen to be queued; as
        far as that is known without looking, from any thread.
        """
        start = self._seen.get(process_id)
        if start is None:
            return False
        if start.claimed > since:
            return True
        return self._news.has_claim_of(start.oids, since)

    def _is_full(self):
        """Tell whether nothing could begin here now, or ever.

        If something can later, it is looked for then at once.
        """
        executor = get_executor()
        if not runs_here(executor):
            return True
        ask = getattr(executor, "call_when_free", None)
        return ask is not None and ask(self._on_free)

    def _on_free(self):
        self._is_hungry = True
        if self._wake is not None:
            self._wake()

    def _hear(self, now):
        """Learn what others have committed."""
        committed = _noting_misses(self._news.take)
        self._starts.note(committed, this_worker(), self._workers.living)
        self._starts.forget(now - RECENT_SECONDS)

    def _look_at_all(self, now, is_full):
        self._looked = now
        seen, new = self._transact(self._look, now, is_full)
        gone = seen.is_dead or not self._names <= seen.living
        self._workers = seen
        self._note(now, is_full, new)
        self._names = seen.living
        return gone

    def _look_at_new(self, now):
        self._note(now, False, self._transact(self._look_for_new, now, False))

    def _transact(self, function, *args):
        return look("poll", function, *args, opened=self._own.transaction)

    def _note(self, now, is_full, new):
        """Remember what was New, and ring."""
        if not is_full:
            self._is_hungry = False
            self._starts.looked(now)
        recent = lowest_id(time.time() - RECENT_SECONDS)
        for each in list(self._seen):
            if each < recent:
                del self._seen[each]
        self._seen.update(new.known)
        self._names |= new.names
        self._returns = new.returns
        self._is_resumed |= not self._paused <= new.paused
        self._paused = new.paused
        if self._news is not None:
            self._news.watch(new.nodes, self._workers.oids)
        for each in new.queued:
            each.ring(get_executor())

    def _look(self, root, now, is_full):
        """Return Workers and New as they are now."""
        registry = query_registry(root)
        lookout.begin(registry_connection(root))
        workers = registry.workers()
        living = frozenset(w.name for w in workers if lookout.is_alive(w))
        if any(lookout.is_in_doubt(worker) for worker in workers):
            # It may only be held up, as this transaction is then.  A Zope
            # that runs nothing has no heartbeat by which it would see that.
            take_part(registry)
        oids = frozenset(worker._p_oid for worker in workers)
        seen = Workers(living, len(living) < len(workers), oids)
        return seen, self._look_for_new(root, now, is_full)

    def _look_for_new(self, root, now, is_full):
        """Return a New; if nothing can begin here, without any ids."""
        if not is_full:
            # All that it will load, asked for at once.
            registry_connection(root).prefetch(self._starts.due_oids(now))
        registry = query_registry(root)
        known, ids = ({}, []) if is_full else self._new_ids(registry, now)
        queued = self._queued(registry, ids) if ids else []
        names = frozenset(registry.worker_names())
        returns = self._returns if is_full else registry.returns()
        paused = paused_queues(registry)
        return New(known, queued, active_nodes(root), names, returns, paused)

    def _new_ids(self, registry, now):
        """Return the `known` of a New, and a list of those ids to load."""
        recent = lowest_id(time.time() - RECENT_SECONDS)
        ids = registry.oldest_active_ids(recent)
        if registry.returns() != self._returns:
            # Any of them may have come back.
            new = list(islice(ids, LOOK_MOST))
            return dict.fromkeys(new), new
        unseen = (each for each in ids if each not in self._seen)
        known = {}
        new = []
        for each, start, is_alone in self._told(registry, unseen):
            is_claimed = start is not None and start.is_claimed and is_alone
            if is_claimed or start is None or start.due <= now:
                known[each] = start if is_alone else None
                new += [] if is_claimed else [each]
        return known, new

    def _told(self, registry, ids):
        """Return tuples for the first of some ids.

        Id, the Start by which it was queued or None, and whether no other of
        these ids was.
        """
        ids = list(islice(ids, LOOK_MOST))
        if not self._starts:
            return [(each, None, False) for each in ids]
        starts = [self._starts.of(registry.oid_of(each)) for each in ids]
        return [
            (each, start, starts.count(start) == 1)
            for each, start in zip(ids, starts, strict=True)
        ]

    def _queued(self, registry, ids):
        """Return a list of Queued for those that this Zope can run."""
        return [
            Queued.of(process)
            for process in registry.readable(ids)
            if is_served(process.queue) and process.may_begin
        ]
