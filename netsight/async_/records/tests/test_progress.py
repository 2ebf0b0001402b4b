"""What is told of progress, and how long a process will take."""

import pickle
import threading
import unittest
from decimal import Decimal
from fractions import Fraction

from zope.i18nmessageid import Message

from netsight.async_.records.progress import MESSAGE_CHARS
from netsight.async_.records.progress import MOST_SAMPLES
from netsight.async_.records.progress import VALUES_MOST
from netsight.async_.records.progress import checked_message
from netsight.async_.records.progress import seconds_left
from netsight.async_.records.progress import with_sample


def steady(count, per_second=1.0, start=0.0):
    """Return samples of a process, one each second."""
    samples = ()
    for second in range(count):
        samples = with_sample(samples, start + second, second * per_second)
    return samples


def message_of(**mapping):
    return Message("count", "test", "${n} of ${of}", mapping)


class MessageTests(unittest.TestCase):
    def test_texts_and_none_are_kept(self):
        for message in (None, "", "a message", "\ud800 a lone surrogate"):
            self.assertEqual(checked_message(message), message)

    def test_so_are_message_ids(self):
        kept = checked_message(message_of(n=3, of=Message("all", "test")))
        self.assertEqual((kept, kept.domain), ("count", "test"))
        self.assertEqual(kept.default, "${n} of ${of}")
        self.assertEqual(kept.mapping, {"n": "3", "of": "all"})
        self.assertEqual(kept.mapping["of"].domain, "test")
        self.assertIsNone(checked_message(Message("bare")).default)

    def test_numbers_become_texts(self):
        numbers = {"a": 1, "b": 1.5, "c": Decimal("2.5"), "d": Fraction(1, 3)}
        kept = checked_message(message_of(**numbers))
        texts = {"a": "1", "b": "1.5", "c": "2.5", "d": "1/3"}
        self.assertEqual(kept.mapping, texts)

    def test_anything_else_is_an_error(self):
        bad = (b"bytes", 5, {}, [], object(), threading.Lock(), iter("x"))
        for value in bad:
            with self.subTest(value), self.assertRaises(TypeError):
                checked_message(value)
        for value in (None, b"bytes", {}, object(), threading.Lock()):
            with self.subTest(mapped=value), self.assertRaises(TypeError):
                checked_message(message_of(n=value))

    def test_long_texts_are_cut(self):
        long, cut = "x" * 5_000_000, "x" * MESSAGE_CHARS + "…"
        self.assertEqual(checked_message(long), cut)
        kept = checked_message(Message(long, long, long, {long: long}))
        self.assertEqual((kept, kept.domain, kept.default), (cut, cut, cut))
        self.assertEqual(kept.mapping, {cut: cut})

    def test_too_many_values_are_an_error(self):
        many = {f"n{number}": number for number in range(VALUES_MOST + 1)}
        with self.assertRaises(ValueError):
            checked_message(message_of(**many))

    def test_a_number_that_no_page_could_show_is_an_error_of_the_job(self):
        with self.assertRaises(ValueError):
            checked_message(message_of(n=10**5000))

    def test_what_a_text_was_taken_from_is_not_kept(self):
        class Smart(str):
            """Refers to what cannot be stored, as texts of lxml do."""

        smart = Smart("text")
        smart.parent = threading.Lock()
        self.assertIs(type(checked_message(smart)), str)
        kept = checked_message(message_of(n=smart))
        self.assertIs(type(kept.mapping["n"]), str)

    def test_what_is_kept_can_be_stored(self):
        kept = checked_message(message_of(n=3, of="text"))
        self.assertEqual(pickle.loads(pickle.dumps(kept)), kept)


class SampleTests(unittest.TestCase):
    def test_they_are_few_and_spread_over_the_whole_time(self):
        samples = steady(100)
        self.assertLessEqual(len(samples), MOST_SAMPLES)
        self.assertEqual(samples[0], (0.0, 0.0))
        gaps = [b[0] - a[0] for a, b in zip(samples, samples[1:])]
        self.assertEqual(samples[-1], (99.0, 99.0))
        self.assertLessEqual(max(gaps), 32)


class SecondsLeftTests(unittest.TestCase):
    def test_a_steady_process_can_be_trusted(self):
        self.assertEqual(seconds_left(steady(21), 20.0), 80)

    def test_it_goes_down_between_two_samples(self):
        samples = steady(21)
        last = samples[-1][0]
        self.assertEqual(
            seconds_left(samples, last) - seconds_left(samples, last + 3), 3
        )

    def test_too_few_or_too_short_says_nothing(self):
        self.assertIsNone(seconds_left((), 0.0))
        self.assertIsNone(seconds_left(steady(4), 3.0))
        quick = tuple((when / 10, number) for when, number in steady(9))
        self.assertIsNone(seconds_left(quick, 1.0))

    def test_one_that_became_much_slower_says_nothing(self):
        samples = steady(5, per_second=10)
        for second in range(1, 5):
            samples = with_sample(samples, 4 + second, 40 + second)
        self.assertIsNone(seconds_left(samples, 8.0))

    def test_one_that_stands_still_says_nothing(self):
        samples = tuple((float(second), 50) for second in range(9))
        self.assertIsNone(seconds_left(samples, 8.0))

    def test_one_that_goes_back_says_nothing(self):
        samples = tuple((float(n), 50 - n) for n in range(9))
        self.assertIsNone(seconds_left(samples, 8.0))

    def test_when_the_time_is_over_nothing_is_said(self):
        self.assertIsNone(seconds_left(steady(21), 1000.0))

    def test_a_clock_that_was_set_back_does_no_harm(self):
        samples = ((5.0, 1), (4.0, 2), (3.0, 3), (2.0, 4), (11.0, 5))
        self.assertIsNone(seconds_left(samples, 11.0))
