"""Who of a line may begin."""

import unittest

from netsight.async_.exceptions import ClaimLostError
from netsight.async_.records.lines import heads
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.record_support import newer_version


class LineTests(unittest.TestCase):
    def setUp(self):
        self.registry = ProcessRegistry()
        self.worker = self.registry.worker("a worker")
        self.processes = [self.add(f"{number}") for number in range(4)]
        self.line = self.registry.line("key")

    def add(self, process_id, **kwargs):
        process = make_process(process_id, line="key", **kwargs)
        self.registry.add(process)
        return process

    def claim(self, number):
        process = self.processes[number]
        process.claim_for(self.worker)
        self.line.take(self.registry, process.id)

    def may_begin(self, number):
        """Tell whether a claim of it would be refused by the line."""
        try:
            self.line.take(self.registry, f"{number}")
        except ClaimLostError:
            return False
        return True

    def places(self):
        ids = [process.id for process in self.processes]
        return [self.line.place_of(self.registry, each) for each in ids]

    def first(self):
        return self.line.first(self.registry)

    def test_the_oldest_begins(self):
        self.assertFalse(self.may_begin(1))
        self.assertTrue(self.may_begin(0))
        self.assertIs(self.first(), self.processes[0])

    def test_no_other_while_it_runs(self):
        self.claim(0)
        self.assertFalse(self.may_begin(1))
        self.assertEqual(self.places(), [0, 1, 2, 3])

    def test_the_next_when_it_has_ended(self):
        self.claim(0)
        self.processes[0].complete(1, None)
        self.assertFalse(self.may_begin(2))
        self.assertIs(self.first(), self.processes[1])
        self.assertTrue(self.may_begin(1))
        self.assertEqual(self.places()[1:], [0, 1, 2])

    def test_however_it_has_ended(self):
        for number, end in enumerate(("cancel", "recover", "remove")):
            self.claim(number)
            process = self.processes[number]
            if end == "remove":
                self.registry.remove(process.id)
            else:
                getattr(process, end)()
            with self.subTest(end):
                self.assertIs(self.first(), self.processes[number + 1])
                self.assertTrue(self.may_begin(number + 1))

    def test_one_whose_worker_is_dead_is_recovered_first(self):
        self.claim(0)
        self.worker.end()
        self.assertEqual(self.processes[0].state, "lost")
        self.assertFalse(self.may_begin(1), "it may only be late")
        self.processes[0].recover()
        self.assertTrue(self.may_begin(1))

    def test_one_that_is_queued_again_keeps_its_place(self):
        again = self.processes[0] = self.add("0", max_attempts=3)
        self.claim(0)
        again.recover()
        self.assertEqual(again.state, "queued")
        self.assertFalse(self.may_begin(1))
        self.assertTrue(self.may_begin(0))

    def test_one_that_was_started_earlier_and_stored_later_waits(self):
        for process in self.processes[:2]:
            self.registry.remove(process.id)
        self.claim(2)
        self.processes[0] = self.add("0")
        self.assertFalse(self.may_begin(0))
        self.assertEqual(self.places()[3], 2)
        self.processes[2].complete(1, None)
        self.assertTrue(self.may_begin(0))

    def test_one_that_was_undone_is_not_waited_for(self):
        self.claim(0)
        self.processes[0].claim.close()
        self.assertTrue(self.processes[0].is_undone)
        self.assertTrue(self.may_begin(1))

    def test_one_that_a_newer_version_stored_is_waited_for(self):
        with newer_version():
            self.add("0")
        self.assertFalse(self.may_begin(1))
        del self.registry._active["0"]
        self.assertTrue(self.may_begin(1))

    def test_those_that_are_put_away_or_removed_are_forgotten(self):
        self.claim(0)
        self.processes[0].complete(1, None)
        self.registry.retire("0")
        self.registry.remove("2")
        self.assertEqual(list(self.line._ids), ["1", "3"])

    def test_other_lines_do_not_matter(self):
        other = make_process("9", line="other")
        self.registry.add(other)
        self.registry.line("other").take(self.registry, "9")

    def test_there_is_none_without_a_key(self):
        self.assertIsNone(self.registry.line(None))
        self.assertIsNone(self.registry.line("unknown"))

    def test_one_that_is_run_again_stands_in_the_same(self):
        process = make_process("9", line="key", max_attempts=3)
        process.cancel()
        self.assertEqual(process.again("new").line, "key")

    def test_the_place_in_the_queue_is_that_in_the_line(self):
        self.assertEqual(self.registry.queued_before("3").count, 3)

    def test_others_do_not_wait_for_those_behind_in_a_line(self):
        self.registry.add(make_process("9"))
        self.assertEqual(self.registry.queued_before("9").count, 1)

    def test_the_heads_of_lines(self):
        more = [make_process("8"), make_process("9", line="other")]
        found = heads([*self.processes, *more])
        self.assertEqual([each.id for each in found], ["0", "8", "9"])
