"""Commits that fail."""

import transaction
from transaction.interfaces import IDataManager
from zope.interface import implementer


@implementer(IDataManager)
class Failing:
    """Takes part in a transaction, and raises when it is committed."""

    transaction_manager = transaction.manager

    def __init__(self, error, step="tpc_vote"):
        self.error = error
        setattr(self, step, self.fail)

    def sortKey(self):
        # After the database.
        return "~"

    def fail(self, txn):
        raise self.error

    def nothing(self, txn):
        pass

    tpc_begin = commit = tpc_vote = tpc_finish = nothing
    abort = tpc_abort = nothing
