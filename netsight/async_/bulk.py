"""What people do with many processes at once: all that a Query finds.

Who may do it is for the caller to check.  `actions.remove_ended` is the third.
"""

from typing import NamedTuple

from netsight.async_.actions import run_again
from netsight.async_.actions import stop
from netsight.async_.exceptions import AlreadyRunningError
from netsight.async_.exceptions import NotAllChangedError
from netsight.async_.exceptions import QueueFullError
from netsight.async_.queries import SCAN_MOST
from netsight.async_.queries import find
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running.telling import tell_in_thread


CANCEL_BATCH = 25
"""How many records are looked at in one transaction.  What is queued may be
taken at any moment, and the whole of it is done again then."""

CANCEL_MOST = 5000
"""How many in one call."""


class Done(NamedTuple):
    """What was done with many processes."""

    count: int
    """Of those that were changed."""

    go_on: str | None
    """The id to go on behind; None if nothing is left to look at."""

    is_full: bool = False
    """Whether it has stopped as no more may wait."""

    refused: int = 0
    """Of those that have not ended, and whose view lets nobody cancel them."""


def cancel_all(query, before=None):
    """Cancel what a Query finds, as `actions.cancel` does; return Done.

    What may not be cancelled is left alone.  Only what is older than the id
    `before` is looked at.  Each CANCEL_BATCH is a transaction of its own;
    raises NotAllChangedError when one fails.
    """
    ends, done = [], Done(0, before)
    try:
        for _batch in range(CANCEL_MOST // CANCEL_BATCH):
            one = transact("cancel", _cancel_batch, query, done.go_on, ends)
            done = one._replace(
                count=done.count + one.count,
                refused=done.refused + one.refused,
            )
            if done.go_on is None:
                break
    except Exception as exc:
        raise NotAllChangedError(done.count) from exc
    finally:
        # Those of a commit that has failed may be stored all the same.
        tell_in_thread(ends)
    return done


def _cancel_batch(root, query, before, ends):
    registry = query_registry(root)
    found = find(registry, query, before, CANCEL_BATCH)
    live = [p for p in registry.readable(found.ids) if not p.is_final]
    to_stop = [process for process in live if process.cancellable]
    ends.extend(process.end for process in to_stop if stop(process))
    refused = len(live) - len(to_stop)
    return Done(len(to_stop), found.go_on, refused=refused)


def run_all_again(registry, query, before=None):
    """Run again what a Query finds, as `actions.run_again`; return Done.

    In the current transaction, and of SCAN_MOST processes at most, which are
    older than the id `before`.  What may not be run again is left alone.  It
    stops when no more processes may wait.
    """
    found = find(registry, query, before, SCAN_MOST)
    count = 0
    for process in list(registry.readable(found.ids)):
        try:
            if process.may_run_again:
                run_again(registry, process)
                count += 1
        except AlreadyRunningError:
            # Another one of its `single` view has just been started.
            continue
        except QueueFullError:
            return Done(count, found.go_on, is_full=True)
    return Done(count, found.go_on)
