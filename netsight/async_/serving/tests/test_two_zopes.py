"""Two real Zopes with one ZEO server: any of the three dies or stands still.

The Zope that got the POST need not be the one that runs the job, so a test
looks who does.
"""

import time

from netsight.async_.tests.crash_views import VOTING
from netsight.async_.tests.server_support import LEASE_SECONDS
from netsight.async_.tests.server_support import LONG
from netsight.async_.tests.server_support import TwoZopesTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


ONE_THREAD = {"NETSIGHT_ASYNC_THREADS": "1"}


class ServedByBothTests(TwoZopesTestCase):
    def test_any_zope_answers_for_a_job_that_the_other_ran(self):
        self.start()
        upload = bytes(range(256)) * 1000
        process_id = self.zopes[0].start_job("crash-upload", upload)
        _runner, other = self.runner_of(process_id)
        other.wait_for(process_id, "completed")
        query = f"process_id={process_id}"
        answer = other.get(f"/crash-upload/completed?{query}&output_json=1")
        self.assertEqual(answer, (200, '{"completed": true}'))
        status, body = other.get_bytes(f"/crash-upload/result?{query}")
        self.assertEqual((status, body), (200, upload))

    def test_the_other_is_told_of_a_start_at_once(self):
        self.start()
        a, b = self.zopes
        for _again in range(50):
            process_id = a.start_job("crash-quick")
            path = f"/crash-quick/completed?process_id={process_id}"
            self.assertEqual(b.get(path)[0], 200)

    def test_a_zope_that_is_free_takes_what_the_other_has_queued(self):
        self.start(**ONE_THREAD)
        _blocking, busy, free = self.running("crash-slow")
        process_id = busy.start_job("crash-quick")
        busy.wait_for(process_id, "completed")
        self.assertEqual(self.runner_of(process_id), (free, busy))


class KilledTests(TwoZopesTestCase):
    def test_a_queued_job_runs_on_the_other(self):
        self.start(**ONE_THREAD)
        _blocking, victim, other = self.running("crash-slow")
        other.start_running("crash-slow", "4")
        process_id = victim.start_job("crash-quick")
        self.assertEqual(victim.state(process_id), "queued")
        victim.kill()
        record = other.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [1])

    def test_a_running_job_is_lost_when_the_lease_has_run_out(self):
        process_id, other = self.orphan("crash-slow")
        self.assertEqual(other.state(process_id), "running")
        self.wait_stored(other, process_id, "lost")
        self.assertEqual(other.states()[process_id]["effects"], [])

    def test_it_runs_on_as_long_as_its_zope_lives(self):
        self.start()
        process_id, _runner, other = self.running("crash-slow")
        self.assert_runs_on(process_id, other, 3 * LEASE_SECONDS)

    def test_one_that_may_is_run_again_by_the_other(self):
        process_id, other = self.orphan("crash-slow-again", "4")
        record = other.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [2])
        self.assertTrue(record["ran_here"])


class KilledNearbyTests(TwoZopesTestCase):
    """The other one is on the same machine, with leases for hours."""

    machines = "aa"

    def start(self):
        super().start(NETSIGHT_ASYNC_LEASE_SECONDS="7200")

    def test_a_running_job_is_lost_at_once(self):
        process_id, other = self.orphan("crash-slow")
        self.assertEqual(other.state(process_id), "lost")
        self.wait_stored(other, process_id, "lost")

    def test_one_that_may_is_run_again_by_the_other(self):
        process_id, other = self.orphan("crash-slow-again", "4")
        record = other.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [2])

    def test_one_that_stands_still_is_not_taken_for_dead(self):
        self.start()
        process_id, paused, other = self.running("crash-slow")
        paused.pause()
        self.assert_runs_on(process_id, other, 3)


class StoppedTests(TwoZopesTestCase):
    def test_a_zope_that_is_stopped_hands_its_jobs_to_the_other(self):
        self.start(NETSIGHT_ASYNC_STOP_SECONDS="1")
        process_id, leaving, other = self.running("crash-slow-again", "5")
        self.assert_stops(leaving)
        record = other.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [2])
        self.assertTrue(record["ran_here"])


