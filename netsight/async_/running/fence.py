"""What keeps a run from committing that must not any more."""

import logging
import sys
import traceback

import transaction
from transaction._transaction import Status
from transaction.interfaces import IDataManager
from transaction.interfaces import ISynchronizer
from transaction.interfaces import TransientError
from zope.interface import implementer

from netsight.async_.exceptions import ClaimLostError
from netsight.async_.exceptions import ProcessCancelled
from netsight.async_.exceptions import TimeLimitExceeded
from netsight.async_.running.failure import is_cut_off


logger = logging.getLogger(__name__)

TRANSACTION_PACKAGES = ("transaction", "ZODB")
"""By these a transaction is ended, whoever asks for it."""


@implementer(ISynchronizer)
class Fence:
    """Lets no transaction of a run commit when its claim is gone.

    Nor when it was told to end, by a cancel or a time limit.  This holds for
    the commits that `__run__` does itself, too: a synchronizer is told of
    each, also of transactions that nobody began, while hooks belong to one
    transaction.  It is told of roll-backs as well, and not which of both it
    is; so it does not raise, but joins what refuses a commit.

    A commit passes two gates.  Before it begins, the run's claim is looked at
    as this transaction sees it: a claim that is known to be gone makes the
    Refusal join, which comes before all databases and lets none of them
    store anything.  Then the claim is guarded (see `records.parts.guard`): a
    claim that is taken between this look and the end of the commit is found by
    the storage, under its lock, and the commit fails as a conflict.  So there
    is no moment at which a worker that was given up can still commit.
    """

    def __init__(self, run):
        self._run = run
        self._over = None
        self._error = None
        self._has_changes = False
        self._has_warned = False

    def newTransaction(self, txn):
        """Nothing to do."""

    def beforeCompletion(self, txn):
        """Check the claim, and have the storage check it in the commit."""
        if self._run.connection is None or txn.isDoomed():
            return
        if txn is self._over:
            # The abort after a commit that failed.
            return
        # There is no public way to ask; the connection joins with a change.
        self._has_changes = bool(txn._resources)
        try:
            self._run.check_told()
            process = self._run.check_claim()
            # A client of ZEO may not know yet that its last commit was done.
            process.outcome.guard()
        except (ClaimLostError, ProcessCancelled, TimeLimitExceeded) as exc:
            txn.join(Refusal(exc))
        except Exception as exc:
            # A roll-back has no use for it, and would tell nobody.
            if not (isinstance(exc, TransientError) or is_cut_off(exc)):
                logger.exception(
                    "process %s: its claim cannot be looked at",
                    self._run.process_id,
                )
            txn.join(Refusal(exc))

    def afterCompletion(self, txn):
        """Remember that this transaction commits nothing any more."""
        self._over = txn
        # While a commit that has failed tidies up, its error is handled.
        self._error = sys.exc_info()[1]
        if txn.status == Status.ACTIVE and self._run.window.is_within:
            self._warn()
        self._has_changes = False

    def _warn(self):
        """Log once that the view itself has rolled back what it has done."""
        if self._has_changes and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "process %s: what it had changed was rolled back by %s; "
                "abort, begin and sync do that",
                self._run.process_id,
                _caller(),
            )

    def check_failed(self):
        """Raise the error of a commit that has failed, if nobody rolled back.

        It may have been caught, but nothing can be committed after it.
        """
        if self._error is not None and transaction.get() is self._over:
            raise self._error


def _caller():
    """Return file and line of the code that has ended a transaction."""
    for frame, line in traceback.walk_stack(None):
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        path = frame.f_code.co_filename
        if package not in TRANSACTION_PACKAGES and path != __file__:
            return f"{path}:{line}"
    return "?"


@implementer(IDataManager)
class Refusal:
    """Lets no transaction commit that it has joined: raises `error`.

    Roll-backs are nothing to it.
    """

    def __init__(self, error):
        self._error = error

    def sortKey(self):
        """Come before all databases."""
        return ""

    def commit(self, txn):
        """Refuse; all have begun, as they must have to be told of it."""
        raise self._error

    def abort(self, txn):
        """Nothing to do."""

    tpc_abort = tpc_begin = tpc_vote = tpc_finish = abort
