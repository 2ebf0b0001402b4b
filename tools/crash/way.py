"""The way from one Zope to PostgreSQL: it is closed, or loses answers."""

import socket
import threading
from contextlib import suppress

from netsight.async_.tests.local_http import HOST


CHUNK_BYTES = 65536
COMMIT = b"COMMIT\0"
"""How the statement ends a message of the protocol."""


class Way:
    """Forwards what comes to `port`, while it is open."""

    def __init__(self, target_port):
        self._target = HOST, target_port
        self._lock = threading.Lock()
        self._links = set()
        self._listener = None
        self.lost = 0
        # Kept for all of the run: zope.conf has it.
        self.port = self._listen(0)

    def open(self):
        """Let connections through again."""
        if self._listener is None:
            self._listen(self.port)

    def close(self):
        """Refuse connections, and end those that are there."""
        if self._listener is not None:
            # It wakes the thread that accepts.
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self):
        """End the connections that are there."""
        with self._lock:
            links, self._links = self._links, set()
        for link in links:
            link.close()

    def lose_answer(self, ports):
        """Lose the answer to the next COMMIT of some connections, and these.

        They are known by the `ports` that PostgreSQL has as their clients'.
        """
        with self._lock:
            for link in self._links:
                link.loses = link.port in ports

    def _listen(self, port):
        self._listener = listener = socket.create_server((HOST, port))
        threading.Thread(
            target=self._accept, args=(listener,), daemon=True
        ).start()
        return listener.getsockname()[1]

    def _accept(self, listener):
        with suppress(OSError):
            while True:
                client, _address = listener.accept()
                self._link(client)

    def _link(self, client):
        try:
            link = Link(client, self._target, self._note_lost)
        except OSError:
            client.close()
            return
        with self._lock:
            self._links.add(link)
        link.start()

    def _note_lost(self):
        self.lost += 1


class Link:
    """One connection through the way."""

    def __init__(self, client, target, on_lost):
        self._client = client
        self._server = socket.create_connection(target)
        self._on_lost = on_lost
        self.port = self._server.getsockname()[1]
        self.loses = False
        self._is_losing = False

    def start(self):
        for target in (self._forward, self._backward):
            threading.Thread(target=target, daemon=True).start()

    def close(self):
        for end in (self._client, self._server):
            # It wakes the thread that reads.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _forward(self):
        with suppress(OSError):
            while data := self._client.recv(CHUNK_BYTES):
                self._is_losing = self.loses and COMMIT in data
                self._server.sendall(data)
        self.close()

    def _backward(self):
        with suppress(OSError):
            while data := self._server.recv(CHUNK_BYTES):
                if self._is_losing:
                    self._on_lost()
                    break
                self._client.sendall(data)
        self.close()
