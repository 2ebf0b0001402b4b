"""One contract, whoever runs the processes, and wherever they are stored."""

import json
import tempfile
from contextlib import suppress
from http.client import HTTPException
from unittest import SkipTest

from plone.testing import Layer

from netsight.async_.tests.cluster.storages import Postgresql
from netsight.async_.tests.cluster.storages import PrivateBlobsPostgresql
from netsight.async_.tests.cluster.storages import PrivateBlobsZeo
from netsight.async_.tests.cluster.support import USER
from netsight.async_.tests.cluster.support import CeleryCluster
from netsight.async_.tests.cluster.support import ClusterTestCase
from netsight.async_.tests.cluster.support import InlineCluster
from netsight.async_.tests.cluster.support import RabbitMQCluster
from netsight.async_.tests.cluster.support import ThreadCluster
from netsight.async_.tests.cluster.support import WorkerCluster
from netsight.async_.tests.cluster.views import BIG
from netsight.async_.tests.zeo_server import ZeoServer


UNANSWERED = (OSError, HTTPException)
"""A server died before its answer was sent whole."""


class ClusterLayer(Layer):
    """A cluster that all tests of a class have; None if it cannot be."""

    def __init__(self, cluster_class, storage_class=ZeoServer):
        super().__init__(
            name=f"{cluster_class.__name__}:{storage_class.__name__}"
        )
        self._classes = cluster_class, storage_class

    def setUp(self):
        cluster_class, storage_class = self._classes
        self["reason"], self["cluster"] = None, None
        self._folder = tempfile.TemporaryDirectory()
        name = self._folder.name
        try:
            cluster = cluster_class(name, storage_class(f"{name}/storage"))
        except SkipTest as reason:
            self["reason"] = reason
            return
        self["cluster"] = cluster
        try:
            cluster.start()
        except BaseException:
            self.tearDown()
            raise
        name, password = USER
        cluster.web.get(f"/cluster-users?user={name}&password={password}")

    def tearDown(self):
        if self["cluster"] is not None:
            self["cluster"].stop()
        self._folder.cleanup()


class Contract:
    """What holds for each cluster."""

    def setUp(self):
        if self.layer["reason"] is not None:
            raise self.layer["reason"]
        self.cluster = self.layer["cluster"]
        self.web = self.cluster.web
        self.cluster.revive()

    def result(self, view, **form):
        """Run a job to its end; return (status, headers, body)."""
        process_id, record = self.run_job(view, **form)
        self.assertEqual(record["effects"], [1])
        return self.web.result(view, process_id)

    def test_status_headers_and_body_come_as_the_process_made_them(self):
        status, headers, body = self.result("cluster-answer", text="r\u00e9d")
        self.assertEqual((status, body.decode()), (202, "got r\u00e9d"))
        self.assertEqual(headers["X-Made-By"], "the process")
        self.assertIn("text/x-answer", headers["Content-Type"])

    def test_an_upload_reaches_it(self):
        upload = bytes(range(256)) * 2000
        status, _headers, body = self.result("crash-upload", upload=upload)
        self.assertEqual((status, body), (200, upload))

    def test_a_large_result_is_a_blob(self):
        status, _headers, body = self.result("cluster-big")
        self.assertEqual((status, len(body)), (200, BIG))

    def test_what_it_writes_bit_by_bit_is_the_result(self):
        status, _headers, body = self.result("cluster-stream")
        self.assertEqual((status, body), (200, b"0123456789" * 100_000))

    def test_a_redirect_is_the_result(self):
        status, headers, _body = self.result("cluster-redirect")
        self.assertEqual(status, 302)
        self.assertEqual(headers["Location"], "http://elsewhere.example/")

    def test_an_error_fails_it_without_effect(self):
        process_id, record = self.run_job("crash-failing", "failed")
        self.assertEqual(record["error"], "ValueError")
        self.assertEqual(record["effects"], [])
        status, _headers, _body = self.web.result("crash-failing", process_id)
        self.assertEqual(status, 500)

    def test_a_conflict_is_tried_again(self):
        before = self.counted()
        self.assertEqual(self.counted(), before + 2)

    def counted(self):
        """Run the job that conflicts once; return what it has counted."""
        _status, _headers, body = self.result("cluster-conflict")
        return int(body)

    def test_it_runs_as_the_user_who_started_it(self):
        self.web.login = USER
        self.addCleanup(setattr, self.web, "login", None)
        status, headers, text = self.web.post("/cluster-user")
        self.assertEqual(status, 202, text)
        process_id = json.loads(text)["id"]
        self.wait(lambda: self.web.state(process_id) == "completed")
        _status, _headers, body = self.web.result("cluster-user", process_id)
        self.assertEqual(body.split(), [b"editor", b"Authenticated", b"Owner"])


