"""What is held in the copy of a database."""

import unittest
from unittest import mock

from netsight.async_ import config
from netsight.async_.exceptions import ClaimLostError
from netsight.async_.exceptions import SettingError
from netsight.async_.records.deployments import drop
from netsight.async_.records.deployments import release
from netsight.async_.records.lease import lookout
from netsight.async_.records.lines import Line
from netsight.async_.records.process import Process
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import deployed
from netsight.async_.tests.record_support import make_process


class DeploymentTestCase(unittest.TestCase):
    """What production has queued, seen from staging."""

    def setUp(self):
        self.registry = ProcessRegistry()
        staging = deployed("staging")
        staging.start()
        self.addCleanup(staging.stop)

    def production(self, number=0, **kwargs):
        """Return a process that was queued in production."""
        with deployed("production"):
            return self.registry[add(self.registry, number, **kwargs)]

    def running(self, number=0, **kwargs):
        """Return one that runs in production."""
        process = self.production(number, **kwargs)
        with deployed("production"):
            process.claim_for(self.registry.worker("theirs"))
        return process

    def own(self, number=1, **kwargs):
        return self.registry[add(self.registry, number, **kwargs)]

    def claim(self, process):
        return process.claim_for(self.registry.worker("ours"))

    def silent(self):
        """Have no worker beat, in a block."""
        return mock.patch.object(lookout, "is_heard", lambda worker: False)


class SettingTests(unittest.TestCase):
    def test_a_name_that_is_none(self):
        with deployed("my production"), self.assertRaises(SettingError):
            config.get("deployment")


class HeldTests(DeploymentTestCase):
    def test_a_queued_one_is_held(self):
        process = self.production()
        self.assertTrue(process.is_held)
        self.assertEqual(process.state, "queued")

    def test_not_where_it_was_queued(self):
        process = self.production()
        with deployed("production"):
            self.assertFalse(process.is_held)

    def test_also_where_the_copy_has_no_name(self):
        process = self.production()
        with deployed(""):
            self.assertTrue(process.is_held)

    def test_also_where_the_original_has_none(self):
        with deployed(""):
            process = self.own()
        self.assertTrue(process.is_held)

    def test_without_names_nothing_is_held(self):
        with deployed(""):
            self.assertFalse(self.own().is_held)

    def test_what_an_earlier_version_has_stored_has_no_name(self):
        with deployed(""):
            state = make_process().__getstate__()
        self.assertNotIn("deployment", state)
        old = Process.__new__(Process)
        old.__setstate__(state)
        self.assertEqual(old.deployment, "")

    def test_what_was_started_here_is_not_held(self):
        self.assertFalse(self.own().is_held)

    def test_what_has_ended_is_not_held(self):
        process = self.running()
        process.complete(1, None)
        self.assertFalse(process.is_held)
        self.assertEqual(process.state, "completed")

    def test_nobody_here_can_claim_it(self):
        process = self.production()
        with self.assertRaises(ClaimLostError):
            self.claim(process)
        self.assertIsNone(process.claim.worker)

    def test_what_is_run_again_is_of_here(self):
        process = self.production(max_attempts=3)
        process.cancel()
        self.assertFalse(process.again("new").is_held)


class RunningTests(DeploymentTestCase):
    """What ran when the database was copied."""

    def test_its_worker_does_not_beat_here(self):
        process = self.running()
        with self.silent():
            self.assertTrue(process.is_held)
            self.assertEqual(process.state, "queued")

    def test_be_it_on_this_machine(self):
        process = self.running()
        with (
            self.silent(),
            mock.patch.object(lookout, "is_alive", lambda worker: True),
        ):
            self.assertTrue(process.is_held)

    def test_it_is_known_to_be_dead(self):
        process = self.running()
        process.claim.worker.end()
        self.assertTrue(process.is_held)

    def test_if_it_beats_both_use_this_database(self):
        process = self.running()
        self.assertFalse(process.is_held)
        self.assertEqual(process.state, "running")

    def test_nobody_here_gives_it_up(self):
        process = self.running()
        process.claim.worker.end()
        self.assertFalse(process.is_abandoned)


