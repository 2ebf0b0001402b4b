"""A real server: killed, stopped and started again."""

import signal
from contextlib import suppress
from http.client import HTTPException

from netsight.async_.tests.server_support import EXIT_SECONDS
from netsight.async_.tests.server_support import STOP_SECONDS
from netsight.async_.tests.server_support import ServerTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zope_server import plain


class KilledTests(ServerTestCase):
    def test_a_running_process_is_lost_as_soon_as_zope_is_back(self):
        self.zope.start()
        process_id = self.running("crash-slow")
        self.kill_and_start()
        self.assertEqual(self.zope.state(process_id), "lost")
        query = f"process_id={process_id}"
        _status, page = self.zope.get(f"/crash-slow/processing?{query}")
        self.assertIn("The server stopped", plain(page))
        _status, json = self.zope.get(
            f"/crash-slow/completed?{query}&output_json=1"
        )
        self.assertEqual(json, '{"completed": "ERROR"}')

    def test_one_that_may_is_run_again_and_completed(self):
        self.zope.start()
        process_id = self.running("crash-slow-again", seconds="5")
        self.kill_and_start()
        self.wait_for(process_id, "completed")
        self.assertEqual(self.zope.states()[process_id]["claims"], 2)

    def test_queued_processes_run_when_zope_is_back(self):
        one_thread = {"NETSIGHT_ASYNC_THREADS": "1"}
        self.zope.start(**one_thread)
        blocking = self.running("crash-slow")
        queued = self.zope.start_job("crash-upload", b"\0" * 100_000)
        self.assertEqual(self.zope.state(queued), "queued")
        self.kill_and_start(**one_thread)
        self.wait_for(queued, "completed")
        self.assertEqual(self.zope.states()[queued]["claims"], 1)
        self.assertEqual(self.zope.state(blocking), "lost")

    def test_one_that_kills_each_of_its_workers_is_failed(self):
        self.zope.start()
        # It may die before it has answered, each time.
        with suppress(OSError, HTTPException):
            self.zope.start_job("crash-deadly-again")
        for _again in range(2):
            self.zope.wait(WAIT_SECONDS)
            self.zope.launch()
        self.zope.wait(WAIT_SECONDS)
        self.zope.start()
        (process_id,) = self.zope.states()
        self.wait_for(process_id, "failed")
        record = self.zope.states()[process_id]
        self.assertEqual(record["error"], "WorkerDied")
        self.wait_for(self.zope.start_job("crash-quick"), "completed")


class StoppedTests(ServerTestCase):
    def test_an_idle_zope_ends_at_once(self):
        self.zope.start()
        self.wait_for(self.zope.start_job("crash-quick"), "completed")
        self.stop()

    def test_one_with_a_registry_of_1x_ends_at_once(self):
        self.zope.start()
        self.zope.get("/crash-old-registry")
        self.stop()

    def test_a_short_process_is_completed_first(self):
        self.zope.start()
        process_id = self.running("crash-slow", seconds="2")
        self.stop(within=STOP_SECONDS + EXIT_SECONDS)
        self.zope.start()
        record = self.zope.states()[process_id]
        self.assertEqual(record["stored"], "completed")

    def handed_back_after(self, *signals):
        """Send signals, one after the other, while a process runs.

        It must be handed back, and Zope end in order.
        """
        self.zope.start(NETSIGHT_ASYNC_STOP_SECONDS="2")
        process_id = self.running("crash-slow-again", seconds="4")
        for number in signals:
            self.zope.os_process.send_signal(number)
            wait_until(self.zope.has_ended, 1)
        self.assertEqual(self.zope.wait(WAIT_SECONDS), 0)
        self.zope.start()
        self.wait_for(process_id, "completed")
        self.assertEqual(self.zope.states()[process_id]["deaths"], 0)

    def test_a_second_sigterm_does_not_cut_the_stop_short(self):
        self.handed_back_after(signal.SIGTERM, signal.SIGTERM, signal.SIGTERM)

    def test_nor_does_one_after_an_interrupt(self):
        self.handed_back_after(signal.SIGINT, signal.SIGTERM)

    def test_a_second_interrupt_does_not_wait_and_hands_back(self):
        self.handed_back_after(signal.SIGINT, signal.SIGINT)

    def test_a_long_process_is_handed_back(self):
        environ = {"NETSIGHT_ASYNC_STOP_SECONDS": "1"}
        self.zope.start(**environ)
        lost = self.running("crash-slow")
        again = self.running("crash-slow-again", seconds="4")
        self.stop(within=1 + EXIT_SECONDS)
        self.zope.start()
        self.assertEqual(self.zope.states()[lost]["stored"], "lost")
        self.wait_for(again, "completed")
        self.assertEqual(self.zope.states()[again]["claims"], 2)
