"""A ZEO server that is restarted: ids that it gave before, and silence."""

import tempfile
import unittest
from contextlib import suppress
from http.client import HTTPException
from unittest import mock

import ZEO
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage

from netsight.async_.serving import reconnects
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.server_support import TwoZopesTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zeo_server import ZeoServer


FEW = 50
"""Less ids than a client of ZEO fetches at once."""

RESTARTS = 3
STARTS = 20


class ClientTests(unittest.TestCase):
    level = 2

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.zeo = ZeoServer(f"{folder.name}/zeo")
        self.addCleanup(self.zeo.kill)
        self.zeo.start()

    def client(self):
        storage = ZEO.client((HOST, self.zeo.port))
        database = DB(storage)
        self.addCleanup(database.close)
        with mock.patch("Zope2.DB", database, create=True):
            reconnects.start(None)
        return storage

    def wait(self, condition):
        self.assertTrue(wait_until(condition, WAIT_SECONDS))

    def test_an_interruption_that_nobody_met_is_no_silence(self):
        storage = self.client()
        with mock.patch.object(reconnects.lookout, "miss") as miss:
            self.zeo.kill()
            self.wait(lambda: not storage.is_connected())
            self.zeo.start()
            self.wait(storage.is_connected)
        miss.assert_called_once_with()

    def test_no_two_clients_have_one_id_after_a_restart(self):
        a, b = self.client(), self.client()
        a.new_oid()
        self.zeo.kill()
        for storage in (a, b):
            self.wait(lambda s=storage: not s.is_connected())
        self.zeo.start()
        for storage in (a, b):
            self.wait(storage.is_connected)
        of_a, of_b = (
            {storage.new_oid() for _each in range(FEW)} for storage in (a, b)
        )
        self.assertEqual(of_a & of_b, set())


class OtherStorageTests(unittest.TestCase):
    def test_it_is_left_as_it_is(self):
        database = DB(DemoStorage())
        self.addCleanup(database.close)
        before = dict(database.storage.__dict__)
        with mock.patch("Zope2.DB", database, create=True):
            reconnects.start(None)
        self.assertEqual(database.storage.__dict__, before)


class RestartedTests(TwoZopesTestCase):
    def restart(self):
        self.zeo.terminate()
        self.zeo.wait(WAIT_SECONDS)
        self.zeo.start()
        for zope in self.zopes:
            self.assertTrue(wait_until(zope.answers, WAIT_SECONDS), zope.log)

    def start_by_turns(self):
        """Return the ids of jobs started by turns, None for one refused."""
        ids = []
        for number in range(STARTS):
            with suppress(OSError, HTTPException):
                ids.append(self.zopes[number % 2].start_job("crash-quick"))
        return ids

    def test_no_start_is_refused_and_no_job_fails(self):
        self.start()
        ids = self.start_by_turns()
        for _again in range(RESTARTS):
            self.restart()
            ids += self.start_by_turns()
        refused = (RESTARTS + 1) * STARTS - len([i for i in ids if i])
        print(f"  {refused} starts were refused after {RESTARTS} restarts.")
        self.assertEqual(refused, 0)
        for process_id in ids:
            self.zopes[0].wait_for(process_id, "completed")
