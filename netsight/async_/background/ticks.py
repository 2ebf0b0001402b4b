"""How far the work of others is, which says when it goes on to the next."""

import transaction
from Products.ZCatalog.interfaces import IProgressHandler
from zope.interface import implementer

from netsight.async_.running.work import current_process


FREE_AFTER = 1000
"""After so many objects, they may leave the memory."""


def make_savepoint():
    """Have what is changed leave the memory: the ZODB shrinks its cache."""
    transaction.savepoint(optimistic=True)


class Ticks:
    """Tells progress of the current process, one object after another.

    After each FREE_AFTER objects, `free` is called.  Without a process there
    is nothing told, and nothing called.
    """

    def __init__(self, total, free=make_savepoint):
        process = current_process()
        self._free = free if process.id is not None else None
        self._count = 0
        self._track = process.track(range(total), total)

    def next(self, *args, **kw):
        """Tell that another one begins; what it is called with is ignored.

        Raises ProcessCancelled, as `current_process().track` does.
        """
        next(self._track, None)
        self._count += 1
        if self._free is not None and not self._count % FREE_AFTER:
            self._free()


@implementer(IProgressHandler)
class CatalogHandler:
    """Tells what ZCatalog tells its handlers of progress."""

    def init(self, ident, max, savepoint=True):
        self._ticks = Ticks(max)

    def report(self, current, *args, **kw):
        self._ticks.next()

    def info(self, text):
        pass

    def output(self, text):
        pass

    def finish(self):
        pass
