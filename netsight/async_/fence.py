"""What keeps a worker from committing when its claim is gone."""

from transaction.interfaces import ISynchronizer
from zope.interface import implementer

from netsight.async_.exceptions import ClaimLostError


@implementer(ISynchronizer)
class Fence:
    """Lets no transaction of a run commit when its claim is gone.

    This holds for the commits that `__run__` does itself, too: a synchronizer
    is told of each, while hooks belong to one transaction.
    """

    def __init__(self, run):
        self._run = run
        self._over = None

    def newTransaction(self, txn):
        """Nothing to do."""

    def beforeCompletion(self, txn):
        """Check the claim, and have the storage check it in the commit."""
        if self._run.connection is None or txn.isDoomed():
            return
        if txn is self._over:
            # The abort after a commit that failed.
            return
        try:
            self._run.check_claim()
        except ClaimLostError:
            # Even code that swallows this error cannot commit any more.
            txn.doom()
            raise
        claim = self._run.process().claim
        claim._p_jar.readCurrent(claim)

    def afterCompletion(self, txn):
        """Remember that this transaction commits nothing any more."""
        self._over = txn
