"""The page with what has ended, and how long it took."""

import doctest
import re
import time
from html import unescape

import transaction

from netsight.async_.browser.lists import statistics
from netsight.async_.browser.lists.statistics import HEIGHT
from netsight.async_.browser.lists.statistics import WIDTH
from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.config import VIEW_PROCESSES
from netsight.async_.interfaces import COMPLETED
from netsight.async_.interfaces import FAILED
from netsight.async_.interfaces import LOST
from netsight.async_.records.statistics import BOUNDS
from netsight.async_.records.statistics import ENDS
from netsight.async_.records.statistics import HOUR_SECONDS
from netsight.async_.records.statistics import OTHERS
from netsight.async_.records.statistics import Numbers
from netsight.async_.records.statistics import Statistics
from netsight.async_.records.statistics import Times
from netsight.async_.serving.server import Duty
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase


PAGE = "/@@async-statistics"


def load_tests(loader, tests, pattern):
    tests.addTests(doctest.DocTestSuite(statistics))
    return tests


def rows(page, number):
    """Return the texts of the cells of a table, row by row."""
    tables = re.findall(r"<tbody>(.*?)</tbody>", page.text, re.S)
    return [
        [
            " ".join(unescape(re.sub("<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", tables[number], re.S)
    ]


class StatisticsTestCase(ListMixin, AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.hour = int(time.time() // HOUR_SECONDS)

    def see(self, query="", login=MANAGER, **kwargs):
        return self.client(login).get(f"{PAGE}{query}", **kwargs)

    def note(self, view="job", state=COMPLETED, hours_ago=0, count=1, run=4.0):
        registry = self.registry()
        if registry.statistics is None:
            registry.statistics = Statistics()
        ended = tuple(count * int(each == state) for each in ENDS)
        one = Numbers(ended, Times.of(0.24), Times.of(run))
        span = registry.statistics._span(self.hour - hours_ago)
        span.add(view, one)
        transaction.commit()


class PageTests(StatisticsTestCase):
    def test_it_says_when_nothing_has_ended(self):
        page = self.see()
        self.assertIn("Nothing has ended in this time", page)
        self.assertNotIn("<svg", page)

    def test_what_ends_is_there_after_a_beat(self):
        self.done()
        self.failed()
        Duty()()
        by_view = {row[0].split()[-1]: row[1:3] for row in rows(self.see(), 1)}
        self.assertEqual(by_view, {"job": ["1", "0"], "again-job": ["1", "1"]})

    def test_a_row_has_how_long_it_waited_and_took(self):
        self.note(run=4.0)
        (row,) = rows(self.see(), 1)
        self.assertEqual(row[3:], ["0:00.3", "0:00.3", "0:04", "0:04"])

    def test_times_are_rounded_up_as_it_says(self):
        self.note(run=147)
        page = self.see()
        self.assertIn("Times are rounded up, as 2:27 to 3:00.", page)
        self.assertEqual(rows(page, 1)[0][5:], ["3:00", "3:00"])

    def test_what_took_very_long_is_not_said_exactly(self):
        self.note(run=BOUNDS[-1])
        self.note("longer", run=BOUNDS[-1] + 1)
        runs = [row[5] for row in rows(self.see(), 1)]
        self.assertEqual(runs, ["8:00:00", "> 8:00:00"])

    def test_it_calls_what_was_lost_as_the_lists_do(self):
        self.note(state=LOST)
        page = self.see()
        self.assertIn("Failed or interrupted", page)
        self.assertNotIn("lost", page)

    def test_the_view_of_which_the_most_have_ended_is_first(self):
        self.note("few")
        self.note("many", count=3)
        self.note(OTHERS, count=5)
        views = [row[0] for row in rows(self.see(), 1)]
        self.assertEqual(views, ["many many", "few few", "All other views"])

    def test_a_day_has_a_bar_for_each_hour(self):
        self.note(hours_ago=0, count=2)
        self.note(hours_ago=23, state=FAILED)
        self.note(hours_ago=24, count=7)
        bars = rows(self.see(), 0)
        self.assertEqual(len(bars), 24)
        self.assertEqual([bars[0][1:], bars[-1][1:]], [["1", "1"], ["2", "0"]])

    def test_a_week_has_one_for_each_six(self):
        self.note(hours_ago=24, count=7)
        self.note(hours_ago=7 * 24 - 1, count=3)
        bars = rows(self.see("?period=week"), 0)
        self.assertEqual(len(bars), 28)
        self.assertEqual([bars[0][1], bars[23][1]], ["3", "7"])

    def test_an_odd_period_is_a_day(self):
        self.note()
        for query in ("?period=year", "?period=day&period=week"):
            self.assertEqual(len(rows(self.see(query), 0)), 24)

    def test_names_of_views_are_escaped(self):
        self.note("<b>")
        self.assertIn("&lt;b&gt;", self.see())
        self.assertNotIn("<b>", self.see())

    def test_a_link_of_the_list_leads_to_it(self):
        page = self.client(MANAGER).get("/@@async-processes")
        self.assertIn(
            "Nothing has ended", page.click("Statistics of the last")
        )

    def test_it_is_for_those_who_see_the_processes(self):
        self.see(login=EDITOR, status=401)
        self.app.manage_permission(VIEW_PROCESSES, ["Owner"], acquire=1)
        transaction.commit()
        self.see(login=EDITOR)

    def test_it_is_kept_by_no_cache(self):
        self.assertIn("no-store", self.see().headers["Cache-Control"])


class PictureTests(StatisticsTestCase):
    def picture(self):
        return re.search(r"<svg.*?</svg>", self.see().text, re.S)[0]

    def rects(self, kind):
        """Return the numbers of the rectangles of a class."""
        found = re.findall(r"<rect[^>]*>", self.picture())
        return [
            {k: float(v) for k, v in re.findall(r'(\w+)="([\d.]+)"', each)}
            for each in found
            if f"netsight-async-{kind}" in each
        ]

    def test_it_has_a_name_and_a_text(self):
        self.note(count=3)
        self.note(state=FAILED)
        svg = self.picture()
        self.assertIn('role="img"', svg)
        for name in re.search(r'aria-labelledby="([^"]+)"', svg)[1].split():
            self.assertIn(f'id="{name}"', svg)
        said = " ".join(re.sub("<[^>]+>", " ", svg).split())
        self.assertIn("In all: 4, of which without a result: 1.", said)

    def test_the_highest_bar_is_as_high_as_the_picture(self):
        self.note(count=3)
        self.note(hours_ago=5, count=6)
        heights = [each["height"] for each in self.rects("done")]
        self.assertEqual(heights, [HEIGHT, HEIGHT / 2])

    def test_failures_are_below_the_others(self):
        self.note(count=3)
        self.note(state=FAILED)
        (done,), (undone,) = self.rects("done"), self.rects("undone")
        self.assertEqual(undone["y"] + undone["height"], HEIGHT)
        self.assertEqual(done["y"] + done["height"], undone["y"])

    def test_all_is_within_it(self):
        for hour in range(24):
            self.note(hours_ago=hour)
        for each in self.rects("done"):
            self.assertLessEqual(each["x"] + each["width"], WIDTH)

    def test_nothing_is_inline_that_a_policy_forbids(self):
        self.note()
        page = self.see().text
        self.assertNotRegex(page, r"<style|<script(?![^>]* src=)| style=")


class CostTests(StatisticsTestCase):
    def test_a_week_loads_an_object_for_each_hour(self):
        for hour in range(7 * 24):
            self.note(hours_ago=hour)
        loads = self.loads(f"{PAGE}?period=week", MANAGER)
        self.assertLess(loads, 7 * 24 + 50)

    def test_a_day_those_of_a_day(self):
        for hour in range(7 * 24):
            self.note(hours_ago=hour)
        self.assertLess(self.loads(PAGE, MANAGER), 24 + 50)
