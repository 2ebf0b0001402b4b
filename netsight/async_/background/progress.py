"""Progress object by object, of code that does not tell any.

What Plone does with an object it tells by events, and to the queue of the
catalog.  In a block these are counted, and told as progress.
"""

import threading
from contextlib import contextmanager

from Products.CMFCore.indexing import getQueue
from Products.CMFCore.indexing import processQueue
from Products.CMFCore.interfaces import IIndexQueueProcessor
from zope.interface import implementer

from netsight.async_ import current_process
from netsight.async_.background.ticks import Ticks
from netsight.async_.i18n import _


PREPARED = "prepared"
"""An object will be added, moved or removed."""

MOVED = "moved"
"""One is added, moved or removed."""

COPIED = "copied"
"""One is a copy, which is not yet anywhere."""

CLONED = "cloned"
"""One is a copy, where it shall be."""

TRANSITIONED = "transitioned"
"""One has got another state."""

RELATED = "related"
"""The catalog of relations has taken a relation."""

INDEXED = "indexed"
"""The catalog has taken, changed or dropped what it knows of one."""


@contextmanager
def progress_of_objects(stages):
    """Tell progress object by object in a process, in a block.

    `stages` is a dict that says how often each of the above will happen, for
    example ``{MOVED: 312, INDEXED: 312}``.  At the end of the block the
    catalog is brought up to date.  Raises ProcessCancelled within it as soon
    as somebody wants the process cancelled.  Outside of a process nothing is
    counted.
    """
    work = current_process()
    if work.id is None:
        yield
        return
    with _counted_by(Tally(work, stages)):
        yield


@contextmanager
def indexing_told():
    """Tell how far the indexing is that a block puts into the queue.

    How much that is shows at the end of the block, when the catalog is
    brought up to date; it may be cancelled at each object.
    """
    with _counted_by(QueueTally()):
        yield


@contextmanager
def _counted_by(tally):
    before, _current.tally = _current.tally, tally
    try:
        yield
        # Else it is done in the commit, when nothing is told any more.
        processQueue()
    finally:
        _current.tally = before


class Tally:
    """What has happened so far in a process, of what will."""

    def __init__(self, work, stages):
        self.counts = dict.fromkeys(stages, 0)
        """How often each has happened."""

        self.stages = dict(stages)
        """How often each will."""

        self.done = 0
        """How often any has, without what was not expected."""

        self._work = work
        self._total = sum(stages.values())
        self._objects = max(stages.values(), default=0)

    def begin(self):
        """Take note that the catalog begins with its queue: it is planned."""

    def count(self, stage):
        """Note that one of the stages has happened once more."""
        if stage in self.counts:
            self.counts[stage] += 1
            # The catalog may know more or less than there is.
            self.done += self.counts[stage] <= self.stages[stage]
        self._tell()

    def _tell(self):
        """Tell how many objects the work so far would be enough for."""
        if not self._total:
            return self._work.check_cancelled()
        count = self._objects * self.done // self._total
        message = _(
            "background_progress",
            default="${count} of ${total} items",
            mapping={"count": count, "total": self._objects},
        )
        self._work.set_progress(100 * self.done / self._total, message)


class QueueTally:
    """What the catalog has indexed of all that was in its queue."""

    _ticks = None

    def begin(self):
        """Take note of how much the queue has, with which it begins."""
        self._ticks = Ticks(getQueue().length())

    def count(self, stage):
        """Note that one more is indexed; what is before that is unknown."""
        if stage == INDEXED and self._ticks is not None:
            self._ticks.next()


class _Current(threading.local):
    tally = None


_current = _Current()


def _count(stage):
    tally = _current.tally
    if tally is not None:
        tally.count(stage)


# Whom Plone tells


def count_prepared(item, event):
    _count(PREPARED)


def count_moved(item, event):
    _count(MOVED)


def count_copied(item, event):
    _count(COPIED)


def count_cloned(item, event):
    _count(CLONED)


def count_related():
    _count(RELATED)


def count_transitioned(item, event):
    # The first state of a new object is no change.
    if event.transition is not None:
        _count(TRANSITIONED)


@implementer(IIndexQueueProcessor)
class IndexCounter:
    """Counts what the catalog does; does nothing else."""

    def index(self, obj, attributes=None):
        _count(INDEXED)

    def reindex(self, obj, attributes=None, update_metadata=1):
        _count(INDEXED)

    def unindex(self, obj):
        _count(INDEXED)

    def begin(self):
        if _current.tally is not None:
            _current.tally.begin()

    def commit(self):
        pass

    def abort(self):
        pass
