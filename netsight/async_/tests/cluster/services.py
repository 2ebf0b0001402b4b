"""The servers that the tests need, as they are on this machine.

A test that stops or empties a broker starts a `RedisServer` of its own.
"""

import os
import shutil
import subprocess
import unittest
import uuid

from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import free_port
from netsight.async_.tests.local_http import is_open
from netsight.async_.tests.waiting import READY_SECONDS
from netsight.async_.tests.waiting import wait_until


REDIS = f"redis://{HOST}:6379/0"
RABBITMQ = f"amqp://guest:guest@{HOST}:5672//"
MEMORY = "memory://"
POSTGRESQL = f"host={HOST} user={os.environ.get('PGUSER', 'root')}"

PORTS = {"Redis": 6379, "RabbitMQ": 5672, "PostgreSQL": 5432}

BROKERS = {"Redis": REDIS, "RabbitMQ": RABBITMQ}


def need(*services):
    """Skip the test if a service is missing; an error where there is CI."""
    for service in services:
        if not is_open(PORTS[service]):
            missing(f"{service} does not answer at {HOST}:{PORTS[service]}")


def missing(message):
    """Skip the test; raise an AssertionError where there is CI."""
    if "CI" in os.environ:
        raise AssertionError(message)
    raise unittest.SkipTest(message)


def fresh_name():
    """Return a name that nobody else uses."""
    return f"test-{uuid.uuid4().hex[:12]}"


class RedisServer:
    """A Redis that keeps nothing, on a port of its own."""

    host = HOST
    prefix = ()
    """What its command line begins with."""

    def __init__(self):
        if shutil.which("redis-server") is None:
            missing("redis-server is not installed")
        self.port = free_port()
        self.os_process = None

    @property
    def url(self):
        return f"redis://{self.host}:{self.port}/0"

    def start(self):
        """Start it; returns when it answers."""
        self.os_process = subprocess.Popen(
            [*self.prefix, "redis-server", "--port", str(self.port)]
            + ["--bind", self.host, "--protected-mode", "no"]
            + ["--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )
        if not wait_until(
            lambda: is_open(self.port, self.host), READY_SECONDS
        ):
            raise AssertionError("redis-server did not start")

    def kill(self):
        """SIGKILL it; all that it had is lost."""
        if self.os_process is not None:
            self.os_process.kill()
            self.os_process.wait()
            self.os_process = None

    def flush(self):
        """Have it forget all that it has."""
        import redis

        with redis.Redis(self.host, self.port) as client:
            client.flushall()

    def set_read_only(self, is_read_only):
        """Have it refuse to write, as one does that is not the master."""
        import redis

        with redis.Redis(self.host, self.port) as client:
            # Of a server that does not answer, or of none.
            client.replicaof(*((HOST, "1") if is_read_only else ("NO", "ONE")))

    def cut(self):
        """Have it end all connections."""
        import redis

        with redis.Redis(self.host, self.port) as client:
            for kind in ("normal", "pubsub"):
                client.client_kill_filter(_type=kind)
