"""The stored request of a run, which may not be readable."""

import logging

from ZODB.POSException import POSKeyError

from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.interfaces import QUEUED
from netsight.async_.records.database import get_process
from netsight.async_.records.database import transact
from netsight.async_.records.lease import this_worker
from netsight.async_.records.requests import open_environ
from netsight.async_.running import outcomes
from netsight.async_.running.telling import tell_ended
from netsight.async_.running.unread import unread


logger = logging.getLogger(__name__)


class StoredRequest:
    """That of one run: a WSGI environ for each time that it is published.

    `hold` is the Hold of the run, and `patience` its Patience.
    """

    def __init__(self, hold, patience):
        self._hold = hold
        self._patience = patience
        self._environ = None

    def may_be_readable(self):
        """Tell whether to claim a process that may have been put back.

        Raises NoSuchProcessError if it is gone.
        """
        process_id = self._hold.process_id
        if process_id not in unread:
            return True
        try:
            transact("input", self._try)
        except NoSuchProcessError:
            raise
        except Exception as exc:
            return isinstance(exc, POSKeyError)
        return True

    def _try(self, root):
        process = get_process(root, self._hold.process_id)
        if process.state == QUEUED:
            open_environ(process.request)["wsgi.input"].close()

    def open_early(self, process):
        """Open it for the first time, in the transaction of the claim.

        That saves one.  If it cannot be read, `open` tells why.
        """
        self.close()
        try:
            self._environ = open_environ(process.request)
        except Exception as exc:
            logger.warning(
                "process %s: its request cannot be read with its claim, and "
                "is tried again after it",
                process.id,
                exc_info=exc,
            )

    def open(self):
        """Return the environ; its ``wsgi.input`` is the caller's to close.

        Raises ClaimLostError if the claim is gone, NoSuchProcessError if the
        process is, POSKeyError if the request is, and other errors if it
        cannot be read now.
        """
        if self._environ is None:
            self._patience.insist(transact, "input", self._read)
        environ, self._environ = self._environ, None
        unread.discard(self._hold.process_id)
        return environ

    def _read(self, root):
        process = get_process(root, self._hold.process_id)
        process.check_running(this_worker(), self._hold.token)
        if self._patience.is_waiting:
            # A cache may be read without the database; a commit takes it.
            process.check_claim(this_worker(), self._hold.token)
        self.close()
        self._environ = open_environ(process.request)

    def put_back(self, exc):
        """Have the process wait until its request can be read.

        `exc` is why that is not so now.
        """
        process_id = self._hold.process_id
        unread.add(process_id, exc)
        end = self._patience.insist(
            transact, "back", outcomes.put_back, self._hold
        )
        if end is not None:
            unread.discard(process_id)
            tell_ended(end)

    def close(self):
        """Close what was opened and not returned."""
        environ, self._environ = self._environ, None
        if environ is not None:
            environ["wsgi.input"].close()
