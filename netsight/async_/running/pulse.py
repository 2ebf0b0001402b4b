"""When this worker has beaten last, so that not each claim need do so.

A claim must be of a worker that is known to live: one that was idle for long
may be forgotten by others at this very moment, see
`serving.recovery.forget_workers`.  If it beats with the claim, one of the two
conflicts.  But each beat is stored, and loaded again by all other Zopes.

Where others go for the same processes, each claim beats all the same: by that
they hear of it, see `serving.news`, and load nothing of what is taken already.
"""

import math
import time

from transaction.interfaces import IDataManager
from transaction.interfaces import TransientError
from zope.interface import implementer

from netsight.async_ import config
from netsight.async_.forks import renew_in_child


YOUNG = 1 / 2
"""For this part of `beat-seconds` after a beat, a claim needs none."""


class TooLate(TransientError):
    """A claim took so long that its worker must beat with it."""


class Pulse:
    """That of this worker."""

    def __init__(self):
        self._beaten = -math.inf
        self._is_heard = False

    def be_heard(self):
        """Beat with each claim from now on."""
        self._is_heard = True

    def note(self, when):
        """Note that a beat is stored, which began at a monotonic time."""
        self._beaten = max(self._beaten, when)

    def beats_with(self, worker):
        """Have a Worker be known to live in the open transaction of a claim.

        It beats, and this returns true; or it need not, and the claim is
        committed only if nobody changes the record meanwhile, and before the
        next beat is due.  Whoever takes the worker for dead by then has begun
        before its last beat, and conflicts with that.
        """
        if worker._p_jar is None:
            # It is new, and beats already.
            return True
        if worker.ended or self._is_heard or not self._is_young(worker):
            worker.beat()
            return True
        worker.guard()
        transaction = worker._p_jar.transaction_manager.get()
        transaction.join(InTime(self._beaten + config.get("beat-seconds")))
        return False

    def _is_young(self, worker):
        young = YOUNG * config.get("beat-seconds")
        # The clock of a machine that slept may not have gone on.
        since = time.time() - worker.beat_at
        return time.monotonic() - self._beaten < young and 0 <= since < young


@implementer(IDataManager)
class InTime:
    """Lets a transaction commit only until then, by the monotonic clock."""

    def __init__(self, until):
        self._until = until

    def sortKey(self):
        """Come after all databases: they let nobody else commit any more."""
        return "\U0010ffff"

    def tpc_vote(self, txn):
        if time.monotonic() >= self._until:
            raise TooLate

    def abort(self, txn):
        """Nothing to do."""

    tpc_abort = tpc_begin = commit = tpc_finish = abort


pulse = Pulse()
"""The one of this worker."""

renew_in_child(pulse)
