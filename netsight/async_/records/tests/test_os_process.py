"""Whether a process of this machine is gone: real processes, killed."""

import os
import signal
import unittest
from unittest import mock

from netsight.async_.records import os_process
from netsight.async_.records.os_process import is_gone
from netsight.async_.records.os_process import is_running
from netsight.async_.records.os_process import this_machine
from netsight.async_.records.os_process import this_os_process
from netsight.async_.records.tests.os_process_support import end
from netsight.async_.records.tests.os_process_support import launched
from netsight.async_.records.tests.os_process_support import stand_still


@unittest.skipIf(this_os_process() is None, "the system tells no processes")
class OsProcessTests(unittest.TestCase):
    def setUp(self):
        self.child, self.os_process = launched()
        self.addCleanup(end, self.child)

    def test_one_that_runs_is_not_gone(self):
        self.assertEqual(self.os_process.pid, self.child.pid)
        self.assertFalse(is_gone(self.os_process))
        self.assertTrue(is_running(self.os_process))

    def test_one_that_stands_still_is_not_gone(self):
        stand_still(self.child)
        self.assertFalse(is_gone(self.os_process))
        self.assertFalse(is_running(self.os_process))
        self.child.send_signal(signal.SIGCONT)
        os.waitid(os.P_PID, self.child.pid, os.WCONTINUED)
        self.assertTrue(is_running(self.os_process))

    def test_one_that_was_killed_is_gone_before_its_parent_looks(self):
        self.child.kill()
        # It stays a zombie.
        os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
        self.assertTrue(is_gone(self.os_process))
        self.assertFalse(is_running(self.os_process))

    def test_one_that_was_killed_is_gone_afterwards(self):
        end(self.child)
        self.assertTrue(is_gone(self.os_process))

    def test_one_whose_number_another_has_now_is_gone(self):
        start_time = str(int(self.os_process.start_time) - 1)
        before = self.os_process._replace(start_time=start_time)
        self.assertTrue(is_gone(before))
        self.assertFalse(is_running(before))

    def test_one_of_another_machine_or_container_or_boot_is_unknown(self):
        end(self.child)
        for place in range(3):
            machine = list(self.os_process.machine)
            machine[place] = "another"
            with self.subTest(place):
                other = self.os_process._replace(machine=tuple(machine))
                self.assertFalse(is_gone(other))
                self.assertFalse(is_running(other))

    def test_one_that_is_hidden_is_unknown(self):
        with mock.patch.object(os_process, "_stat", return_value=None):
            self.assertFalse(is_gone(self.os_process))
            self.assertFalse(is_running(self.os_process))

    def test_one_of_another_user_is_not_gone(self):
        with mock.patch("os.kill", side_effect=PermissionError):
            self.assertFalse(is_gone(self.os_process))

    def test_nothing_is_known_where_the_system_tells_nothing(self):
        self.addCleanup(this_machine.cache_clear)
        this_machine.cache_clear()
        with mock.patch("os.readlink", side_effect=FileNotFoundError):
            self.assertIsNone(this_os_process())
            self.assertFalse(is_gone(self.os_process))
        self.assertFalse(is_gone(None))
        self.assertFalse(is_running(None))

    def test_numbers_of_another_container_are_not_taken_for_ours(self):
        self.addCleanup(this_machine.cache_clear)
        this_machine.cache_clear()
        with mock.patch("os.readlink", return_value="1"):
            self.assertIsNone(this_os_process())
