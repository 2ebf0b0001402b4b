"""Runs nothing in this Zope: its processes wait for workers elsewhere."""

from zope.interface import implementer

from netsight.async_.config import DEFAULT_QUEUE
from netsight.async_.interfaces import IExecutor


@implementer(IExecutor)
class NoneExecutor:
    """See IExecutor.  Workers that share the database find what is queued."""

    runs_here = False
    ends_early = False

    def ring(self, process_id, queue=DEFAULT_QUEUE, priority=0, owner=None):
        pass

    def health(self):
        return {"running": 0, "waiting": 0}

    def stop(self, timeout):
        return True


none_executor = NoneExecutor()
