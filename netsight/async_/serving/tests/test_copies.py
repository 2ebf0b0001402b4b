"""A real Zope on the copy of a database that another one uses."""

import subprocess
import tempfile
import unittest

from netsight.async_.tests.copies import copy_database
from netsight.async_.tests.instance import zconsole
from netsight.async_.tests.server_support import LONG
from netsight.async_.tests.server_support import TwoZopesTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zope_server import ZopeServer


PRODUCTION = {
    "NETSIGHT_ASYNC_DEPLOYMENT": "production",
    "NETSIGHT_ASYNC_THREADS": "1",
}
BEATS_SECONDS = 3.0
"""Some beats of a ZopeServer, and polls."""

SCRIPT = """\
from netsight.async_.actions import drop_held
print("dropped:", drop_held().count)
"""


class CopyTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.original = ZopeServer(f"{folder.name}/original")
        self.copy = ZopeServer(f"{folder.name}/copy")
        for zope in (self.original, self.copy):
            self.addCleanup(zope.kill)
        self.original.start(**PRODUCTION)
        self.running = self.original.start_running("crash-slow", LONG)
        self.queued = [
            self.original.start_job("crash-upload", b"\0" * 100_000)
            for _number in range(3)
        ]
        copy_database(self.original, self.copy)

    def assert_held(self):
        """Fail unless all waits in the copy, through some beats."""
        done = wait_until(
            lambda: any(
                not record["held"]
                or record["effects"]
                or record["state"] != "queued"
                for record in self.copy.states(
                    self.running, *self.queued
                ).values()
            ),
            BEATS_SECONDS,
        )
        self.assertFalse(done, self.copy.states())

    def test_what_was_queued_and_ran_waits(self):
        # Without a name, as a laptop has none.
        self.copy.start()
        self.assert_held()
        self.copy.wait_for(self.copy.start_job("crash-quick"), "completed")
        self.assertEqual(self.copy.log.count("are held; release or drop"), 1)
        self.assertEqual(self.original.state(self.running), "running")

    def test_also_after_a_restart_by_kill(self):
        self.copy.start(NETSIGHT_ASYNC_DEPLOYMENT="staging")
        self.assert_held()
        self.copy.kill()
        self.copy.start(NETSIGHT_ASYNC_DEPLOYMENT="staging")
        self.assert_held()

    def test_released_it_runs(self):
        self.copy.start(NETSIGHT_ASYNC_DEPLOYMENT="staging")
        self.copy.post("/crash-held?decision=release")
        for process_id in self.queued:
            self.copy.wait_for(process_id, "completed")
        self.copy.wait_for(self.running, "lost")

    def test_dropped_it_is_gone(self):
        self.copy.start(NETSIGHT_ASYNC_DEPLOYMENT="staging")
        self.assertEqual(self.copy.post("/crash-held?decision=drop")[2], "4")
        self.assertEqual(self.copy.states(), {})

    def test_a_script_can_drop_it_before_the_first_start(self):
        script = self.copy.directory / "script.py"
        script.write_text(SCRIPT)
        done = subprocess.run(
            zconsole(self.copy.conf_path, script),
            capture_output=True,
            text=True,
            timeout=120,
        )
        # Whose worker has beaten within its lease may have this database.
        self.assertIn("dropped: 3", done.stdout, done.stderr)
        self.copy.start()
        self.assertEqual(list(self.copy.states()), [self.running])

    def test_a_restored_backup_runs_on(self):
        self.original.kill()
        self.copy.start(**PRODUCTION)
        for process_id in self.queued:
            self.copy.wait_for(process_id, "completed")
        self.assertEqual(self.copy.state(self.running), "lost")


class TwoNamesTests(TwoZopesTestCase):
    """By mistake, or while Zopes are restarted with a new name."""

    def setUp(self):
        super().setUp()
        self.zeo.start()
        for zope, name in zip(self.zopes, "ab"):
            zope.start(
                NETSIGHT_ASYNC_DEPLOYMENT=name, NETSIGHT_ASYNC_THREADS="1"
            )

    def test_each_runs_what_was_started_under_its_name(self):
        started = {
            (zope.start_job("crash-quick"), zope) for zope in self.zopes * 5
        }
        for process_id, zope in started:
            zope.wait_for(process_id, "completed")
            record = zope.states(process_id)[process_id]
            self.assertTrue(record["ran_here"])
            self.assertEqual(record["claims"], 1)

    def test_the_other_logs_that_it_holds_what_is_queued(self):
        a, b = self.zopes
        a.start_running("crash-slow", LONG)
        queued = a.start_job("crash-quick")
        self.assertTrue(
            wait_until(lambda: "were queued in" in b.log, WAIT_SECONDS), b.log
        )
        self.assertTrue(b.states(queued)[queued]["held"])
        self.assertFalse(a.states(queued)[queued]["held"])
        self.assertNotIn("were queued in", a.log)

    def test_what_runs_under_another_name_runs_on(self):
        process_id, runner, other = self.running("crash-slow", "10")
        self.assertEqual(other.post("/crash-held?decision=drop")[2], "0")
        runner.wait_for(process_id, "completed")
