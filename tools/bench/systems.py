"""What is compared in a cluster: a web Zope on a shared database, and who
does the jobs."""

import os
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path

from bench_site import effects
from checkout_paths import THIS
from checkout_paths import environ_for
from machines import SETTINGS
from machines import CeleryWorker
from machines import PeerProgram
from machines import PeerZope
from machines import Worker
from machines import Zope
from machines import cpu_of
from ZODB.config import databaseFromString

from netsight.async_.tests.cluster.services import RedisServer
from netsight.async_.tests.cluster.storages import Postgresql
from netsight.async_.tests.zeo_server import ZeoServer


THREADS = 4
"""Of a Zope that runs jobs itself."""


class System:
    """One web Zope, on a ZEO server, and its workers."""

    make_storage = ZeoServer
    has_broker = False
    executor = None
    threads = 1
    workers = 0
    """How many `netsight-async-worker`."""

    def __init__(self, directory, package):
        self.package = package
        self.storage = self.make_storage(directory / "storage")
        self.redis = RedisServer() if self.has_broker else None
        self.name = f"bench-{uuid.uuid4().hex[:12]}"
        self.web = self.make_web(directory / "web")
        self.others = self.make_others(directory)

    def make_web(self, directory):
        return Zope(directory, self.package, self.storage.storage)

    def make_others(self, directory):
        return [
            Worker(
                directory / f"worker{number}",
                self.package,
                self.storage.storage,
            )
            for number in range(self.workers)
        ]

    def environ(self):
        return {
            **SETTINGS,
            "NETSIGHT_ASYNC_EXECUTOR": self.executor,
            "NETSIGHT_ASYNC_THREADS": str(self.threads),
        }

    def start(self):
        if self.redis is not None:
            self.redis.start()
        if isinstance(self.storage, ZeoServer):
            # It resolves conflicts with the classes of the package.
            self.storage.start(**environ_for(self.package or THIS))
        else:
            self.storage.start()
        self.database = databaseFromString(zodb_of(self.storage))
        with self.database.transaction() as connection:
            effects.make(connection.root())
        for server in (self.web, *self.others):
            server.start(**self.environ())

    def stop(self):
        for server in (*self.others, self.web):
            server.kill()
        if hasattr(self, "database"):
            self.database.close()
        self.storage.kill()
        if self.redis is not None:
            self.redis.kill()

    def cpu(self):
        """Return {part: CPU seconds} until now."""
        found = {
            "web": self.web.cpu(),
            "workers": sum(each.cpu() for each in self.others),
        }
        if isinstance(self.storage, ZeoServer):
            found["storage"] = cpu_of(self.storage.os_process.pid)
        if self.redis is not None:
            found["redis"] = cpu_of(self.redis.os_process.pid)
        return found


def zodb_of(storage):
    """Return the configuration of a database for a program without Zope."""
    section = storage.storage.replace("server-sync true", "server-sync false")
    return f"%import ZODB\n<zodb>\n{section}</zodb>\n"


class Threads(System):
    executor = "thread"
    threads = THREADS


class OneWorker(System):
    executor = "none"
    workers = 1


class TwoWorkers(OneWorker):
    workers = 2


class FourWorkers(OneWorker):
    workers = 4


class TenWorkers(OneWorker):
    workers = 10


class OneWorkerPostgresql(OneWorker):
    make_storage = Postgresql


class OurCelery(System):
    """Celery with one child that runs our processes."""

    has_broker = True
    executor = "celery"

    def environ(self):
        return {
            **super().environ(),
            "NETSIGHT_ASYNC_CELERY_BROKER": self.redis.url,
            "NETSIGHT_ASYNC_CELERY_PREFIX": self.name,
        }

    def make_others(self, directory):
        worker = CeleryWorker(
            directory / "celery", self.package, self.storage.storage
        )
        return [worker]


class Peer(System):
    """What one would build without netsight.async."""

    has_broker = True
    kind = None

    def make_web(self, directory):
        return PeerZope(directory, None, self.storage.storage)

    def environ(self):
        return {
            "BENCH_KIND": self.kind,
            "BENCH_REDIS": self.redis.url,
            "BENCH_NAME": self.name,
            "BENCH_ZODB": zodb_of(self.storage),
        }


class CeleryByHand(Peer):
    kind = "celery_by_hand"

    def make_others(self, directory):
        command = (
            *("-m", "celery", "-A", f"bench_peers.{self.kind}", "worker"),
            *("--loglevel", "INFO", "--without-mingle"),
            *("--concurrency", "1", "--hostname", f"hand{os.getpid()}@%h"),
        )
        return [PeerProgram(directory / "celery", command, " ready.")]


class CeleryWithRecords(CeleryByHand):
    kind = "celery_with_records"


class Rq(Peer):
    kind = "rq_worker"

    def make_others(self, directory):
        command = ("-u", "-m", "bench_peers.rq_worker")
        return [PeerProgram(directory / "rq", command, "Listening on")]


class HueyInZope(Peer):
    kind = "huey_in_zope"

    def make_others(self, directory):
        return []


OURS = {
    "threads": Threads,
    "worker": OneWorker,
    "two workers": TwoWorkers,
    "celery": OurCelery,
}

PEERS = {
    "celery by hand": CeleryByHand,
    "celery and records by hand": CeleryWithRecords,
    "huey in zope": HueyInZope,
    "rq": Rq,
}

MANY = {"four workers": FourWorkers, "ten workers": TenWorkers}
"""More than there are processors; measured when they are asked for."""

POSTGRESQL = {"worker, postgresql": OneWorkerPostgresql}


@contextmanager
def running(make, package):
    """Have a System in a block, with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        system = make(Path(folder), package)
        try:
            system.start()
            yield system
        finally:
            system.stop()
