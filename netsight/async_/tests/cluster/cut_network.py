"""A network between a broker and all who use it, that can be cut."""

import socket
import threading
from contextlib import suppress

from netsight.async_.tests.local_http import HOST


class Network:
    """Forwards what comes to `port`, until it is cut.

    A cut connection is not closed: neither side is told, as when a cable is
    pulled.  After `mend` new ones are made, and the old ones stay dead.
    """

    def __init__(self, target_port):
        self._target = HOST, target_port
        self._is_cut = False
        self._lock = threading.Lock()
        self._open = []
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Let nothing through any more."""
        with self._lock:
            self._is_cut = True
            for link in self._open:
                link.is_dead = True

    def mend(self):
        """Let new connections through."""
        with self._lock:
            self._is_cut = False

    def close(self):
        self.cut()
        # It wakes the thread that accepts.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._open:
            link.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                with self._lock:
                    link = Link(client, self._is_cut)
                    self._open.append(link)
                link.start(self._target)


class Link:
    """One connection; what comes on a dead one is thrown away."""

    def __init__(self, client, is_dead):
        self.is_dead = is_dead
        self._ends = [client]

    def start(self, target):
        with suppress(OSError):
            self._ends.append(socket.create_connection(target))
            for one, other in (self._ends, reversed(self._ends)):
                threading.Thread(
                    target=self._forward, args=(one, other), daemon=True
                ).start()

    def close(self):
        for end in self._ends:
            # It wakes the thread that reads.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _forward(self, one, other):
        with suppress(OSError):
            while data := one.recv(65536):
                if not self.is_dead:
                    other.sendall(data)
            if not self.is_dead:
                self.close()
