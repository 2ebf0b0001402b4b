"""What is done for processes whose worker died, and for old ones.

Each function works in a transaction that its caller commits, on a registry.
Any Zope may call them at any time: who comes second finds the work done.
"""

import time
from operator import attrgetter
from typing import NamedTuple

from ZODB.FileStorage.FileStorage import FileStorage

from netsight.async_ import config
from netsight.async_ import interfaces
from netsight.async_.executors.queues import Queued
from netsight.async_.records.lease import lookout
from netsight.async_.records.lease import this_worker


SWEEP_BATCH = 100
"""How many records one sweep looks at."""

DAY_SECONDS = 24 * 60 * 60


def is_exclusive(database):
    """Tell whether a ZODB.DB can have no other process beside this one.

    FileStorage locks its file, unless it is opened to be read only.  Whoever
    held a claim before us is dead.
    """
    storage = database.storage
    # A <blobstorage> of zope.conf wraps another storage, and tells nobody.
    storage = getattr(storage, "_BlobStorage__storage", storage)
    return isinstance(storage, FileStorage) and not storage.isReadOnly()


def end_other_workers(registry):
    """Note that all workers but this one are dead."""
    for worker in registry.workers():
        if worker.name != this_worker() and not worker.ended:
            worker.end()


class Recovered(NamedTuple):
    """What there is after a recovery."""

    queued: list
    """Of Queued, in the order of the starts: all that waits."""

    ended: list
    """Of the ids (str) of processes that are over by it."""

    newer: int = 0
    """How many were left alone: a newer version has stored them."""


def recover(registry, holds=None, leaving=None):
    """Recover what nobody runs any more; return a Recovered.

    That is: the processes of dead workers and, if `holds` is given, those
    that this worker has claimed under none of these Holds: their outcome
    could not be written.  `leaving` is the name of a worker that hands back
    its processes.  Processes that have ended leave the set of active ones.

    The caller must find out `holds` after the transaction has begun: a run
    has its hold before its claim is committed, and until its outcome is.
    """
    registry.migrate()
    queued, ended, newer = [], [], 0
    for process_id in registry.active_ids():
        if registry.is_newer(process_id):
            newer += 1
            continue
        process = registry.get(process_id)
        if process is None or process.finished is not None:
            registry.retire(process_id)
            continue
        if process.is_abandoned or _is_dropped(process, holds):
            name = process.claim.worker.name
            process.recover(handed_back=name == leaving)
            if process.is_final:
                ended.append(process_id)
        if process.state == interfaces.QUEUED:
            queued.append(process)
    _forget_workers(registry)
    return Recovered(
        [
            Queued.of(each)
            for each in sorted(queued, key=attrgetter("created"))
        ],
        ended,
        newer,
    )


def _is_dropped(process, holds):
    """Tell whether this worker has claimed a process and does not run it."""
    claim = process.claim
    if holds is None or claim.worker is None:
        return False
    mine = claim.worker.name == this_worker()
    return mine and (process.id, claim.token) not in holds


def _forget_workers(registry):
    """Drop the records of dead workers that no active process refers to.

    One that only had nothing to do may claim at this very moment: it beats
    with the claim, and so conflicts with the end that is noted here.
    """
    needed = set()
    for process in registry.readable(registry.active_ids()):
        worker = process.claim.worker
        if worker is not None:
            needed.add(worker.name)
    for worker in registry.workers():
        if worker.name not in needed and not lookout.is_alive(worker):
            worker.end()
            registry.remove_worker(worker.name)


def sweep(registry, after=None):
    """Remove expired processes among the SWEEP_BATCH behind the id `after`.

    Returns the id to go on behind at the next call, None at the end.
    """
    now = time.time()
    last = None
    expired = []
    for count, process_id in enumerate(registry.process_ids(after), 1):
        last = process_id
        for process in registry.readable([process_id]):
            if is_expired(process, now):
                expired.append(process_id)
        if count == SWEEP_BATCH:
            break
    else:
        last = None
    for process_id in expired:
        registry.remove(process_id)
    return last


def is_expired(process, now):
    """Tell whether nobody can want an ended process any more at `now`."""
    if process.finished is None:
        return False
    if process.retention.fetched is not None and not process.is_undone:
        return now - process.retention.fetched > config.get("keep-result")
    return now - process.finished > config.get("keep-days") * DAY_SECONDS
