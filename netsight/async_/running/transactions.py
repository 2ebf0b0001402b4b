"""Several transactions in one publication, which all say whose they are."""

from contextlib import contextmanager

import transaction


def roll_back():
    """Roll back what is done so far, and begin a transaction like it."""
    with _described():
        transaction.abort()


def commit_part():
    """Commit what is done so far, and begin a transaction like it."""
    with _described():
        transaction.commit()


@contextmanager
def _described():
    """End a transaction in a block; the next has its user and description."""
    before = transaction.get()
    user, description = before.user, before.description
    yield
    after = transaction.begin()
    after.user, after.description = user, description
