"""How often the server is asked, and what a screen reader says; by a clock
that the test sets.
"""

import json

from netsight.async_.tests.browser.clock_support import ClockTestCase
from netsight.async_.tests.browser.support import RECORD_SPEECH


SET_HIDDEN = """
    (hidden) => {
      Object.defineProperty(document, "hidden", {
        configurable: true, get: () => hidden,
      });
      document.dispatchEvent(new Event("visibilitychange"));
    }
"""


class WaitingTestCase(ClockTestCase):
    """The server's answers are the test's, too."""

    def setUp(self):
        super().setUp()
        self.start()
        self.status = self.page.request.get(
            self.page.url.replace("/processing", "/process-status")
        ).json()
        self.page.route("**/process-status?*", self.answer)
        self.stop_clock()

    def answer(self, route):
        route.fulfill(
            body=json.dumps(self.status), content_type="application/json"
        )


class PollingTests(WaitingTestCase):
    def test_from_one_second_to_five(self):
        self.page.evaluate("window.asked.splice(0)")
        self.pass_time(90)
        gaps = self.gaps()
        self.assertLess(gaps[0], 1.5)
        self.assertAlmostEqual(gaps[-1], 5, delta=0.3)
        self.assertLessEqual(max(gaps), 5.3)
        self.assertTrue(
            all(b >= a - 0.3 for a, b in zip(gaps, gaps[1:])), gaps
        )

    def test_seldom_while_nobody_looks(self):
        self.page.evaluate(SET_HIDDEN, True)
        self.page.evaluate("window.asked.splice(0)")
        self.pass_time(60)
        self.assertEqual([round(gap) for gap in self.gaps()], [15, 15, 15])

    def test_at_once_when_somebody_looks_again(self):
        self.page.evaluate(SET_HIDDEN, True)
        self.pass_time(20)
        self.page.evaluate("window.asked.splice(0)")
        self.page.evaluate(SET_HIDDEN, False)
        self.settle()
        self.pass_time(1.5)
        self.assertAlmostEqual(self.gaps()[0], 1, delta=0.3)

    def test_never_again_at_the_end(self):
        self.page.route("**/result?*", lambda route: route.fulfill(status=204))
        self.status |= {"state": "completed", "progress": 100}
        self.pass_time(2)
        self.gaps()
        self.pass_time(30)
        self.assertEqual(self.page.evaluate("window.asked"), [])


class SpokenTests(WaitingTestCase):
    def setUp(self):
        super().setUp()
        self.page.evaluate(RECORD_SPEECH)

    def said(self):
        return self.page.evaluate("window.said")

    def test_quarters_and_the_end_only(self):
        self.page.route("**/result?*", lambda route: route.fulfill(status=204))
        for progress in range(0, 100, 5):
            self.status["progress"] = progress
            self.pass_time(5)
        self.status |= {"state": "completed", "progress": 100}
        self.pass_time(5)
        self.assertEqual(
            self.said(),
            [
                "0% completed...", "25% completed...", "50% completed...",
                "75% completed...", "Completed",
            ],
        )  # fmt: skip

    def test_changes_of_the_state(self):
        self.status |= {"state": "queued", "ahead": 3}
        self.pass_time(2)
        self.status |= {"state": "running", "ahead": None}
        self.pass_time(2)
        self.assertEqual(self.said(), ["Waiting. Ahead of you: 3", "Running"])

    def test_a_turn(self):
        self.status |= {"state": "queued", "ahead": 1, "in_turn": True}
        self.pass_time(2)
        self.status |= {"ahead": 0, "in_turn": False}
        self.pass_time(2)
        self.assertEqual(
            self.said(),
            [
                "Waiting. In turn: begins when those before it have ended. "
                "Ahead of you: 1",
            ],
        )

    def test_what_is_held(self):
        self.status |= {"state": "queued", "ahead": None, "held": True}
        self.pass_time(2)
        self.assertIn("On hold", self.said()[-1])
        self.status |= {"ahead": 0, "held": False}
        self.pass_time(2)
        self.assertEqual(self.said()[1:], ["Waiting. Ahead of you: 0"])

    def test_what_waits_in_a_paused_queue(self):
        self.status |= {"state": "queued", "ahead": 0, "paused": True}
        self.pass_time(2)
        self.assertIn("Paused by the administrators", self.said()[-1])
        self.status |= {"paused": False}
        self.pass_time(2)
        self.assertEqual(self.said()[1:], ["Waiting. Ahead of you: 0"])

    def test_the_time_that_it_waits_for(self):
        self.status |= {
            "state": "queued",
            "ahead": None,
            "not_before": "2100-01-15T12:00:00+00:00",
        }
        self.pass_time(2)
        self.assertRegex(self.said()[-1], r"^Begins at Jan 15, 2100, ")
        self.status |= {"not_before": "2100-01-16T12:00:00", "retries": 1}
        self.pass_time(2)
        self.assertRegex(
            self.said()[-1],
            r"^The last attempt failed. Next attempt at Jan 16, 2100, ",
        )
        self.status |= {"not_before": None, "ahead": 0}
        self.pass_time(2)
        self.assertEqual(len(self.said()), 3)

    def test_a_server_that_is_away_once(self):
        self.page.route("**/process-status?*", lambda route: route.abort())
        self.pass_time(10)
        self.page.unroute("**/process-status?*")
        self.page.route("**/process-status?*", self.answer)
        self.pass_time(5)
        self.assertEqual(
            self.said(),
            [
                "The server does not answer; trying again.",
                "The server answers again.",
            ],
        )

    def test_a_proxy_that_finds_no_server_is_as_no_answer(self):
        self.page.unroute("**/process-status?*")
        self.page.route(
            "**/process-status?*", lambda route: route.fulfill(status=502)
        )
        self.pass_time(5)
        self.assertEqual(
            self.said(), ["The server does not answer; trying again."]
        )

    def test_there_is_one_live_region(self):
        regions = self.page.locator(
            ".netsight-async :is([aria-live], [role=status], [role=alert])"
        )
        self.assertEqual(regions.count(), 1)


