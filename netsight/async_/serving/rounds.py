"""What a server looks at to recover it, round after round.

A long queue must not be loaded again and again.  So a server keeps in memory
which processes it knows to be queued, and each round looks at

- those that it does not know to be queued: new ones, and those that run;
- AGAIN of the known ones that are taken next, and AGAIN others by turns: a
  process may be claimed by another Zope, or cancelled, without us being told;
- all, once, when a worker has died: it may have claimed any of them.

A round is done in transactions of SLICE processes each.
"""

from bisect import bisect_right
from itertools import islice
from typing import NamedTuple

from netsight.async_.executors.queues import is_served
from netsight.async_.records.paused import paused_queues
from netsight.async_.records.turns import in_turns
from netsight.async_.serving.recovery import Recovered
from netsight.async_.serving.recovery import forget_workers
from netsight.async_.serving.recovery import in_order
from netsight.async_.serving.recovery import is_silent
from netsight.async_.serving.recovery import recover_some


SLICE = 200
"""So many processes are looked at in one transaction."""

AGAIN = 100
"""So many known ones are looked at again in a round, and as many by turns."""


class Round(NamedTuple):
    """The part of a round that is still to be done."""

    left: list
    """Of the ids to look at."""

    dead: frozenset
    """Of the names of workers that were dead when it began."""

    holders: frozenset = frozenset()
    """Of the names of workers that processes were seen to refer to."""


class Slice(NamedTuple):
    """What one transaction has done."""

    ids: list
    """Of what it has looked at."""

    round: Round
    """What is left then."""

    recovered: Recovered

    paused: frozenset
    """Of the names of the queues that are paused."""


class Rounds:
    """What one server knows of the active processes."""

    def __init__(self):
        self._waiting = {}
        self._newer = frozenset()
        self._held = frozenset()
        self._paused = frozenset()
        self._searched = frozenset()
        self._turn = ""
        self._round = None

    def queued(self):
        """Return a list of Queued for what may begin, the oldest first.

        That is all that waits, but for what is in a queue that is paused.
        """
        return [
            each
            for each in in_order(self._waiting.values())
            if each.queue not in self._paused
        ]

    @property
    def newer(self):
        """How many processes were left alone that a newer version stored."""
        return len(self._newer)

    @property
    def held(self):
        """How many processes wait for somebody to release them."""
        return len(self._held)

    def forget(self, process_ids):
        """Know nothing of some processes any more, as they were claimed."""
        for process_id in process_ids:
            self._waiting.pop(process_id, None)

    def unknown(self, active_ids):
        """Return a list of those that are not known to be queued."""
        return [
            process_id
            for process_id in active_ids
            if process_id not in self._waiting
            and process_id not in self._newer
            and process_id not in self._held
        ]

    def look(self, registry, holds=None):
        """Recover a slice, in a transaction that the caller commits.

        Returns a Slice for `note`.  `holds` is as in `recover_some`.
        """
        now = self._round or self._begin(registry)
        ids, left = now.left[:SLICE], now.left[SLICE:]
        recovered = recover_some(registry, ids, holds)
        holders = now.holders | recovered.holders
        if not left:
            forget_workers(registry, now.dead, holders)
        paused = paused_queues(registry)
        return Slice(ids, Round(left, now.dead, holders), recovered, paused)

    def note(self, done):
        """Remember a Slice that is committed; return whether more is left."""
        self.forget(done.ids)
        self._waiting.update(done.recovered.waiting)
        self._newer = self._newer.union(done.recovered.newer)
        self._held = self._held.union(done.recovered.held)
        self._paused = done.paused
        self._round = done.round if done.round.left else None
        if self._round is None:
            self._searched = done.round.dead
        return self._round is not None

    def _begin(self, registry):
        """Return a new Round; forgets what is not active any more."""
        active = registry.active_ids()
        self._newer = self._newer.intersection(active)
        self._held = frozenset(registry.held_ids())
        self._waiting = {
            process_id: self._waiting[process_id]
            for process_id in active
            if process_id in self._waiting
        }
        workers = registry.workers()
        dead = frozenset(w.name for w in workers if is_silent(w))
        if not dead <= self._searched:
            return Round(active, dead)
        return Round(self.unknown(active) + self._again(), dead)

    def _again(self):
        """Return a list of known ids that are to be looked at again."""
        # Those that are held may be cancelled, too.
        known = sorted([*self._waiting, *self._held])
        start = bisect_right(known, self._turn)
        turn = known[start : start + AGAIN]
        self._turn = turn[-1] if turn else ""
        return list(dict.fromkeys([*self._next_to_be_taken(), *turn]))

    def _next_to_be_taken(self):
        """Return the ids that this Zope would try to claim first.

        The turns of its executor may be another owner's at this moment.
        """
        queues = {each.queued.queue for each in self._waiting.values()}
        served = {queue for queue in queues if is_served(queue)}
        turns = in_turns(
            each.queued.turn
            for each in self._waiting.values()
            if each.queued.queue in served - self._paused
            and each.queued.is_due
        )
        return list(islice(turns, AGAIN))
