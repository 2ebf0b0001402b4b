"""Several transactions in one publication, which all say whose they are."""

import transaction


def begin_like(before):
    """Begin a transaction with the user and description of one that ended."""
    after = transaction.begin()
    after.user, after.description = before.user, before.description


def commit_part():
    """Commit what is done so far, and begin a transaction like it."""
    before = transaction.get()
    transaction.commit()
    begin_like(before)