class ManyTests(DeploymentTestCase):
    """Those that wait for others do not wait for what is held."""

    def test_a_single_view_can_be_started(self):
        self.production(single_key="key")
        self.assertIsNone(self.registry.single("key"))
        process = self.own(single_key="key")
        self.assertIs(self.registry.single("key"), process)

    def test_a_dead_one_of_it_is_left_alone(self):
        before = self.running(single_key="key")
        before.claim.worker.end()
        self.own(single_key="key")
        self.assertIsNone(before.outcome.state)

    def test_the_line_goes_on(self):
        self.production(0, line="line")
        process = self.own(1, line="line")
        self.claim(process)
        self.registry.line("line").take(self.registry, process.id)

    def test_also_if_it_ran(self):
        before = self.running(0, line="line")
        self.registry.line("line").take(self.registry, before.id)
        before.claim.worker.end()
        process = self.own(1, line="line")
        self.registry.line("line").take(self.registry, process.id)

    def test_the_first_of_a_line_is_one_that_can_run(self):
        self.production(0, line="line")
        process = self.own(1, line="line")
        line = self.registry.line("line")
        self.assertIsInstance(line, Line)
        self.assertIs(line.first(self.registry), process)

    def test_it_is_not_ahead_of_others(self):
        self.production(0)
        process = self.own(1)
        self.assertEqual(self.registry.queued_before(process.id).count, 0)


class IndexTests(DeploymentTestCase):
    def test_what_was_found_to_be_held(self):
        process = self.production()
        self.assertEqual(self.registry.held_ids(), [])
        self.registry.hold(process)
        self.assertEqual(self.registry.held_ids(), [process.id])
        self.assertEqual(self.registry.held_in(), ["production"])

    def test_where_it_was_queued_it_is_not_among_them(self):
        self.registry.hold(self.production())
        with deployed("production"):
            self.assertEqual(self.registry.held_ids(), [])
            self.assertEqual(self.registry.held_in(), [])

    def test_what_has_ended_is_not_any_more(self):
        process = self.production()
        self.registry.hold(process)
        process.cancel()
        self.registry.retire(process.id)
        self.assertEqual(self.registry.held_ids(), [])


class ReleaseTests(DeploymentTestCase):
    def released(self, process):
        self.registry.hold(process)
        self.assertTrue(release(self.registry, process))
        self.assertFalse(process.is_held)
        self.assertEqual(self.registry.held_ids(), [])
        return process

    def test_it_can_be_claimed(self):
        self.claim(self.released(self.production()))

    def test_what_ran_and_may_not_run_again_is_lost(self):
        process = self.running()
        process.claim.worker.end()
        self.assertEqual(self.released(process).outcome.state, "lost")

    def test_what_ran_and_may_is_queued_and_has_killed_nobody(self):
        process = self.running(max_attempts=2)
        process.claim.worker.end()
        self.assertEqual(self.released(process).state, "queued")
        self.assertEqual(process.claim.deaths, 0)
        self.claim(process)

    def test_it_stays_held_while_another_one_of_its_view_is_active(self):
        process = self.production(single_key="key")
        other = self.own(single_key="key")
        self.assertFalse(release(self.registry, process))
        self.assertTrue(process.is_held)
        self.assertIs(self.registry.single("key"), other)

    def test_it_is_the_single_one_then(self):
        process = self.production(single_key="key")
        self.own(single_key="key").cancel()
        self.released(process)
        self.assertIs(self.registry.single("key"), process)


class DropTests(DeploymentTestCase):
    def test_there_is_nothing_left_of_it(self):
        process = self.production(single_key="key", line="line")
        self.registry.hold(process)
        drop(self.registry, process)
        self.assertNotIn(process.id, self.registry)
        self.assertEqual(self.registry.active_ids(), [])
        self.assertEqual(self.registry.held_ids(), [])
