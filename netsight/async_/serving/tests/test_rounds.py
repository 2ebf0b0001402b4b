"""What a server looks at, and what it knows without a look."""

import unittest
from unittest import mock

from netsight.async_.records.deployments import release
from netsight.async_.records.lease import Hold
from netsight.async_.records.lease import this_worker
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.serving import rounds
from netsight.async_.serving.rounds import Rounds
from netsight.async_.tests.record_support import BOB
from netsight.async_.tests.record_support import deployed
from netsight.async_.tests.record_support import make_process


class Counting(ProcessRegistry):
    """Notes which records are looked at."""

    def __init__(self):
        super().__init__()
        self.looked = []

    def is_newer(self, process_id):
        self.looked.append(process_id)
        return super().is_newer(process_id)


class RoundsTests(unittest.TestCase):
    def setUp(self):
        self.registry = Counting()
        self.rounds = Rounds()
        for name, number in (("SLICE", 10), ("AGAIN", 3)):
            patcher = mock.patch.object(rounds, name, number)
            patcher.start()
            self.addCleanup(patcher.stop)

    def processes(self, count, **kwargs):
        made = []
        for number in range(count):
            process = make_process(**kwargs)
            process.id = f"{number:03}"
            process.created = float(number)
            self.registry.add(process)
            made.append(process)
        return made

    def claim(self, process, name="other"):
        return process.claim_for(self.registry.worker(name))

    def slice(self, holds=None):
        """Do one transaction; return whether the round goes on."""
        return self.rounds.note(self.rounds.look(self.registry, holds))

    def round(self, holds=None):
        """Do a whole round; return the ids that were looked at."""
        self.registry.looked.clear()
        while self.slice(holds):
            pass
        return self.registry.looked

    def test_what_is_held_is_looked_at_by_turns(self):
        self.processes(20)
        with deployed("staging"):
            self.round()
            self.assertEqual(self.rounds.held, 20)
            self.assertEqual(self.queued(), [])
            self.assertEqual(self.round(), ["000", "001", "002"])
            self.assertEqual(self.round(), ["003", "004", "005"])

    def test_what_was_released_is_found(self):
        processes = self.processes(5)
        with deployed("staging"):
            self.round()
            for process in processes:
                release(self.registry, process)
            self.round()
            self.assertEqual(len(self.queued()), 5)
            self.assertEqual(self.rounds.held, 0)

    def test_what_is_not_there_any_more_is_not_held(self):
        (process,) = self.processes(1)
        with deployed("staging"):
            self.round()
            del self.registry._active[process.id]
            self.round()
            self.assertEqual(self.registry.held_ids(), [])

    def test_who_held_one_that_is_held_is_forgotten(self):
        (process,) = self.processes(1)
        self.claim(process)
        process.claim.worker.end()
        with deployed("staging"):
            self.round()
        self.assertEqual(self.registry.workers(), [])
        self.assertIsNone(process.outcome.state)

    def queued(self):
        return [queued.process_id for queued in self.rounds.queued()]

    def test_a_transaction_looks_at_a_slice(self):
        self.processes(25)
        self.assertTrue(self.slice())
        self.assertEqual(len(self.registry.looked), 10)
        self.assertEqual(self.queued(), [f"{n:03}" for n in range(10)])
        self.assertTrue(self.slice())
        self.assertFalse(self.slice())
        self.assertEqual(self.queued(), self.registry.active_ids())

    def test_what_is_known_to_be_queued_is_not_loaded_again(self):
        self.processes(100)
        self.assertEqual(len(self.round()), 100)
        self.assertLessEqual(len(self.round()), 2 * rounds.AGAIN)

    def test_but_for_those_that_are_taken_next(self):
        made = self.processes(100)
        made[50].priority = 7
        self.round()
        self.rounds._turn = "090"
        looked = self.round()
        self.assertEqual(looked[:3], ["050", "000", "001"])

    def test_owners_take_turns_in_that(self):
        made = self.processes(100)
        made[50].owner = BOB
        self.round()
        self.rounds._turn = "090"
        looked = self.round()
        self.assertEqual(looked[:3], ["000", "050", "001"])

    def test_and_for_all_by_turns(self):
        self.processes(30)
        self.round()
        seen = {each for _round in range(10) for each in self.round()}
        self.assertEqual(sorted(seen), self.registry.active_ids())

    def test_queues_that_are_not_served_here_are_not_taken_next(self):
        self.processes(20, queue="other")
        self.round()
        self.rounds._turn = "009"
        with mock.patch.dict("os.environ", NETSIGHT_ASYNC_QUEUES="mine"):
            self.assertEqual(self.round(), ["010", "011", "012"])

    def test_what_was_claimed_here_is_looked_at(self):
        process = self.processes(50)[30]
        self.round()
        self.claim(process, this_worker())
        self.rounds.forget([process.id])
        self.assertIn(process.id, self.round(holds=set()))
        self.assertEqual(process.state, "lost")
        self.assertNotIn(process.id, self.queued())

    def test_what_runs_is_looked_at_in_each_round(self):
        process = self.processes(50)[30]
        token = self.claim(process, this_worker())
        for _round in range(3):
            self.assertIn("030", self.round(holds={Hold("030", token)}))
        self.assertEqual(process.state, "running")

    def test_a_death_is_found_among_what_was_known_to_be_queued(self):
        process = self.processes(50)[30]
        self.round()
        self.claim(process)
        self.registry.worker("other").end()
        self.round()
        self.assertEqual(process.outcome.state, "lost")

    def test_all_is_searched_once_for_a_death(self):
        process = self.processes(50, max_attempts=3)[30]
        self.round()
        self.claim(process)
        self.registry.worker("other").end()
        self.assertEqual(len(self.round()), 50)
        self.assertLess(len(self.round()), 10)
        self.assertIn(process.id, self.queued())

    def test_the_dead_are_forgotten_at_the_end_of_a_round(self):
        self.claim(self.processes(25)[20])
        self.registry.worker("other").end()
        self.slice()
        self.assertEqual(len(self.registry.workers()), 1)
        self.round()
        self.assertEqual(len(self.registry.workers()), 1, "of a lost one")
        self.round()
        self.assertEqual(self.registry.workers(), [])

    def test_one_that_died_within_a_round_is_not_forgotten_by_it(self):
        made = self.processes(25)
        self.slice()
        self.claim(made[0])
        self.registry.worker("other").end()
        self.round()
        self.assertEqual(made[0].outcome.state, None)
        self.assertEqual(len(self.registry.workers()), 1)
        self.round()
        self.assertEqual(made[0].outcome.state, "lost")

    def test_what_is_not_active_any_more_is_forgotten(self):
        made = self.processes(20)
        self.round()
        made[15].complete(1, None)
        self.registry.retire(made[15].id)
        self.round()
        self.assertEqual(len(self.queued()), 19)

    def test_what_another_took_out_meanwhile_is_left_alone(self):
        made = self.processes(20)
        self.slice()
        made[15].complete(1, None)
        self.registry.retire(made[15].id)
        self.assertFalse(self.slice())

    def test_a_slice_that_is_rolled_back_is_done_again(self):
        self.processes(20)
        self.rounds.look(self.registry)
        self.assertEqual(self.queued(), [])
        self.slice()
        self.assertEqual(self.queued(), [f"{n:03}" for n in range(10)])
