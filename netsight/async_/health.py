"""How the processes of a database do, in numbers for monitoring.

Each look has a bounded cost, however many records there are.
"""

import time
from itertools import islice

from netsight.async_ import interfaces
from netsight.async_.lease import this_worker
from netsight.async_.lease import watch


ACTIVE_MOST = 500
"""So many of the oldest active processes are looked at; all that wait behind
them count as queued."""

RECENT_MOST = 500
"""So many of the newest processes are looked at for lately failed ones."""

RECENT_SECONDS = 3600

OLD_SECONDS = 24 * 3600
"""What was started before is not looked at for lately failed ones."""


def health_of(registry):
    """Return a dict of numbers about a registry, or None for none.

    ``queued`` and ``running`` are numbers of processes,
    ``oldest_queued_seconds`` is 0 if none is queued, ``failed_last_hour`` and
    ``lost_last_hour`` are counted among the RECENT_MOST newest processes,
    ``workers_alive`` is the number of Zopes that run processes or have lately,
    this one included.
    """
    now = time.time()
    states = _recent_states(registry, now)
    return {
        **_queue(registry, now),
        "failed_last_hour": states.count(interfaces.FAILED),
        "lost_last_hour": states.count(interfaces.LOST),
        "workers_alive": len(_alive(registry)),
    }


def _queue(registry, now):
    ids = [] if registry is None else registry.active_ids()
    active = [registry[each] for each in ids[:ACTIVE_MOST]]
    states = [process.state for process in active]
    waiting = [p for p, s in zip(active, states) if s == interfaces.QUEUED]
    oldest = now - waiting[0].created if waiting else 0
    return {
        "queued": len(waiting) + len(ids) - len(active),
        "oldest_queued_seconds": max(0, round(oldest)),
        "running": states.count(interfaces.RUNNING),
    }


def _recent_states(registry, now):
    """Return the states of what has ended lately."""
    states = []
    ids = [] if registry is None else registry.newest_ids()
    for process_id in islice(ids, RECENT_MOST):
        process = registry[process_id]
        if process.created < now - OLD_SECONDS:
            break
        if process.finished and process.finished > now - RECENT_SECONDS:
            states.append(process.state)
    return states


def _alive(registry):
    workers = [] if registry is None else registry.workers()
    # A Zope without a record has not run anything yet, but it answers here.
    return {w.name for w in workers if watch.is_alive(w)} | {this_worker()}
