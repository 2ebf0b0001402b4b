"""Ids in the order of the starts."""

import time
import unittest
import uuid

from netsight.async_.records.ids import SHARDS
from netsight.async_.records.ids import YOUNG_SECONDS
from netsight.async_.records.ids import _packed
from netsight.async_.records.ids import is_young
from netsight.async_.records.ids import lowest_id
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.ids import packed
from netsight.async_.records.ids import shard_of
from netsight.async_.records.ids import unpacked


class NewIdTests(unittest.TestCase):
    def test_it_is_a_uuid_of_version_7(self):
        made = uuid.UUID(new_process_id())
        self.assertEqual((made.version, made.variant), (7, uuid.RFC_4122))

    def test_it_tells_the_time_in_milliseconds(self):
        made = uuid.UUID(new_process_id(1_700_000_000_123_900_000))
        self.assertEqual(made.int >> 80, 1_700_000_000_123)

    def test_ids_sort_by_time(self):
        # Microseconds, beyond a millisecond.
        ids = [new_process_id(10**18 + 1000 * n) for n in range(2000)]
        self.assertEqual(ids, sorted(ids))

    def test_62_bits_are_random(self):
        made = [uuid.UUID(new_process_id(1)).int for _ in range(1000)]
        self.assertEqual(len(set(made)), 1000)
        ever, always = 0, ~0
        for number in made:
            ever |= number
            always &= number
        self.assertEqual((ever & ~always).bit_count(), 62)

    def test_one_after_the_other_comes_into_another_mapping(self):
        made = [new_process_id() for _ in range(3 * SHARDS)]
        numbers = [shard_of(packed(each)) for each in made]
        for begun in range(2 * SHARDS):
            some = numbers[begun : begun + SHARDS]
            self.assertEqual(len(set(some)), SHARDS)


class YoungTests(unittest.TestCase):
    def test_a_new_one_is_young(self):
        self.assertTrue(is_young(new_process_id()))

    def test_so_is_one_of_a_machine_whose_clock_is_ahead(self):
        self.assertTrue(is_young(self.made(YOUNG_SECONDS - 1)))

    def test_one_that_is_older_is_not(self):
        self.assertFalse(is_young(self.made(-YOUNG_SECONDS - 1)))

    def test_nor_is_what_is_no_such_id(self):
        for text in ("", "nothing", "x" * 36, "\udcff" * 36):
            self.assertFalse(is_young(text))

    def made(self, later):
        return new_process_id(time.time_ns() + int(later * 10**9))


class LowestIdTests(unittest.TestCase):
    def test_it_parts_what_is_older_from_what_is_not(self):
        when = 1_700_000_000.123
        lowest = lowest_id(when)
        for milliseconds in (-1, 0, 1):
            made = new_process_id(round(when * 1e3 + milliseconds) * 10**6)
            self.assertEqual(made >= lowest, milliseconds >= 0)


class PackedTests(unittest.TestCase):
    """What is stored in place of an id."""

    def test_an_id_takes_16_bytes_in_the_same_order(self):
        ids = [new_process_id(n * 1000) for n in range(1, 201)]
        keys = [packed(each) for each in ids]
        self.assertEqual({len(key) for key in keys}, {16})
        self.assertEqual(keys, sorted(keys))
        self.assertEqual([unpacked(key) for key in keys], ids)

    def test_a_long_text_takes_no_memory_for_good(self):
        kept = _packed.cache_info().currsize
        for number in range(10):
            packed(f"{number}" * 10_000)
        self.assertEqual(_packed.cache_info().currsize, kept)

    def test_any_other_text_is_kept_as_it_is(self):
        made = new_process_id()
        for text in ("an-id", "", "ä", "\ud800", made.upper(), f"{{{made}}}"):
            with self.subTest(text):
                self.assertEqual(unpacked(packed(text)), text)
                self.assertNotEqual(packed(text), packed(made))
