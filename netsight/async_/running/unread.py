"""Processes whose request cannot be read here at the moment."""

import logging

from netsight.async_.forks import renew_in_child


logger = logging.getLogger(__name__)


class Unread:
    """Those that this Zope has put back into the queue for that.

    It looks before it claims one of them again, so that nothing is written
    while the reason lasts.
    """

    def __init__(self):
        self._ids = set()

    def __contains__(self, process_id):
        return process_id in self._ids

    def add(self, process_id, exc):
        """Remember a process, and log once why it waits."""
        if process_id not in self:
            logger.error(
                "process %s waits, as its request cannot be read now; it is "
                "tried again",
                process_id,
                exc_info=exc,
            )
        self._ids.add(process_id)

    def discard(self, process_id):
        """Forget a process: its request was read, or is not needed."""
        self._ids.discard(process_id)


unread = Unread()
"""Those of this Zope."""

renew_in_child(unread)
