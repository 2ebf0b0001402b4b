"""Clusters to be measured: a ZEO server, a web Zope, and who runs jobs."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from netsight.async_.tests.cluster.celery_worker import CeleryWorker
from netsight.async_.tests.cluster.services import fresh_name
from netsight.async_.tests.worker_process import WorkerProcess
from netsight.async_.tests.zeo_server import ZeoServer
from netsight.async_.tests.zope_server import ZopeServer


THREADS = 4
"""Of a Zope that runs jobs itself."""


class Cluster:
    """One Zope that answers requests and runs jobs on threads."""

    needs_broker = False
    environ = {
        "NETSIGHT_ASYNC_EXECUTOR": "thread",
        "NETSIGHT_ASYNC_THREADS": str(THREADS),
        # As in production: nobody is killed here.
        "NETSIGHT_ASYNC_BEAT_SECONDS": "15",
        "NETSIGHT_ASYNC_LEASE_SECONDS": "60",
        # Nobody logs in, and much is started at once.
        "NETSIGHT_ASYNC_MAX_QUEUED_ANONYMOUS": "0",
    }

    def __init__(self, directory, broker):
        self.directory = directory
        self.zeo = ZeoServer(directory / "zeo")
        self.web = ZopeServer(directory / "web", self.zeo)
        self.workers = []

    def start(self):
        for server in (self.zeo, self.web, *self.workers):
            server.start(**self.environ)

    def stop(self):
        for server in (*self.workers, self.web, self.zeo):
            server.kill()


class WorkerCluster(Cluster):
    """A web Zope that only queues, and some `netsight-async-worker`."""

    processes = 1
    environ = {
        **Cluster.environ,
        "NETSIGHT_ASYNC_EXECUTOR": "none",
        "NETSIGHT_ASYNC_THREADS": "1",
    }

    def __init__(self, directory, broker):
        super().__init__(directory, broker)
        self.workers = [
            WorkerProcess(directory / f"worker{number}", self.zeo)
            for number in range(self.processes)
        ]


class TwoWorkersCluster(WorkerCluster):
    processes = 2


class CeleryCluster(Cluster):
    """A web Zope that rings a Celery worker with some child processes."""

    needs_broker = True
    processes = 1

    def __init__(self, directory, broker):
        super().__init__(directory, broker)
        self.environ = {
            **self.environ,
            "NETSIGHT_ASYNC_EXECUTOR": "celery",
            "NETSIGHT_ASYNC_CELERY_BROKER": broker,
            "NETSIGHT_ASYNC_CELERY_PREFIX": fresh_name(),
        }
        self.workers = [
            CeleryWorker(directory / "celery", self.zeo, self.processes)
        ]


class TwoChildrenCluster(CeleryCluster):
    processes = 2


CLUSTERS = {
    f"{THREADS} threads of one Zope": Cluster,
    "1 worker process": WorkerCluster,
    "2 worker processes": TwoWorkersCluster,
    "Celery, 1 child": CeleryCluster,
    "Celery, 2 children": TwoChildrenCluster,
}


@contextmanager
def running(make, broker):
    """Have a cluster in a block, with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster = make(Path(folder), broker)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
