"""Runs a process before the start request answers: for tests, debugging."""

import threading

from zope.interface import implementer

from netsight.async_.config import DEFAULT_QUEUE
from netsight.async_.executors.queues import next_in_line
from netsight.async_.interfaces import IExecutor
from netsight.async_.running.runner import run


@implementer(IExecutor)
class InlineExecutor:
    """The synchronous twin of ThreadExecutor.

    A thread is used nevertheless, and waited for: the transaction, security
    manager and site of the caller belong to its own thread and stay as they
    are.  It runs the processes of all queues.
    """

    runs_here = True
    ends_early = False

    def ring(self, process_id, queue=DEFAULT_QUEUE, priority=0, owner=None):
        thread = threading.Thread(
            target=self._work,
            args=(process_id,),
            name=f"netsight.async {process_id}",
        )
        thread.start()
        thread.join()

    def _work(self, process_id):
        """Run a process, and those that waited for its end."""
        while process_id is not None:
            following = next_in_line(run(process_id))
            process_id = following and following.process_id

    def health(self):
        return {"running": 0, "waiting": 0}

    def stop(self, timeout):
        return True


inline_executor = InlineExecutor()
