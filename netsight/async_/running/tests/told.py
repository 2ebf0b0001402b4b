"""What subscribers are told of ends."""

import threading
from contextlib import contextmanager
from unittest import mock

from zope.component import getGlobalSiteManager

from netsight.async_.interfaces import IProcessEndedEvent


def told_states(test):
    """Return a list that gets the state of each process that ends."""
    states = []

    def note(event):
        states.append(event.process.state)

    manager = getGlobalSiteManager()
    manager.registerHandler(note, (IProcessEndedEvent,))
    test.addCleanup(manager.unregisterHandler, note, (IProcessEndedEvent,))
    return states


@contextmanager
def no_more_threads(name):
    """Let the system have no more threads for one of that name, in a block."""
    start = threading.Thread.start

    def fail(thread):
        if thread.name == name:
            raise RuntimeError("can't start new thread")
        start(thread)

    with mock.patch.object(threading.Thread, "start", fail):
        yield
