"""A Redis on a host of its own: a network namespace, joined by a cable."""

import os
import random
import shutil
import subprocess
import uuid

from netsight.async_.tests.cluster.services import RedisServer
from netsight.async_.tests.cluster.services import missing


INNER = "eth0"
"""Name of the far end of the cable."""


class FarRedis(RedisServer):
    """Needs root, and `ip` of iproute2."""

    def __init__(self):
        super().__init__()
        if os.geteuid() != 0 or shutil.which("ip") is None:
            missing("a network namespace needs root and iproute2")
        # An interface has a name of 15 characters at most.
        self._name = f"async-{uuid.uuid4().hex[:8]}"
        self._network = f"10.{random.randint(100, 200)}.{os.getpid() % 256}"
        self._is_made = False
        self.host = f"{self._network}.2"
        self.prefix = ("ip", "netns", "exec", self._name)

    def start(self):
        if not self._is_made:
            self._make()
        super().start()

    def cut(self):
        """Pull the cable at the far end: no side is told."""
        self._far("link", "set", INNER, "down")

    def mend(self):
        """Plug it in again."""
        self._far("link", "set", INNER, "up")

    def remove(self):
        """Kill it, and remove its host."""
        self.kill()
        if self._is_made:
            # The cable goes with it.
            ip("netns", "delete", self._name)
            self._is_made = False

    def _make(self):
        ip("netns", "add", self._name)
        self._is_made = True
        ip("link", "add", self._name, "type", "veth", "peer", "name", INNER,
           "netns", self._name)  # fmt: skip
        ip("address", "add", f"{self._network}.1/30", "dev", self._name)
        ip("link", "set", self._name, "up")
        self._far("address", "add", f"{self.host}/30", "dev", INNER)
        self.mend()

    def _far(self, *arguments):
        ip("-netns", self._name, *arguments)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)
