"""What Prometheus is told of all that has ended, and the board that asks."""

import json
import re
import unittest

from netsight.async_.browser.health import BOARD
from netsight.async_.browser.health import METRICS
from netsight.async_.browser.health import for_prometheus
from netsight.async_.interfaces import FAILED
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.records.statistics import BOUNDS
from netsight.async_.records.statistics import ENDS
from netsight.async_.records.statistics import Numbers
from netsight.async_.records.statistics import Span
from netsight.async_.records.statistics import Statistics
from netsight.async_.records.statistics import Times
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase


LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)+)\})? (\S+)')
"""Of the text format, version 0.0.4."""

FUNCTIONS = re.compile(r"netsight_async_\w+")


class TextTests(unittest.TestCase):
    def setUp(self):
        self.registry = ProcessRegistry()
        self.registry.statistics = Statistics()
        self.past = self.registry.statistics._past

    def note(self, view="export", state=FAILED, wait=1.5, run=45.0):
        ended = tuple(int(each == state) for each in ENDS)
        numbers = Numbers(ended, Times.of(wait), Times.of(run))
        self.past.add(view, numbers)

    def lines(self, name):
        """Return {labels: value} of the lines of a metric."""
        text = for_prometheus(self.registry)
        found = (LINE.fullmatch(each) for each in text.splitlines())
        return {m[2]: m[3] for m in found if m and m[1] == name}

    def test_each_line_is_of_the_format(self):
        self.note()
        for line in for_prometheus(self.registry).splitlines():
            if not line.startswith("# "):
                self.assertRegex(line, LINE)

    def test_what_has_ended_by_state(self):
        self.note()
        self.note()
        ended = self.lines("netsight_async_ended_total")
        self.assertEqual(ended['view="export",state="failed"'], "2")
        self.assertEqual(ended['view="export",state="completed"'], "0")

    def test_the_buckets_of_a_histogram_are_cumulative(self):
        self.note(run=0.3)
        self.note(run=45.0)
        buckets = self.lines("netsight_async_run_seconds_bucket")
        counts = [int(each) for each in buckets.values()]
        self.assertEqual(counts, sorted(counts))
        self.assertEqual(len(counts), len(BOUNDS) + 1)
        self.assertEqual(buckets['view="export",le="0.2"'], "0")
        self.assertEqual(buckets['view="export",le="0.3"'], "1")
        self.assertEqual(buckets['view="export",le="60"'], "2")
        self.assertEqual(buckets['view="export",le="+Inf"'], "2")

    def test_sum_and_count(self):
        self.note(wait=1.5)
        self.note(wait=2.0)
        key = 'view="export"'
        name = "netsight_async_wait_seconds"
        self.assertEqual(self.lines(f"{name}_sum")[key], "3.5")
        self.assertEqual(self.lines(f"{name}_count")[key], "2")

    def test_odd_names_are_escaped(self):
        self.note(view='a"b\\c\nd')
        text = for_prometheus(self.registry)
        self.assertIn('view="a\\"b\\\\c\\nd"', text)

    def test_before_anything_has_ended_there_are_the_names(self):
        text = for_prometheus(ProcessRegistry())
        self.assertIn("# TYPE netsight_async_ended_total counter", text)
        self.assertIn("# TYPE netsight_async_run_seconds histogram", text)


class BoardTests(unittest.TestCase):
    def setUp(self):
        self.text = BOARD.read_text("utf-8")
        self.board = json.loads(self.text)

    def names(self):
        """Return a set of all metrics that the text for Prometheus has."""
        registry = ProcessRegistry()
        registry.statistics = Statistics()
        span = Span()
        span.add("export", Numbers(runs=Times.of(1), waits=Times.of(1)))
        registry.statistics._past.merge(span)
        text = for_prometheus(registry)
        return {
            LINE.match(each)[1] for each in text.splitlines() if each[0] != "#"
        }

    def test_it_asks_for_nothing_that_there_is_not(self):
        asked = set(FUNCTIONS.findall(self.text))
        self.assertTrue(asked)
        self.assertEqual(asked - self.names(), set())

    def test_it_shows_most_of_what_there_is(self):
        asked = set(FUNCTIONS.findall(self.text))
        missing = {f"netsight_async_{each}" for each in METRICS} - asked
        self.assertEqual(missing, set())

    def test_no_two_panels_have_one_number_or_place(self):
        panels = self.board["panels"]
        for values in (
            [each["id"] for each in panels],
            [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in panels],
        ):
            self.assertEqual(len(set(values)), len(panels))

    def test_each_variable_that_is_used_is_declared(self):
        used = set(re.findall(r"\$\{?(\w+)", self.text)) - {"__all"}
        declared = {each["name"] for each in self.board["templating"]["list"]}
        self.assertEqual(used, declared)

    def test_it_names_no_source_of_data(self):
        for panel in self.board["panels"]:
            self.assertEqual(panel["datasource"]["uid"], "${datasource}")


class DownloadTests(AsyncTestCase):
    def test_the_board_can_be_had_where_the_numbers_are(self):
        response = self.client(MANAGER).get("/@@async-health?format=grafana")
        self.assertEqual(response.content_type, "application/json")
        self.assertEqual(response.json, json.loads(BOARD.read_text("utf-8")))

    def test_only_by_who_may_see_those(self):
        self.client().get("/@@async-health?format=grafana", status=401)
