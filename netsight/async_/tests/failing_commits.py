"""Commits that fail."""

from unittest import mock

import transaction
from transaction.interfaces import IDataManager
from zope.interface import implementer

from netsight.async_.records.process import Process


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


def failing_cancels(error):
    """Let no transaction commit that cancels a process, in a block."""
    cancel = Process.cancel

    def fail(process):
        cancel(process)
        transaction.get().join(Failing(error))

    return mock.patch.object(Process, "cancel", fail)
