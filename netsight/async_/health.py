"""How the processes of a database do, in numbers for monitoring.

Each look has a bounded cost, however many records there are.
"""

import time
from itertools import islice

from netsight.async_ import interfaces
from netsight.async_.lease import this_worker
from netsight.async_.lease import watch
from netsight.async_.queries import active_of


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
    active = active_of(registry)
    waited = 0 if active.oldest is None else now - active.oldest
    return {
        "queued": active.queued,
        "oldest_queued_seconds": max(0, round(waited)),
        "running": active.running,
        "failed_last_hour": states.count(interfaces.FAILED),
        "lost_last_hour": states.count(interfaces.LOST),
        "workers_alive": len(_alive(registry)),
    }


def _recent_states(registry, now):
    """Return the states of what has ended lately."""
    states = []
    if registry is None:
        return states
    ids = islice(registry.newest_ids(), RECENT_MOST)
    for process in registry.readable(ids):
        if process.created < now - OLD_SECONDS:
            break
        if process.finished and process.finished > now - RECENT_SECONDS:
            states.append(process.state)
    return states


def _alive(registry):
    workers = [] if registry is None else registry.workers()
    # A Zope without a record has not run anything yet, but it answers here.
    return {w.name for w in workers if watch.is_alive(w)} | {this_worker()}
