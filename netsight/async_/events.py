"""The events of a process.  See `netsight.async_.interfaces`."""

from zope.interface import implementer

from netsight.async_ import interfaces
from netsight.async_.interfaces import IProcess


class ProcessEvent:
    """Something happened to `process`."""

    def __init__(self, process: IProcess) -> None:
        self.process = process


@implementer(interfaces.IProcessQueuedEvent)
class ProcessQueuedEvent(ProcessEvent):
    """See IProcessQueuedEvent."""


@implementer(interfaces.IProcessStartedEvent)
class ProcessStartedEvent(ProcessEvent):
    """See IProcessStartedEvent."""


@implementer(interfaces.IProcessCompletedEvent)
class ProcessCompletedEvent(ProcessEvent):
    """See IProcessCompletedEvent."""


@implementer(interfaces.IProcessFailedEvent)
class ProcessFailedEvent(ProcessEvent):
    """See IProcessFailedEvent."""


@implementer(interfaces.IProcessCancelledEvent)
class ProcessCancelledEvent(ProcessEvent):
    """See IProcessCancelledEvent."""


@implementer(interfaces.IProcessLostEvent)
class ProcessLostEvent(ProcessEvent):
    """See IProcessLostEvent."""
