"""One or two real Zopes for each test, and how long servers may need."""

import tempfile
import time
import unittest

from netsight.async_.tests.crash_views import MACHINE
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zeo_server import ZeoServer
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
    server = ZopeServer

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.zope = self.server(f"{folder.name}/instance")
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


class TwoZopesTestCase(unittest.TestCase):
    level = 2

    server_sync = True

    machines = "ab"
    """Names of the machines that the Zopes take themselves to be on."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.zeo = ZeoServer(f"{folder.name}/zeo", self.server_sync)
        self.zopes = [
            ZopeServer(f"{folder.name}/{name}", self.zeo) for name in "ab"
        ]
        for server in (self.zeo, *self.zopes):
            self.addCleanup(server.kill)

    def start(self, **environ):
        self.zeo.start()
        # The first one of all makes the application.
        for machine, zope in zip(self.machines, self.zopes):
            zope.start(**{MACHINE: machine}, **environ)

    def running(self, view, seconds=LONG):
        """Start a job; return its id, the Zope that runs it, the other."""
        process_id = self.zopes[0].start_running(view, seconds)
        runner, other = self.runner_of(process_id)
        # From this look on, it watches the worker.
        self.assertEqual(other.state(process_id), "running")
        return process_id, runner, other

    def orphan(self, *args):
        """Kill the Zope that runs a job; return its id and the other Zope."""
        self.start()
        process_id, victim, other = self.running(*args)
        victim.kill()
        return process_id, other

    def runner_of(self, process_id):
        """Return the Zope that runs or ran a process, and the other."""
        a, b = self.zopes
        ran_here = a.states()[process_id]["ran_here"]
        return (a, b) if ran_here else (b, a)

    def wait_stored(self, zope, process_id, state):
        """Wait until an outcome is written; until then it is computed."""
        self.assertTrue(
            wait_until(
                lambda: zope.states()[process_id]["stored"] == state,
                WAIT_SECONDS,
            ),
            zope.states()[process_id],
        )

    def assert_runs_jobs(self, zope):
        """Fail unless `zope` itself still takes and completes jobs."""

        def runs_one():
            process_id = zope.start_job("crash-quick")
            # It may be refused until the database is there again.
            done = process_id and zope.wait_for(process_id, "completed")
            return done and done["ran_here"]

        self.assertTrue(wait_until(runs_one, WAIT_SECONDS), zope.log)

    def assert_runs_on(self, process_id, zope, seconds):
        """Fail if a Zope takes a process for dead within some seconds."""
        died = wait_until(lambda: zope.state(process_id) != "running", seconds)
        self.assertFalse(died, zope.states()[process_id])

    def assert_stops(self, zope):
        """SIGTERM a Zope; it must end in time, with status 0."""
        zope.terminate()
        seconds = STOP_SECONDS + CLUSTER_EXIT_SECONDS
        self.assertEqual(zope.wait(seconds), 0, zope.log)
