"""What is done for processes whose worker died, and for old ones.

Each function works in a transaction that its caller commits, on a registry.
Any Zope may call them at any time: who comes second finds the work done.
"""

import time
from typing import NamedTuple

from ZODB.FileStorage.FileStorage import FileStorage

from netsight.async_ import interfaces
from netsight.async_.records.expired import note_expired
from netsight.async_.records.lease import lookout
from netsight.async_.records.lease import this_worker
from netsight.async_.records.queued import Queued


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


class Waiting(NamedTuple):
    """A queued process, as an executor and its queue need it."""

    created: float
    """POSIX time of its start."""

    queued: Queued


class Recovered(NamedTuple):
    """What a recovery has found and done."""

    waiting: dict
    """A Waiting for each process id that is queued."""

    ended: list
    """Of the Ends of processes that are over by it."""

    newer: list
    """Of the ids that were left alone: a newer version has stored them."""

    held: list
    """Of the ids that wait for somebody to release them."""

    holders: set
    """Of the names of workers that processes still refer to."""

    @property
    def queued(self):
        """A list of Queued, in the order of the starts."""
        return in_order(self.waiting.values())


def in_order(waiting):
    """Return a list of Queued for some Waiting, the oldest first."""
    return [each.queued for each in sorted(waiting)]


def recover(registry, holds=None, leaving=None):
    """Recover all that nobody runs any more; return a Recovered.

    See `recover_some` for the arguments.
    """
    recovered = recover_some(registry, registry.active_ids(), holds, leaving)
    names = [worker.name for worker in registry.workers()]
    forget_workers(registry, names, recovered.holders)
    return recovered


def recover_some(registry, ids, holds=None, leaving=None):
    """Recover which of these active processes nobody runs any more.

    That is: the processes of dead workers and, if `holds` is given, those
    that this worker has claimed under none of these Holds: their outcome
    could not be written.  `leaving` is the name of a worker that hands back
    its processes.  Processes that have ended leave the set of active ones.

    The caller must find out `holds` after the transaction has begun: a run
    has its hold before its claim is committed, and until its outcome is.
    """
    registry.migrate()
    recovered = Recovered({}, [], [], [], set())
    for process_id in ids:
        if registry.is_newer(process_id):
            recovered.newer.append(process_id)
        elif registry.is_active(process_id):
            _recover_one(registry, process_id, holds, leaving, recovered)
        else:
            # Its start was undone, after it had been found.
            registry.let_go(process_id)
    return recovered


def _recover_one(registry, process_id, holds, leaving, recovered):
    process = registry.get(process_id)
    if process is None or process.finished is not None:
        registry.retire(process_id)
        return
    if process.is_held:
        registry.hold(process)
        recovered.held.append(process_id)
        return
    if process.is_abandoned or _is_dropped(process, holds):
        name = process.claim.worker.name
        process.recover(handed_back=name == leaving)
        if process.is_final:
            recovered.ended.append(process.end)
    if process.state == interfaces.QUEUED:
        recovered.waiting[process_id] = Waiting(
            process.created, Queued.of(process)
        )
    if process.claim.worker is not None:
        recovered.holders.add(process.claim.worker.name)


def _is_dropped(process, holds):
    """Tell whether this worker has claimed a process and does not run it."""
    claim = process.claim
    if holds is None or claim.worker is None:
        return False
    mine = claim.worker.name == this_worker()
    return mine and (process.id, claim.token) not in holds


def forget_workers(registry, names, holders):
    """Drop the records of the dead among the workers of these names.

    Those that are `holders` stay: an active process refers to them.  One that
    only had nothing to do may claim at this very moment: it beats with the
    claim, or has beaten just before, and so conflicts with the end that is
    noted here.
    """
    for worker in registry.workers():
        is_needed = worker.name not in names or worker.name in holders
        if not is_needed and is_silent(worker):
            worker.end()
            registry.remove_worker(worker.name)


def is_silent(worker):
    """Tell whether a Worker has said good-bye, or does not beat.

    An idle one does not, though its Zope lives.
    """
    return not lookout.is_alive(worker) or (
        worker.name != this_worker() and not lookout.is_heard(worker)
    )


def sweep(registry, after=None):
    """Remove expired processes among the SWEEP_BATCH behind the id `after`.

    And the requests of those that cannot be run again any more.  Returns the
    id to go on behind at the next call, None at the end.
    """
    now = time.time()
    last = None
    expired = []
    for count, process_id in enumerate(registry.process_ids(after), 1):
        last = process_id
        for process in registry.readable([process_id]):
            if is_expired(process, now):
                expired.append(process)
            elif process.request is not None:
                process.drop_old_request()
        if count == SWEEP_BATCH:
            break
    else:
        last = None
    for process in expired:
        note_expired(registry, process, now)
        registry.remove(process.id)
    return last


def is_expired(process, now):
    """Tell whether nobody can want an ended process any more at `now`."""
    return process.expires is not None and now > process.expires
