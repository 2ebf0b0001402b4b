"""A script starts processes, and leaves them to a server."""

import subprocess
import sys
import tempfile
import time
from unittest import mock

from netsight.async_.executors.scripts import is_script
from netsight.async_.executors.scripts import this
from netsight.async_.executors.thread import ThreadExecutor
from netsight.async_.testing import inline_processes
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.instance import zconsole
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.zope_server import ZopeServer


SCRIPT = """\
import threading
import transaction
from netsight.async_ import start_process
app.acl_users.userFolderAddUser("ann", "secret", [], [])
process = start_process(app, "crash-quick", as_user="ann")
process_id = process.id
transaction.commit()
print("started:", process_id, process.state)
print("threads:", [each.name for each in threading.enumerate()])
"""

START = (
    "from Zope2.Startup.run import configure_wsgi; "
    "configure_wsgi({conf!r}); import Zope2; app = Zope2.app(); "
    "from AccessControl.SecurityManagement import newSecurityManager; "
    "from AccessControl.users import system; "
    "newSecurityManager(None, system); "
    "exec(open({script!r}).read())"
)
"""What ``bin/instance run`` of plone.recipe.zope2instance does, in short."""


class RealScriptTests(AsyncTestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.zope = ZopeServer(f"{folder.name}/instance")
        self.addCleanup(self.zope.kill)
        self.script = self.zope.directory / "script.py"
        self.script.write_text(SCRIPT)

    def assert_left_to_a_server(self, command):
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=120
        )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("threads: ['MainThread']", ended.stdout)
        process_id, state = ended.stdout.split()[1:3]
        self.assertEqual(state, "queued")
        self.zope.start()
        record = self.zope.wait_for(process_id, "completed")
        self.assertTrue(record["ran_here"])

    def test_zconsole(self):
        self.assert_left_to_a_server(
            zconsole(self.zope.conf_path, self.script)
        )

    def test_one_that_waits_for_a_time(self):
        """A server has it run at the beat after that."""
        when = time.time() + 8
        self.script.write_text(
            SCRIPT.replace('"ann")', f'"ann", not_before={when})')
        )
        self.assert_left_to_a_server(
            zconsole(self.zope.conf_path, self.script)
        )
        self.assertGreaterEqual(time.time(), when)

    def test_bin_instance_run(self):
        code = START.format(
            conf=str(self.zope.conf_path), script=str(self.script)
        )
        self.assert_left_to_a_server([sys.executable, "-c", code])


class ScriptTests(AsyncTestCase):
    """With the name `app`, as a script has it."""

    def setUp(self):
        super().setUp()
        main = sys.modules["__main__"]
        main.app = self.app
        self.addCleanup(delattr, main, "app")
        # Another test may have started a server.
        patch = mock.patch.object(this, "is_server", False)
        patch.start()
        self.addCleanup(patch.stop)
        self.job(lambda view, process_id: "done")

    def state_by(self, executor):
        with processes_run_by(executor):
            return self.process(self.client().start("/job")).state

    def test_threads_run_nothing(self):
        executor = ThreadExecutor()
        self.assertEqual(self.state_by(executor), "queued")
        self.assertEqual(executor.health()["threads"], 0)

    def test_others_are_rung(self):
        with inline_processes():
            process_id = self.client().start("/job")
        self.assertEqual(self.process(process_id).state, "completed")

    def test_a_server_may_use_that_name(self):
        self.assertTrue(is_script())
        this.is_server = True
        self.assertFalse(is_script())
