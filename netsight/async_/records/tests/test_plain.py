"""Plain data to text and back."""

import unittest
from collections import OrderedDict
from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from enum import IntEnum

from zope.i18nmessageid import Message

from netsight.async_.records.plain import DEPTH_MOST
from netsight.async_.records.plain import dumps
from netsight.async_.records.plain import loads


HOUR = timezone(timedelta(hours=1))

VALUES = (
    *(
        None,
        True,
        False,
        0,
        1,
        -(10**30),
        0.1,
        float("inf"),
        "",
        "ä",
        "\udc80",
    ),
    *(b"", b"\x00\xff", date(2024, 2, 29), datetime(2024, 2, 29, 1, 2, 3, 4)),
    datetime(2024, 2, 29, 1, tzinfo=HOUR),
    *([], (), {}, [1, [2, (3, {"a": [b"x"]})]], {"tuple": [1]}),
    {1: "a", None: "b", ("x", 2): {"dict": ()}, b"k": date.min},
)


class Color(IntEnum):
    RED = 1


def nested(depth):
    value = []
    for _number in range(depth):
        value = [value]
    return value


class PlainTests(unittest.TestCase):
    def test_values_come_back_equal_and_of_the_same_type(self):
        for value in VALUES:
            with self.subTest(value):
                again = loads(dumps(value, "it"))
                self.assertEqual(repr(again), repr(value))

    def test_the_offset_of_a_time_stays(self):
        time = datetime(2024, 2, 29, tzinfo=HOUR)
        again = loads(dumps(time, "it"))
        self.assertEqual(again.utcoffset(), timedelta(hours=1))

    def test_what_is_handed_over_is_a_copy(self):
        value = {"a": [1]}
        text = dumps(value, "it")
        value["a"].append(2)
        self.assertEqual(loads(text), {"a": [1]})

    def test_anything_else_is_refused(self):
        for value in (
            *(object(), {1}, 1j, range(3), len, int, Color.RED),
            *(OrderedDict(a=1), Message("id", "domain"), timedelta(1)),
        ):
            with self.subTest(value), self.assertRaises(TypeError):
                dumps(value, "it")

    def test_the_error_says_what_and_where(self):
        expected = (
            r"form\['a'\]\[1\] is a builtins.set, which cannot be .* dict"
        )
        with self.assertRaisesRegex(TypeError, expected):
            dumps({"a": [1, {2}]}, "form")

    def test_so_for_a_key(self):
        with self.assertRaisesRegex(TypeError, "the key .* of form is a"):
            dumps({frozenset(): 1}, "form")

    def test_what_is_too_deep_is_refused(self):
        loads(dumps(nested(DEPTH_MOST), "it"))
        endless = []
        endless.append(endless)
        for value in (nested(DEPTH_MOST + 1), endless):
            with self.assertRaisesRegex(TypeError, "nested too deeply"):
                dumps(value, "it")

    def test_references_are_looked_up_when_they_are_read(self):
        content = object()
        text = dumps([content, 1], "it", lambda value: "/site/page")
        self.assertEqual(
            loads(text, lambda path: f"<{path}>"), ["</site/page>", 1]
        )

    def test_what_cannot_be_referred_to_is_refused(self):
        with self.assertRaisesRegex(TypeError, "or content"):
            dumps(object(), "it", lambda value: None)
