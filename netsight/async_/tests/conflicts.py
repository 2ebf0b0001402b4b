"""Requests that conflict, and that Zope repeats."""

import threading
from unittest import mock

from zope.component import getGlobalSiteManager
from ZPublisher.HTTPRequest import HTTPRequest

from netsight.async_.interfaces import IProcessQueuedEvent
from netsight.async_.running.publishing import JobRequest
from netsight.async_.tests.waiting import WAIT_SECONDS


def retry_conflicts(test):
    """Have Zope repeat requests during a test, as by default.

    Those of processes too, as often.  It does so without random pauses.
    """
    for patcher in (
        mock.patch.object(HTTPRequest, "retry_max_count", 3),
        mock.patch.object(HTTPRequest, "delay_retry"),
        mock.patch.object(JobRequest, "delay_retry"),
        mock.patch.dict("os.environ", NETSIGHT_ASYNC_CONFLICT_RETRIES="3"),
    ):
        patcher.start()
        test.addCleanup(patcher.stop)


def start_two_at_once(test, start):
    """Return what two calls of `start` return, which starts a process.

    The second is made, in another thread, while the first is not committed.
    """
    retry_conflicts(test)
    other = []

    def start_another(event):
        if not other:
            other.append(None)
            thread = threading.Thread(target=keep)
            thread.start()
            thread.join(WAIT_SECONDS)

    def keep():
        other[0] = start()

    handler = start_another, (IProcessQueuedEvent,)
    manager = getGlobalSiteManager()
    manager.registerHandler(*handler)
    test.addCleanup(manager.unregisterHandler, *handler)
    return start(), other[0]