class PausedTests(TwoZopesTestCase):
    """A Zope that stands still past its lease, and goes on."""

    def assert_refused(self, process_id, zombie):
        """Wait until the zombie was told that the job is not its own."""
        refused = f"process {process_id} is not for this worker"
        self.assertTrue(
            wait_until(lambda: refused in zombie.log, WAIT_SECONDS),
            zombie.log,
        )

    def test_its_job_is_lost_without_an_effect(self):
        self.start()
        process_id, zombie, other = self.running("crash-slow", "4")
        zombie.pause()
        self.wait_stored(other, process_id, "lost")
        zombie.resume()
        self.assert_refused(process_id, zombie)
        record = zombie.states()[process_id]
        self.assertEqual((record["stored"], record["effects"]), ("lost", []))
        self.assert_runs_jobs(zombie)

    def test_one_that_was_run_again_by_the_other_is_done_once(self):
        self.start()
        process_id, zombie, other = self.running("crash-slow-again", "4")
        zombie.pause()
        other.wait_for(process_id, "completed")
        zombie.resume()
        self.assert_refused(process_id, zombie)
        self.assertEqual(zombie.states()[process_id]["effects"], [2])
        self.assert_runs_jobs(zombie)

    def test_its_new_jobs_live_as_long_as_it_does(self):
        self.start(**ONE_THREAD)
        process_id, zombie, other = self.running("crash-slow", "4")
        zombie.pause()
        self.wait_stored(other, process_id, "lost")
        other.start_running("crash-slow", LONG)
        zombie.resume()
        self.assert_refused(process_id, zombie)
        process_id = zombie.start_running("crash-slow", LONG)
        self.assert_runs_on(process_id, other, 2 * LEASE_SECONDS)

    def test_it_does_not_take_the_other_for_dead(self):
        self.start()
        process_id, _runner, paused = self.running("crash-slow")
        paused.pause()
        time.sleep(2 * LEASE_SECONDS)
        paused.resume()
        self.assert_runs_on(process_id, paused, LEASE_SECONDS)


class DatabaseAwayTests(TwoZopesTestCase):
    """The ZEO server is killed, and started again later."""

    def assert_all_work(self):
        for zope in self.zopes:
            self.assert_runs_jobs(zope)
        for zope in self.zopes:
            self.assert_stops(zope)

    def be_away(self, seconds):
        self.zeo.kill()
        time.sleep(seconds)
        self.zeo.start()

    def test_idle_zopes_go_on(self):
        self.start()
        self.be_away(LEASE_SECONDS)
        self.assert_all_work()

    def test_a_running_job_goes_on(self):
        self.start()
        process_id, runner, _other = self.running("crash-slow", "8")
        self.be_away(1)
        record = runner.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [1])
        self.assert_all_work()

    def test_one_goes_on_also_if_it_was_away_longer_than_a_lease(self):
        self.start()
        away = 2 * LEASE_SECONDS
        process_id, runner, _other = self.running("crash-slow", away + 6)
        self.be_away(away)
        record = runner.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [1])
        self.assert_all_work()

    def test_it_goes_on_also_if_its_zope_is_the_last_to_come_back(self):
        self.start()
        away = 2 * LEASE_SECONDS
        process_id, runner, other = self.running("crash-slow", away + 6)
        self.zeo.kill()
        time.sleep(away)
        runner.pause()
        self.zeo.start()
        died = wait_until(lambda: other.state(process_id) != "running", 1)
        runner.resume()
        self.assertFalse(died, other.states()[process_id])
        record = runner.wait_for(process_id, "completed")
        self.assertEqual(record["effects"], [1])

    def test_a_job_that_ends_meanwhile_is_done_once(self):
        self.start()
        process_id, runner, _other = self.running("crash-slow", "2")
        self.be_away(4)
        record = runner.wait_for(process_id, "completed")
        self.assertEqual(len(record["effects"]), 1)
        self.assert_all_work()

    def test_a_job_that_is_between_vote_and_finish_is_done_once(self):
        self.start()
        process_id = self.zopes[0].start_job("crash-committing", seconds="4")
        self.wait_votes(1)
        self.be_away(0)
        self.wait_votes(2)
        self.wait_stored(self.zopes[0], process_id, "completed")
        record = self.zopes[0].states()[process_id]
        self.assertEqual(len(record["effects"]), 1)
        self.assert_all_work()

    def wait_votes(self, number):
        """Wait until slow votes were begun so many times."""
        self.assertTrue(
            wait_until(
                lambda: sum(z.log.count(VOTING) for z in self.zopes) >= number,
                WAIT_SECONDS,
            ),
            [zope.log[-4000:] for zope in self.zopes],
        )

    def test_a_dead_zope_is_found_when_it_is_back(self):
        self.start()
        process_id, victim, other = self.running("crash-slow")
        self.zeo.kill()
        victim.kill()
        time.sleep(LEASE_SECONDS)
        self.zeo.start()
        other.wait_for(process_id, "lost")

    def test_a_zope_can_be_stopped_meanwhile(self):
        self.start()
        _process_id, runner, other = self.running("crash-slow")
        self.zeo.kill()
        self.assert_stops(other)
        self.assert_stops(runner)


class LateServedByBothTests(ServedByBothTests):
    """The same with clients that hear of commits a moment late."""

    server_sync = False


class LateDatabaseAwayTests(DatabaseAwayTests):
    """The same with clients that read their cache meanwhile."""

    server_sync = False