class Background(Contract):
    """What holds where the start does not wait for the end."""

    def test_progress_is_seen_while_it_runs(self):
        process_id = self.web.start_running("crash-slow", "2")
        query = f"process_id={process_id}&output_json=1"

        def has_begun():
            _status, text = self.web.get(f"/crash-slow/completed?{query}")
            completed = json.loads(text)["completed"]
            return completed is not True and completed > 0

        self.wait(has_begun)
        self.wait(lambda: self.web.state(process_id) == "completed")

    def test_those_that_run_in_turn_run_one_by_one_as_they_were_started(self):
        view = "cluster-turn-in-turn"
        ids = [self.web.start_job(view) for _number in range(6)]
        for process_id in ids:
            self.wait_stored(process_id, "completed")
        bodies = [self.web.result(view, each)[2] for each in ids]
        self.assertEqual(bodies, [str(n).encode() for n in range(6)])

    def test_it_can_be_cancelled_while_it_runs(self):
        view = "cluster-slow-cancellable"
        process_id = self.web.start_running(view, "600")
        form = "application/x-www-form-urlencoded"
        data = f"process_id={process_id}".encode()
        self.web.post(f"/{view}/process-cancel", data, form)
        self.wait(lambda: self.web.state(process_id) == "cancelled")
        self.assertEqual(self.web.states()[process_id]["effects"], [])

    def test_one_that_may_is_run_again_when_its_worker_died(self):
        process_id = self.web.start_job("cluster-fatal")
        self.wait_revived(process_id)
        self.assertEqual(self.web.states()[process_id]["effects"], [2])

    def wait_revived(self, process_id):
        """Wait until a process is completed, and start again what dies."""

        def is_done():
            self.cluster.revive()
            return self.web.state(process_id) == "completed"

        def is_done_if_answered():
            try:
                return is_done()
            except UNANSWERED:
                return False

        self.wait(is_done_if_answered)

    def test_one_whose_worker_died_does_not_block_those_behind_it(self):
        view = "cluster-fatal-in-turn"
        ids = []
        while len(ids) < 2:
            with suppress(*UNANSWERED):
                ids.append(self.web.start_job(view))
            self.cluster.revive()
        for process_id in ids:
            self.wait_revived(process_id)
        self.assertEqual(self.web.states()[ids[1]]["effects"], [2])


class ThreadTests(Background, ClusterTestCase):
    layer = ClusterLayer(ThreadCluster)


class InlineTests(Contract, ClusterTestCase):
    layer = ClusterLayer(InlineCluster)


class WorkerTests(Background, ClusterTestCase):
    layer = ClusterLayer(WorkerCluster)


class PostgresqlWorkerTests(Background, ClusterTestCase):
    layer = ClusterLayer(WorkerCluster, Postgresql)


class RedisTests(Background, ClusterTestCase):
    layer = ClusterLayer(CeleryCluster)


class RabbitMQTests(Background, ClusterTestCase):
    layer = ClusterLayer(RabbitMQCluster)


class PrivateBlobsTests(Background, ClusterTestCase):
    layer = ClusterLayer(CeleryCluster, PrivateBlobsZeo)


class PostgresqlTests(Background, ClusterTestCase):
    layer = ClusterLayer(CeleryCluster, Postgresql)


class PostgresqlThreadTests(Background, ClusterTestCase):
    layer = ClusterLayer(ThreadCluster, Postgresql)


class PostgresqlPrivateBlobsTests(Background, ClusterTestCase):
    layer = ClusterLayer(CeleryCluster, PrivateBlobsPostgresql)
