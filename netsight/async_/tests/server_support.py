"""One real Zope for each test, and how long servers may need."""

import tempfile
import time
import unittest

from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.zope_server import QUICK
from netsight.async_.tests.zope_server import ZopeServer


LONG = "600"
"""Seconds that no test waits for."""

LEASE_SECONDS = int(QUICK["NETSIGHT_ASYNC_LEASE_SECONDS"])
STOP_SECONDS = int(QUICK["NETSIGHT_ASYNC_STOP_SECONDS"])
"""Settings of a ZopeServer."""

EXIT_SECONDS = 5
"""What Zope itself may need to end."""

CLUSTER_EXIT_SECONDS = 10
"""The same with its last writes to a ZEO server."""


class ServerTestCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.zope = ZopeServer(f"{folder.name}/instance")
        self.addCleanup(self.zope.kill)

    def wait_for(self, process_id, state):
        """Wait until a process is in a state; fail if it never is."""
        return self.zope.wait_for(process_id, state)

    def running(self, view, seconds=LONG):
        """Start a job that sleeps; return its id when it has begun."""
        return self.zope.start_running(view, seconds)

    def kill_and_start(self, **environ):
        self.zope.kill()
        self.zope.start(**environ)

    def stop(self, within=EXIT_SECONDS):
        """SIGTERM Zope; it must end `within` seconds, with status 0."""
        began = time.monotonic()
        self.zope.terminate()
        self.assertEqual(self.zope.wait(within + WAIT_SECONDS), 0)
        self.assertLess(time.monotonic() - began, within, self.zope.log)
        self.assertNotIn("Traceback", self.zope.log)
