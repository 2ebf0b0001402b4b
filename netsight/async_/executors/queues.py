"""In which queue a process waits, and what decides when it is taken."""

import logging

from netsight.async_ import config
from netsight.async_.interfaces import QUEUED
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.queued import Queued


logger = logging.getLogger(__name__)


def is_served(queue):
    """Tell whether this Zope runs the processes of a queue."""
    served = config.get("queues")
    return not served or queue in served


def next_in_line(key):
    """Return the Queued that is next in the line of a key, or None.

    To be asked when one of it has ended; never raises.
    """
    if key is None:
        return None
    try:
        return transact("line", _next_in_line, key)
    except Exception as exc:
        logger.warning("who waits in turn begins at the next beat: %r", exc)
        return None


def _next_in_line(root, key):
    registry = query_registry(root)
    line = registry.line(key)
    process = None if line is None else line.first(registry)
    if process is None or process.state != QUEUED or process.is_paused:
        return None
    return Queued.of(process)
