"""What people do with processes that are there: cancel, repeat, remove.

And with queues: pause and resume them.

And what managers do with those that are held: release or drop them.

Who may do it is for the caller to check.
"""

import logging
import time
from functools import partial
from itertools import islice
from typing import NamedTuple

import transaction
from zope.event import notify

from netsight.async_ import config
from netsight.async_.events import ProcessQueuedEvent
from netsight.async_.exceptions import AlreadyRunningError
from netsight.async_.exceptions import BadQueueError
from netsight.async_.exceptions import NotAllReleasedError
from netsight.async_.exceptions import NotAllRemovedError
from netsight.async_.exceptions import NotCancellableError
from netsight.async_.exceptions import NotRepeatableError
from netsight.async_.exceptions import StillRunningError
from netsight.async_.executors.doorbell import ring_after_commit
from netsight.async_.interfaces import QUEUED
from netsight.async_.interfaces import IProcess
from netsight.async_.queries import Query
from netsight.async_.queries import find
from netsight.async_.records import deployments
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.limits import check_limits
from netsight.async_.records.owners import current_owner
from netsight.async_.records.paused import Pause
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.running.monitor import monitor
from netsight.async_.running.telling import tell_after_commit
from netsight.async_.running.telling import tell_in_thread
from netsight.async_.running.telling import wait_told


logger = logging.getLogger(__name__)

REMOVE_BATCH = 100
"""How many records `remove_ended` looks at in one transaction."""

REMOVE_MOST = 5000
"""How many it looks at in one call."""

HELD_MOST = 5000
"""How many the buttons release or drop in one request."""

TELL_SECONDS = 60
"""How long a release waits for those who are told of lost processes."""


def cancel(process: IProcess) -> None:
    """Have a process cancelled.

    A queued one is cancelled at once, a running one at its next sign of life;
    one that has ended stays as it is.  Raises NotCancellableError if its view
    does not allow it.
    """
    if not process.cancellable:
        raise NotCancellableError(process.id)
    if stop(process):
        tell_after_commit(process)


def stop(process: IProcess) -> bool:
    """Do what `cancel` does, and tell nobody; return whether it has ended."""
    if process.state == QUEUED:
        process.cancel()
        return True
    if not process.is_final:
        process.request_cancel()
    return False


def add(registry: ProcessRegistry, process: IProcess) -> None:
    """Store a new process that is queued, and tell subscribers of it.

    Subscribers hear of a dead process, too, whose place it takes.
    """
    replaced = registry.add(process)
    if replaced is not None:
        tell_after_commit(replaced)
    notify(ProcessQueuedEvent(process))


def run_again(registry: ProcessRegistry, process: IProcess) -> IProcess:
    """Start a new process that does the same, and return it.

    Its owner, view, request and choices are those of `process`, which stays
    as it is, but cannot be run again any more.  Raises NotRepeatableError,
    AlreadyRunningError if the view is `single`, or QueueFullError.
    """
    if registry.single(process.single_key) is not None:
        raise AlreadyRunningError(process.id)
    if not process.may_run_again:
        raise NotRepeatableError(process.id)
    check_limits(
        registry, process.owner, process.view_name, process.max_queued
    )
    _recover_abandoned(process)
    new = process.again(new_process_id())
    add(registry, new)
    ring_after_commit(new)
    return new


def remove(registry: ProcessRegistry, process: IProcess) -> None:
    """Remove a process that has ended; raises StillRunningError."""
    _recover_abandoned(process)
    if not process.is_final:
        raise StillRunningError(process.id)
    registry.remove(process.id)


def _recover_abandoned(process):
    """Recover a process whose worker died: it must not come back then."""
    if process.is_abandoned:
        process.recover()
        if process.is_final:
            tell_after_commit(process)


def pause_queue(registry: ProcessRegistry, queue: str) -> None:
    """Have nothing begin that waits in a queue, in no Zope or worker.

    From the commit on, until `resume_queue`; what runs goes on.  The user of
    this request is noted.  Raises BadQueueError if there can be no queue of
    that name; there need not be anything in it.
    """
    try:
        config.queue_name(queue)
    except ValueError as exc:
        raise BadQueueError(queue) from exc
    registry.pause(Pause(queue, time.time(), current_owner()))
    _log_after_commit("%s has paused the queue %s", queue)


