"""What a server does each beat."""

from unittest import mock

from ZODB.Connection import Connection

from netsight.async_.records.database import transact
from netsight.async_.running import telling
from netsight.async_.running.runner import run
from netsight.async_.running.telling import wait_told
from netsight.async_.running.tests.told import no_more_threads
from netsight.async_.running.tests.told import told_states
from netsight.async_.serving import server
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import deployed
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

    def test_without_a_thread_what_it_finds_is_told_in_the_next_beat(self):
        self.start_and_die()
        told = told_states(self)
        duty = server.Duty()
        with (
            no_more_threads(telling.THREAD_NAME),
            self.assertRaises(RuntimeError),
        ):
            duty()
        duty()
        wait_told(WAIT_SECONDS)
        self.assertEqual(told, ["lost"])

    def test_what_is_held_is_told_once_and_not_ended(self):
        process_id = self.start_and_die()
        duty = server.Duty()
        with deployed("staging"):
            with self.assertLogs("netsight.async_", "WARNING") as logs:
                duty()
                duty()
        self.assertEqual(len(logs.output), 1)
        self.assertIn("1 processes were queued in", logs.output[0])
        self.assertIsNone(self.process(process_id).outcome.state)

    def test_where_nothing_is_held_nothing_is_written(self):
        duty = server.Duty()
        with processes_run_by(Never()):
            self.client().start("/job")
            duty()
            with mock.patch.object(Connection, "tpc_vote") as vote:
                duty()
        vote.assert_not_called()

    def test_so_is_what_others_could_not_tell(self):
        told = told_states(self)
        self.job(lambda view, process_id: 1 / 0)
        with processes_run_by(Never()):
            process_id = self.client().start("/job")
        with (
            no_more_threads(telling.THREAD_NAME),
            self.assertLogs("netsight.async_", "ERROR"),
        ):
            run(process_id)
        self.assertEqual(told, [])
        server.Duty()()
        wait_told(WAIT_SECONDS)
        self.assertEqual(told, ["failed"])
