"""What subscribers are told of ends."""

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
