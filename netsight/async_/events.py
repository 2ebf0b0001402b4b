"""The events of a process.  See `netsight.async_.interfaces`."""

from zope.interface import implementer

from netsight.async_ import interfaces


class ProcessEvent:
    """Something happened to `process`."""

    def __init__(self, process):
        self.process = process


@implementer(interfaces.IProcessQueuedEvent)
class ProcessQueued(ProcessEvent):
    """See IProcessQueuedEvent."""


@implementer(interfaces.IProcessStartedEvent)
class ProcessStarted(ProcessEvent):
    """See IProcessStartedEvent."""


@implementer(interfaces.IProcessCompletedEvent)
class ProcessCompleted(ProcessEvent):
    """See IProcessCompletedEvent."""


@implementer(interfaces.IProcessFailedEvent)
class ProcessFailed(ProcessEvent):
    """See IProcessFailedEvent."""


@implementer(interfaces.IProcessCancelledEvent)
class ProcessCancelled(ProcessEvent):
    """See IProcessCancelledEvent."""


@implementer(interfaces.IProcessLostEvent)
class ProcessLost(ProcessEvent):
    """See IProcessLostEvent."""
