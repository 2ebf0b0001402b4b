"""Which requests are answered as those of programs."""

import unittest

from netsight.async_.answers.negotiate import HEADER_CHARS
from netsight.async_.answers.negotiate import is_program
from netsight.async_.answers.negotiate import other_preferences


FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
    "image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)

PROGRAMS = (
    {"Accept": "application/json"},
    {"Accept": "Application/JSON"},
    {"Accept": "application/problem+json"},
    {"Accept": "application/json, text/plain, */*"},
    {"Accept": "application/json;charset=utf-8;q=0.5"},
    {"Accept": "application/json, text/html"},
    {"Accept": "text/html;q=0.8, application/json;q=0.9"},
    {"Accept": "text/html;q=0, application/json;q=0.1"},
    {"Accept": "text/html;q=2, application/json"},
    {"Prefer": "respond-async"},
    {"Prefer": "Respond-Async; wait=10"},
    {"Prefer": 'return=minimal, foo="a, b;c", respond-async'},
    {"Prefer": "respond-async", "Accept": FIREFOX},
)

BROWSERS = (
    {},
    {"Accept": ""},
    {"Accept": "*/*"},
    {"Accept": FIREFOX},
    {"Accept": CHROME},
    {"Accept": "application/*"},
    {"Accept": "text/html, application/json"},
    {"Accept": "text/*, application/json"},
    {"Accept": "application/xhtml+xml, application/json"},
    {"Accept": "text/html;q=0.9, application/json;q=0.8"},
    {"Accept": "application/json;q=0"},
    {"Accept": "application/json;q=nan"},
    {"Accept": "application/json;q=2"},
    {"Accept": "application/jsonp"},
    {"Accept": "x" * HEADER_CHARS + ",application/json"},
    {"Prefer": "wait=10"},
    {"Prefer": 'foo="respond-async"'},
    {"Prefer": "respond-asynchronously"},
    {"Prefer": '"'},
)


class Request:
    """The headers of a request."""

    def __init__(self, headers):
        self.getHeader = headers.get


class NegotiationTests(unittest.TestCase):
    def test_programs(self):
        for headers in PROGRAMS:
            with self.subTest(headers):
                self.assertTrue(is_program(Request(headers)))

    def test_browsers(self):
        for headers in BROWSERS:
            with self.subTest(headers):
                self.assertFalse(is_program(Request(headers)))

    def test_other_preferences_are_as_they_were_sent(self):
        for header, others in (
            ("respond-async", ""),
            ("Respond-Async; wait=10, wait=10", ""),
            ("respond-async, return=representation", "return=representation"),
            (
                'return=minimal, foo="a, b;c", wait=5',
                'return=minimal, foo="a, b;c"',
            ),
        ):
            with self.subTest(header):
                request = Request({"Prefer": header})
                self.assertEqual(other_preferences(request), others)
