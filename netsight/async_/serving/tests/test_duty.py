"""What a server does each beat."""

import threading
from unittest import mock

from netsight.async_.records.database import transact
from netsight.async_.running import telling
from netsight.async_.serving import server
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.support import WAIT_SECONDS
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never


class DutyTests(AsyncTestCase):
    def start_and_die(self):
        """Return the id of a process whose worker is dead."""
        with processes_run_by(Never()):
            process_id = self.client().start("/job")
        transact("test", die_with_claim, process_id)
        return process_id

    def test_what_could_not_be_told_is_told_in_the_next_beat(self):
        process_id = self.start_and_die()
        told = []
        error = RuntimeError("can't start new thread")
        duty = server.Duty()
        with mock.patch.object(server, "tell_in_thread", side_effect=error):
            with self.assertRaises(RuntimeError):
                duty()
        with mock.patch.object(server, "tell_in_thread", told.append):
            duty()
            duty()
        self.assertEqual(told, [[process_id], []])

    def test_so_it_is_when_the_system_has_no_more_threads(self):
        process_id = self.start_and_die()
        error = RuntimeError("can't start new thread")
        told = threading.Event()
        duty = server.Duty()
        with (
            mock.patch.object(threading.Thread, "start", side_effect=error),
            self.assertRaises(RuntimeError),
        ):
            duty()
        with mock.patch.object(
            telling, "publish_as_owner", lambda *args: told.set()
        ):
            duty()
            self.assertTrue(told.wait(WAIT_SECONDS), process_id)