class DurationTests(WaitingTestCase):
    def shown(self, **status):
        self.status |= status
        self.pass_time(5)
        return {
            name: self.part(name).text_content()
            for name in ("waited", "elapsed", "left")
            if self.part(f"{name}-row").is_visible()
        }

    def test_what_is_left_is_rough(self):
        for seconds, text in (
            (3, "5 sec"), (38, "40 sec"), (100, "2 min"), (7300, "2 hr 2 min"),
        ):  # fmt: skip
            with self.subTest(seconds):
                shown = self.shown(seconds_left=seconds)
                self.assertEqual(shown["left"], text)

    def test_how_long_it_has_waited(self):
        self.pass_time(60)
        self.status |= {"state": "queued", "started": None, "ahead": 0}
        shown = self.shown(waited=3725)
        self.assertEqual(list(shown), ["waited"])
        self.assertIn("1 hr 2 min", shown["waited"])

    def test_nothing_is_told_where_there_is_no_estimate(self):
        self.assertNotIn("left", self.shown(seconds_left=None))

    def test_elapsed_goes_on_between_two_answers(self):
        self.pass_time(60)
        self.shown(elapsed=3725)
        first = self.part("elapsed").text_content()
        self.assertIn("1 hr 2 min", first)
        self.status["elapsed"] = 10
        self.pass_time(5)
        texts = set()
        for _each in range(4):
            self.page.clock.run_for(1000)
            texts.add(self.part("elapsed").text_content())
        self.assertGreaterEqual(len(texts), 4, texts)

    def test_in_the_language_of_the_page(self):
        def in_german(route):
            answer = route.fetch()
            body = answer.text().replace('lang="en"', 'lang="de"')
            route.fulfill(response=answer, body=body)

        self.page.route("**/processing?*", in_german)
        self.page.reload()
        self.settle()
        self.assertEqual(self.shown(seconds_left=30)["left"], "30 Sek.")


class WindowTests(WaitingTestCase):
    def shown(self, **status):
        """Return the title of the window, and the heading."""
        self.status |= status
        self.pass_time(5)
        heading = self.part("heading").text_content()
        return self.page.title().removesuffix(" – netsight.async"), heading

    def test_it_says_that_it_waits(self):
        self.assertEqual(
            self.shown(state="queued", ahead=3),
            ("Waiting – Import of addresses", "Waiting"),
        )

    def test_it_says_that_it_runs(self):
        self.assertEqual(
            self.shown(state="running", progress=None),
            ("Processing... – Import of addresses", "Processing..."),
        )

    def test_it_says_how_far_it_is(self):
        title, _heading = self.shown(state="running", progress=55.4)
        self.assertEqual(title, "55% – Import of addresses")

    def test_it_says_that_it_is_completed(self):
        self.page.route("**/result?*", lambda route: route.fulfill(status=204))
        self.assertEqual(
            self.shown(state="completed", progress=100),
            ("Completed – Import of addresses", "Completed"),
        )

    def test_what_is_being_cancelled_leads_to_no_result(self):
        self.shown(state="running", cancelling=True)
        self.assertTrue(self.part("hint").is_hidden())

    def test_the_bar_of_what_waits_stands_still(self):
        self.shown(state="queued", ahead=0, progress=None)
        animation = self.part("progress").evaluate(
            "bar => getComputedStyle(bar).animationName"
        )
        self.assertEqual(animation, "none")
