"""A worker on RelStorage finds soon what others have queued."""

import tempfile
import unittest

from netsight.async_.tests.cluster.storages import Postgresql
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.worker_process import WorkerProcess
from netsight.async_.tests.zope_server import ZopeServer


NONE = {"NETSIGHT_ASYNC_EXECUTOR": "none"}

BY_NEWS_ALONE = {
    "NETSIGHT_ASYNC_POLL_SECONDS": "3600",
    "NETSIGHT_ASYNC_BEAT_SECONDS": "300",
    "NETSIGHT_ASYNC_LEASE_SECONDS": "3600",
}


class PostgresqlWakeTests(unittest.TestCase):
    level = 2

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.storage = Postgresql(f"{folder.name}/postgresql")
        self.web = ZopeServer(f"{folder.name}/web", self.storage)
        self.worker = WorkerProcess(f"{folder.name}/worker", self.storage)
        for each in (self.storage, self.web, self.worker):
            self.addCleanup(each.kill)
        self.storage.start()
        for zope in (self.web, self.worker):
            zope.start(**NONE, **BY_NEWS_ALONE)

    def test_it_asks_what_the_web_has_queued(self):
        for _each in range(3):
            process_id = self.web.start_job("crash-quick")
            self.web.wait_for(process_id, "completed")
        self.worker.terminate()
        self.assertEqual(self.worker.wait(WAIT_SECONDS), 0)
        self.assertNotIn("Traceback", self.worker.log)
