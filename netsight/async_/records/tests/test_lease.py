"""Whether a worker lives, by clocks that the test sets."""

import math
import unittest

import ZODB

from netsight.async_.records.lease import Lookout
from netsight.async_.records.lease import Worker
from netsight.async_.records.lease import this_worker
from netsight.async_.records.os_process import this_os_process
from netsight.async_.records.tests.os_process_support import killed_process
from netsight.async_.records.tests.os_process_support import stopped_process


LEASE = 60
BEAT = 15


class WatchTests(unittest.TestCase):
    def setUp(self):
        self.monotonic = 1000.0
        self.time_of_day = 1_000_000.0
        self.connected = True
        self.last_held_up = -math.inf
        self.lookout = Lookout(
            lambda: self.monotonic,
            lambda: self.time_of_day,
            lambda worker: self.connected,
            lambda: self.last_held_up,
        )
        self.worker = Worker("other")
        self.beat()

    def beat(self):
        self.worker.beat()
        self.worker.beat_at = self.time_of_day

    def is_alive(self):
        return self.lookout.is_alive(self.worker)

    def pass_time(self, seconds):
        self.monotonic += seconds
        self.time_of_day += seconds

    def watch_for(self, seconds):
        """Let time pass, and look as often as a server does."""
        for _ in range(seconds // BEAT):
            self.pass_time(BEAT)
            self.is_alive()
        self.pass_time(seconds % BEAT)

    def test_a_worker_that_beats_lives(self):
        for _ in range(20):
            self.assertTrue(self.is_alive())
            self.pass_time(BEAT)
            self.beat()

    def test_one_that_stopped_is_dead_when_its_lease_has_run_out(self):
        self.assertTrue(self.is_alive())
        self.watch_for(LEASE - 1)
        self.assertTrue(self.is_alive())
        self.pass_time(1)
        self.assertFalse(self.is_alive())

    def test_one_that_beats_again_lives_again(self):
        self.is_alive()
        self.watch_for(LEASE)
        self.beat()
        self.assertTrue(self.is_alive())

    def test_one_that_died_long_before_we_came_is_dead_at_once(self):
        self.time_of_day += 2 * LEASE
        self.assertFalse(self.is_alive())

    def test_one_that_comes_as_soon_as_we_have_begun_does(self):
        database = ZODB.DB(None)
        self.addCleanup(database.close)
        with database.transaction() as connection:
            self.lookout.begin(connection)
        late = Worker("new")
        late.beat_at = self.time_of_day - 3600
        with database.transaction() as connection:
            connection.root()["late"] = late
        with database.transaction() as connection:
            root = connection.root()
            self.assertTrue(self.lookout.is_alive(root["late"]))

    def test_one_that_was_there_before_does_not(self):
        database = ZODB.DB(None)
        self.addCleanup(database.close)
        dead = Worker("dead")
        dead.beat_at = self.time_of_day - 3600
        with database.transaction() as connection:
            connection.root()["workers"] = [self.worker, dead]
        with database.transaction() as connection:
            first, second = connection.root()["workers"]
            self.assertTrue(self.lookout.is_alive(first))
            self.assertFalse(self.lookout.is_alive(second))

    def test_one_that_comes_after_us_lives_whatever_its_clock_says(self):
        self.is_alive()
        self.watch_for(LEASE)
        self.worker = Worker("new")
        self.worker.beat_at = self.time_of_day - 3600
        self.assertTrue(self.is_alive())
        self.watch_for(LEASE)
        self.assertFalse(self.is_alive())

    def test_a_clock_that_jumps_a_minute_forward_does_no_harm(self):
        self.assertTrue(self.is_alive())
        self.time_of_day += 60
        self.monotonic += 1
        self.assertTrue(self.is_alive())

    def test_a_clock_that_jumps_a_minute_back_does_no_harm(self):
        self.assertTrue(self.is_alive())
        self.time_of_day -= 60
        self.assertTrue(self.is_alive())
        self.watch_for(LEASE)
        self.assertFalse(self.is_alive())

    def test_one_that_said_good_bye_is_dead_at_once(self):
        self.assertTrue(self.is_alive())
        self.worker.end()
        self.assertFalse(self.is_alive())

    def test_one_whose_process_on_this_machine_is_gone_is_dead_at_once(self):
        self.worker.os_process = killed_process()
        self.assertFalse(self.is_alive())
        self.connected = False
        self.assertFalse(self.is_alive())

    def test_one_whose_process_runs_here_lives_without_beats(self):
        self.worker.os_process = this_os_process()
        self.assertTrue(self.is_alive())
        self.watch_for(LEASE)
        self.assertTrue(self.is_alive())
        self.assertFalse(self.lookout.is_heard(self.worker))

    def test_one_whose_process_stands_still_is_watched_by_its_beats(self):
        self.worker.os_process = stopped_process(self)
        self.assertTrue(self.is_alive())
        self.watch_for(LEASE)
        self.assertFalse(self.is_alive())

    def test_a_record_tells_the_process_of_its_own_worker_only(self):
        self.assertEqual(Worker(this_worker()).os_process, this_os_process())
        self.assertIsNone(Worker("other").os_process)

    def test_this_worker_lives_until_it_ends(self):
        self.worker = Worker(this_worker())
        self.pass_time(10 * LEASE)
        self.assertTrue(self.is_alive())
        self.worker.end()
        self.assertFalse(self.is_alive())

    def test_one_that_we_could_not_see_meanwhile_is_given_a_lease(self):
        self.is_alive()
        self.pass_time(10 * LEASE)
        self.assertTrue(self.is_alive())
        self.watch_for(LEASE - 1)
        self.assertTrue(self.is_alive())
        self.pass_time(1)
        self.assertFalse(self.is_alive())

    def test_nobody_dies_while_the_database_is_away(self):
        self.is_alive()
        self.connected = False
        self.watch_for(10 * LEASE)
        self.assertTrue(self.is_alive())
        self.connected = True
        self.watch_for(LEASE - 1)
        self.assertTrue(self.is_alive())
        self.pass_time(1)
        self.assertFalse(self.is_alive())

    def test_nobody_dies_while_a_commit_of_ours_is_held_up(self):
        self.is_alive()
        self.last_held_up = math.inf
        self.watch_for(10 * LEASE)
        self.assertTrue(self.is_alive())
        self.last_held_up = self.monotonic
        self.watch_for(LEASE - 1)
        self.assertTrue(self.is_alive())
        self.pass_time(1)
        self.assertFalse(self.is_alive())

    def test_nobody_dies_for_a_held_up_commit_that_none_saw(self):
        """The heartbeat is behind it, and a look may come before that."""
        self.is_alive()
        self.watch_for(LEASE // 2)
        self.pass_time(LEASE // 2)
        self.last_held_up = self.monotonic
        self.assertTrue(self.is_alive())
        self.watch_for(LEASE - 1)
        self.assertTrue(self.is_alive())
        self.pass_time(1)
        self.assertFalse(self.is_alive())

    def test_what_was_held_up_before_the_last_look_does_not_count(self):
        self.is_alive()
        self.last_held_up = self.monotonic
        self.pass_time(1)
        self.is_alive()
        self.watch_for(LEASE)
        self.assertFalse(self.is_alive())

    def test_nobody_dies_for_looks_that_have_failed(self):
        """An outage that is shorter than most of a lease."""
        self.is_alive()
        self.watch_for(BEAT)
        for _ in range(LEASE // 2):
            self.pass_time(1)
            self.lookout.miss()
        self.watch_for(BEAT)
        self.assertTrue(self.is_alive())
        self.watch_for(LEASE - 1 - BEAT)
        self.assertTrue(self.is_alive())

    def test_one_that_is_silent_for_half_a_lease_is_in_doubt(self):
        self.is_alive()
        self.watch_for(LEASE // 2 - 1)
        self.assertFalse(self.lookout.is_in_doubt(self.worker))
        self.pass_time(1)
        self.assertTrue(self.lookout.is_in_doubt(self.worker))
        self.watch_for(LEASE // 2)
        self.assertFalse(self.is_alive())
        self.assertFalse(self.lookout.is_in_doubt(self.worker))

    def test_a_late_look_at_one_that_beats_does_not_ask_its_age(self):
        self.is_alive()
        self.pass_time(LEASE)
        self.beat()
        self.pass_time(10 * LEASE)
        self.assertTrue(self.is_alive())

    def test_a_dead_one_stays_dead_whatever_we_cannot_see(self):
        self.is_alive()
        self.watch_for(LEASE)
        self.pass_time(10 * LEASE)
        self.assertFalse(self.is_alive())
        self.connected = False
        self.assertFalse(self.is_alive())

    def test_an_old_view_of_the_database_is_no_heartbeat(self):
        self.beat()
        self.is_alive()
        self.worker.beats -= 1
        self.watch_for(LEASE)
        self.assertFalse(self.is_alive())

    def test_a_record_that_is_made_anew_is_watched_anew(self):
        self.is_alive()
        self.watch_for(LEASE)
        self.assertFalse(self.is_alive())
        beats = self.worker.beats
        self.worker = Worker("other")
        self.worker.started = self.time_of_day
        self.beat()
        self.assertEqual(self.worker.beats, beats)
        self.assertTrue(self.is_alive())
