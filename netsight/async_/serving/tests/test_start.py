"""What starts with a server, and what does not."""

import sys
import tempfile
import unittest
from subprocess import run
from unittest import mock

from netsight.async_.executors.none import none_executor
from netsight.async_.executors.scripts import ZCONSOLE
from netsight.async_.executors.scripts import is_console
from netsight.async_.executors.scripts import is_script
from netsight.async_.executors.thread import thread_executor
from netsight.async_.serving import server
from netsight.async_.serving.server import make_room
from netsight.async_.tests.instance import zconsole
from netsight.async_.tests.zope_server import ZopeServer


SCRIPT = """\
import threading
print("threads:", [each.name for each in threading.enumerate()])
"""


class ConsoleTests(unittest.TestCase):
    """zconsole notifies the same event as a server."""

    def test_a_test_runner_is_no_console(self):
        self.assertFalse(is_console())
        self.assertFalse(is_script())

    def test_nothing_starts_in_a_console(self):
        with (
            mock.patch.dict(sys.modules, {ZCONSOLE: mock.Mock()}),
            mock.patch.object(server, "monitor") as monitor,
        ):
            server.start()
        monitor.serve.assert_not_called()

    def test_a_real_zconsole_script_has_no_thread_of_ours(self):
        with tempfile.TemporaryDirectory() as name:
            zope = ZopeServer(f"{name}/instance")
            script = zope.directory / "script.py"
            script.write_text(SCRIPT)
            ended = run(
                zconsole(zope.conf_path, script),
                capture_output=True,
                text=True,
                timeout=120,
            )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("threads: ['MainThread']", ended.stdout)


class PoolTests(unittest.TestCase):
    def test_the_pool_has_room_for_our_connections(self):
        database = mock.Mock()
        database.getPoolSize.return_value = 7
        with mock.patch.object(
            server, "get_executor", lambda: thread_executor
        ):
            make_room(database)
        # Four threads, the heartbeat and the monitor.
        database.setPoolSize.assert_called_once_with(13)

    def test_a_zope_that_runs_nothing_needs_room_for_its_monitor_only(self):
        database = mock.Mock()
        database.getPoolSize.return_value = 7
        with mock.patch.object(server, "get_executor", lambda: none_executor):
            make_room(database)
        database.setPoolSize.assert_called_once_with(8)
