"""Which errors are tried again, and when."""

import smtplib
import unittest

from netsight.async_ import Retry
from netsight.async_.records.retries import DELAY_MOST
from netsight.async_.records.retries import TIMES_MOST
from netsight.async_.records.retries import delay_after


class Nested:
    class Error(ValueError):
        """Of a class."""


class DelayTests(unittest.TestCase):
    def delays(self, retry, exc, count):
        return [delay_after(retry.rule, exc, done) for done in range(count)]

    def test_each_is_twice_the_one_before_up_to_the_most(self):
        retry = Retry(on=OSError, times=6, first_delay=10, most_delay=100)
        delays = self.delays(retry, OSError(), 7)
        self.assertEqual(delays, [10, 20, 40, 80, 100, 100, None])

    def test_by_default_three_times_from_a_minute_on(self):
        delays = self.delays(Retry(OSError), OSError(), 4)
        self.assertEqual(delays, [60, 120, 240, None])

    def test_without_a_rule_never(self):
        self.assertIsNone(delay_after(None, OSError(), 0))

    def test_subclasses_count(self):
        self.assertEqual(
            delay_after(Retry(OSError).rule, TimeoutError(), 0), 60
        )

    def test_other_errors_do_not(self):
        for exc in (ValueError(), Exception(), KeyboardInterrupt()):
            with self.subTest(exc):
                self.assertIsNone(delay_after(Retry(OSError).rule, exc, 0))

    def test_several_and_by_their_names(self):
        retry = Retry(
            on=("smtplib.SMTPException", "ConnectionError", Nested.Error)
        )
        for exc in (
            smtplib.SMTPServerDisconnected(),
            ConnectionResetError(),
            Nested.Error(),
        ):
            with self.subTest(exc):
                self.assertEqual(delay_after(retry.rule, exc, 0), 60)

    def test_what_is_stored_is_plain(self):
        rule = Retry(on=(OSError, Nested.Error), times=2, first_delay=0.5).rule
        names = ("builtins.OSError", f"{__name__}.Nested.Error")
        self.assertEqual(rule, (names, 2, 0.5, 3600))
        self.assertIs(type(rule), tuple)


class BadTests(unittest.TestCase):
    def test_what_is_no_exception(self):
        for on in (None, (), "", 5, [OSError], OSError(), int, BaseException):
            with self.subTest(on), self.assertRaises(TypeError):
                Retry(on)

    def test_numbers(self):
        for name, most in (
            ("times", TIMES_MOST),
            ("first_delay", DELAY_MOST),
            ("most_delay", DELAY_MOST),
        ):
            for value in (0, -1, most + 1):
                with self.subTest(name=name, value=value):
                    with self.assertRaises(ValueError):
                        Retry(OSError, **{name: value})
            for value in (None, "5", True, 5j):
                with self.subTest(name=name, value=value):
                    with self.assertRaises(TypeError):
                        Retry(OSError, **{name: value})
        with self.assertRaises(TypeError):
            Retry(OSError, times=1.5)
