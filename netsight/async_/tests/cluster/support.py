"""A web Zope and its workers, as a class of tests describes them."""

import os
import tempfile
import unittest
from contextlib import suppress
from unittest import mock
from urllib.parse import urlencode
from urllib.request import Request

from kombu.exceptions import OperationalError

from netsight.async_.executors.celery import make_app
from netsight.async_.executors.celery import time_limits
from netsight.async_.tests.cluster.celery_worker import CeleryWorker
from netsight.async_.tests.cluster.services import BROKERS
from netsight.async_.tests.cluster.services import fresh_name
from netsight.async_.tests.cluster.services import need
from netsight.async_.tests.cluster.views import DEATHS
from netsight.async_.tests.instance import include
from netsight.async_.tests.instance import zope_site
from netsight.async_.tests.support import basic
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.worker_process import WorkerProcess
from netsight.async_.tests.zeo_server import ZeoServer
from netsight.async_.tests.zope_server import ZopeServer


SITE_ZCML = zope_site(include("netsight.async_.tests.cluster", "testing.zcml"))

USER = ("editor", "s3cret-of-editor")


class WebZope(ZopeServer):
    """Serves the views of the tests; `login` is (name, password) or None."""

    site_zcml = SITE_ZCML

    login = None
    settings = {}

    def launch(self, **environ):
        super().launch(**{**environ, **self.settings})

    def _open(self, request):
        if self.login is not None:
            request.add_header("Authorization", basic(self.login))
            # A program, which has no form with a token.
            request.add_header("Prefer", "respond-async")
        return super()._open(request)

    def result(self, view, process_id):
        """Return (status, headers, body) of a result."""
        query = urlencode({"process_id": process_id})
        request = Request(self.url(f"/{view}/result?{query}"))
        return self._open(request)


class Workers(CeleryWorker):
    """Celery workers with the views of the tests."""

    site_zcml = SITE_ZCML


class PollingWorker(WorkerProcess):
    """A worker without a web server, with the views of the tests."""

    site_zcml = SITE_ZCML


class Cluster:
    """A database, a web Zope, and who runs its processes."""

    children = 2
    options = ()

    def __init__(self, directory, storage):
        self.directory = directory
        self.storage = storage
        self.settings = {DEATHS: tempfile.mkdtemp(dir=directory)}
        self.web = WebZope(f"{directory}/web", storage)
        self.servers = [self.web]

    def start(self):
        self.storage.start()
        # The first one of all makes the application.
        for server in self.servers:
            server.start(**self.settings)

    def revive(self):
        """Start again what has died; it may die before it answers."""
        for server in self.servers:
            if server.has_ended():
                server.launch(**self.settings)
                server.wait_ready()

    def stop(self):
        for server in reversed(self.servers):
            server.kill()
        self.storage.kill()


class ThreadCluster(Cluster):
    """The web Zope runs all on its threads."""

    executor = "thread"

    def __init__(self, directory, storage):
        super().__init__(directory, storage)
        self.settings["NETSIGHT_ASYNC_EXECUTOR"] = self.executor


class InlineCluster(ThreadCluster):
    """The request that starts a process runs it, and waits."""

    executor = "inline"


class WorkerCluster(Cluster):
    """A worker without a web server runs all, and finds it by itself."""

    def __init__(self, directory, storage):
        super().__init__(directory, storage)
        self.web.settings = {"NETSIGHT_ASYNC_EXECUTOR": "none"}
        self.servers.append(PollingWorker(f"{directory}/worker", storage))


class CeleryCluster(Cluster):
    """Two children of a Celery worker run all."""

    broker = "Redis"

    def __init__(self, directory, storage, url=None):
        super().__init__(directory, storage)
        if url is None:
            need(self.broker)
        self.settings.update(
            NETSIGHT_ASYNC_EXECUTOR="celery",
            NETSIGHT_ASYNC_CELERY_BROKER=url or BROKERS[self.broker],
            NETSIGHT_ASYNC_CELERY_PREFIX=fresh_name(),
        )
        self.worker = self.add_worker("worker")

    def add_worker(self, name, *options):
        """Return one more worker, which is not started yet."""
        worker = Workers(
            f"{self.directory}/{name}",
            self.storage,
            self.children,
            (*self.options, *options),
        )
        self.servers.append(worker)
        return worker

    def stop(self):
        super().stop()
        # One that the test has stopped is gone with all that it had.
        with (
            mock.patch.dict(os.environ, self.settings),
            suppress(OperationalError),
            make_app() as app,
            app.connection_for_write(
                transport_options=time_limits()
            ) as connection,
        ):
            for queue in app.amqp.queues.values():
                bound = queue(connection.default_channel)
                bound.delete()
                bound.exchange.delete()
            forget(connection.default_channel, self.settings)


def forget(channel, settings):
    """Delete what Celery leaves in Redis besides queues."""
    client = getattr(channel, "client", None)
    prefix = settings["NETSIGHT_ASYNC_CELERY_PREFIX"]
    for key in client.keys(f"*{prefix}*") if client is not None else ():
        client.delete(key)


class RabbitMQCluster(CeleryCluster):
    """The same, with the other broker."""

    broker = "RabbitMQ"


class ClusterTestCase(unittest.TestCase):
    """Has a `cluster` of its own for each test."""

    level = 2

    cluster_class = CeleryCluster
    storage_class = ZeoServer

    def make_cluster(self, *args):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        storage = self.storage_class(f"{folder.name}/storage")
        self.cluster = self.cluster_class(folder.name, storage, *args)
        self.addCleanup(self.cluster.stop)
        self.web = self.cluster.web
        return self.cluster

    def wait(self, condition, *args, seconds=WAIT_SECONDS):
        """Wait until a condition is true; fail if it never is."""
        self.assertTrue(
            wait_until(lambda: condition(*args), seconds),
            [server.new_log[-3000:] for server in self.cluster.servers],
        )

    def run_job(self, view, state="completed", upload=b"", **form):
        """Run a job to its end; return its id and record."""
        process_id = self.web.start_job(view, upload, **form)
        self.wait_stored(process_id, state)
        return process_id, self.web.states()[process_id]

    def wait_stored(self, process_id, state):
        """Wait until an outcome is written; until then it is computed."""
        self.wait(lambda: self.web.states()[process_id]["stored"] == state)
