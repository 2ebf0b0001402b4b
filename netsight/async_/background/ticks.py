"""How far the work of others is, which says when it goes on to the next."""

import threading
from contextlib import contextmanager

import transaction
from Products.CMFCore.indexing import getQueue
from Products.CMFCore.indexing import processQueue
from Products.CMFCore.interfaces import IIndexQueueProcessor
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


class _Told(threading.local):
    is_on = False
    ticks = None


_told = _Told()


@contextmanager
def indexing_told():
    """Tell how far the indexing is that a block puts into the queue.

    CMFCore leaves that to the commit, or to the next search; here it is done
    at the end of the block, and may be cancelled.
    """
    _told.is_on = True
    try:
        yield
        processQueue()
    finally:
        _told.is_on, _told.ticks = False, None


@implementer(IIndexQueueProcessor)
class QueueTicks:
    """Hears of each object that the queue of CMFCore has indexed.

    Outside of `indexing_told` it does nothing.
    """

    def begin(self):
        if _told.is_on:
            _told.ticks = Ticks(getQueue().length())

    def index(self, obj, attributes=None):
        if _told.ticks is not None:
            _told.ticks.next()

    def reindex(self, obj, attributes=None, update_metadata=1):
        self.index(obj)

    def unindex(self, obj):
        self.index(obj)

    def commit(self):
        pass

    def abort(self):
        pass