def resume_queue(registry: ProcessRegistry, queue: str) -> None:
    """End the pause of a queue; does nothing if it is not paused.

    After the commit this Zope begins with what waits, as far as it has
    threads; others do when they hear of it, and at the next poll at the
    latest.
    """
    if registry.resume(queue):
        _log_after_commit("%s has resumed the queue %s", queue)
        transaction.get().addAfterCommitHook(_look_soon)


def _log_after_commit(text, queue):
    user = current_owner().user_id or "code"

    def log(success):
        if success:
            logger.warning(text, user, queue)

    transaction.get().addAfterCommitHook(log)


def _look_soon(success):
    if success:
        monitor.do_duty_soon()


def remove_ended(
    query: Query, before: str | None = None
) -> tuple[int, str | None]:
    """Remove the ended processes of a Query that are older than `before`.

    Returns (how many, the id to go on behind or None).  At most REMOVE_MOST
    are looked at, in transactions of their own with REMOVE_BATCH each: one
    with thousands would conflict with starts, and be repeated as a whole.
    Raises NotAllRemovedError when one of these fails.
    """
    removed = 0
    for _batch in range(REMOVE_MOST // REMOVE_BATCH):
        try:
            count, before = transact("remove", _remove_batch, query, before)
        except Exception as exc:
            raise NotAllRemovedError(removed) from exc
        removed += count
        if before is None:
            break
    return removed, before


def _remove_batch(root, query, before):
    registry = query_registry(root)
    found = find(registry, query, before, REMOVE_BATCH)
    # What is not settled yet is left to recovery.
    processes = registry.readable(found.ids)
    ended = [p.id for p in processes if p.finished is not None]
    for process_id in ended:
        registry.remove(process_id)
    return len(ended), found.go_on


class Decided(NamedTuple):
    """What a release or drop has done."""

    count: int
    """Of the processes that were released or dropped."""

    is_all: bool
    """Whether nothing is left that could be."""


def release_held(
    query: Query | None = None, most: int | None = None
) -> Decided:
    """Have this deployment run what is held, all or what a Query finds.

    See `deployment` in the settings.  Servers find what is released at their
    next beat.  What ran when the database was copied, and may not be run
    again, is lost by that.

    Returns Decided, after about `most` (int) processes or all.  Each
    REMOVE_BATCH is a transaction of its own; raises NotAllReleasedError when
    one fails, and what was released before stays so.
    """
    ends: list[IProcess] = []
    try:
        return _decide(
            partial(_release, ends), query, most, NotAllReleasedError
        )
    finally:
        # Those of a commit that has failed may be stored all the same.
        tell_in_thread(ends)
        wait_told(TELL_SECONDS)


def drop_held(query: Query | None = None, most: int | None = None) -> Decided:
    """Remove what is held, all or what a Query finds, and tell nobody.

    Arguments and result are those of `release_held`; raises
    NotAllRemovedError.
    """
    return _decide(_drop, query, most, NotAllRemovedError)


def _decide(function, query, most, error):
    query, after, count = query or Query(), None, 0
    while most is None or count < most:
        try:
            done, after = transact(
                "held", _decide_batch, function, query, after
            )
        except Exception as exc:
            raise error(count) from exc
        count += done
        if after is None:
            return Decided(count, True)
    return Decided(count, False)


def _decide_batch(root, function, query, after):
    """Decide on REMOVE_BATCH active processes; return how many were held.

    And the id to go on with, or None.  Without `after`, the oldest come first.
    """
    registry = query_registry(root)
    ids = list(islice(registry.oldest_active_ids(after), REMOVE_BATCH + 1))
    done = 0
    for process in registry.readable(ids[:REMOVE_BATCH]):
        if process.is_held and query.matches(process):
            done += function(registry, process)
    return done, ids[REMOVE_BATCH] if len(ids) > REMOVE_BATCH else None


def _release(ends, registry, process):
    is_released = deployments.release(registry, process)
    if process.is_final:
        ends.append(process.end)
    return is_released


def _drop(registry, process):
    deployments.drop(registry, process)
    return True
