"""Calls of a Zope whose trap has sprung: it waits until the fault is there."""

import socket
import threading
from contextlib import suppress

from netsight.async_.tests.crash_views import TRAP_CALL
from netsight.async_.tests.local_http import HOST


class Calls:
    """Does something each time that a trap calls, before the trap goes on."""

    def __init__(self):
        self.are_there = threading.Event()
        self._answer = None
        self._listener = socket.create_server((HOST, 0))
        threading.Thread(target=self._work, daemon=True).start()

    @property
    def environ(self):
        """What a Zope is started with whose trap is to call."""
        return {TRAP_CALL: str(self._listener.getsockname()[1])}

    def expect(self, answer):
        """Call ``answer()`` at the next calls."""
        self.are_there.clear()
        self._answer = answer

    def _work(self):
        while True:
            caller, _address = self._listener.accept()
            with caller, suppress(OSError):
                self._answer()
                self.are_there.set()
