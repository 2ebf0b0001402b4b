"""The statistics and the queues, in each theme, size and language."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.list_support import ListTestCase
from netsight.async_.tests.browser.support import PHONE


class StatisticsTestCase(ListTestCase):
    path = "/Plone/@@async-processes"

    def setUp(self):
        super().setUp()
        self.ended(3)
        self.start().fail("no such town")

    def looks(self, path, name):
        """Look at a page in each way; check it by axe-core."""
        for variant, options in (
            ("", {}),
            ("-phone", {"viewport": PHONE}),
            ("-forced", {"forced_colors": "active"}),
            ("-dark-forced",
             {"forced_colors": "active", "color_scheme": "dark"}),
        ):  # fmt: skip
            with self.subTest(f"{name}{variant}"):
                self.look(path, f"{name}{variant}", options)
        with self.subTest(f"{name}-dark"):
            self.look(path, f"{name}-dark", {}, theme="dark")

    def look(self, path, name, options, theme="light"):
        self.page = self.administrator(**options)
        self.page.goto(self.server.url(path))
        self.take_theme(theme)
        self.page.locator(self.shown).first.scroll_into_view_if_needed()
        self.picture(name)
        if options.get("color_scheme") != "dark":
            # What is forced there axe-core does not see.
            self.assert_accessible(self.shown)
        self.assert_no_sideways_scrolling()


class PageTests(StatisticsTestCase):
    shown = ".netsight-async-statistics"

    def open(self):
        """Open the page, as soon as a beat has counted something."""
        url = self.server.url("/Plone/@@async-statistics")
        self.page.goto(url)
        while not self.page.locator("svg[role=img]").count():
            self.page.wait_for_timeout(500)
            self.page.goto(url)

    def test_looks(self):
        self.open()
        self.looks("/Plone/@@async-statistics", "statistics")

    def test_without_a_theme(self):
        self.open()
        for scheme in ("light", "dark"):
            self.page = self.administrator(color_scheme=scheme)
            self.page.goto(self.server.url("/@@async-statistics"))
            self.picture(f"statistics-plain-{scheme}")
            self.assert_accessible()

    def test_german(self):
        self.open()
        self.page = self.administrator(locale="de-DE")
        self.page.goto(self.server.url("/@@async-statistics"))
        self.heading("Statistik der Vorgänge")
        self.picture("statistics-german")
        self.assert_accessible()

    def test_the_picture_has_a_name_and_its_numbers_are_in_a_table(self):
        self.open()
        picture = self.page.get_by_role(
            "img", name="Processes that have ended, over time"
        )
        expect(picture).to_be_visible()
        self.page.get_by_text("The numbers of the picture").click()
        rows = self.page.locator("details table tbody tr")
        expect(rows).to_have_count(24)

    def test_the_week_is_a_link_away(self):
        self.open()
        self.page.get_by_role("link", name="The last week").click()
        current = self.page.locator("[aria-current=page]")
        expect(current.filter(has_text="The last week")).to_be_visible()


class QueueTests(StatisticsTestCase):
    shown = ".netsight-async-queues"

    def tearDown(self):
        self.see()
        resume = self.page.get_by_role("button", name="Resume")
        if resume.count():
            resume.click()
            self.done("Resumed.")
        super().tearDown()

    def test_looks(self):
        self.see()
        self.page.get_by_role("button", name="Pause").first.click()
        self.done("Paused.")
        page = self.page
        self.looks("/Plone/@@async-processes", "queues")
        self.page = page

    def test_german(self):
        self.page = self.administrator(locale="de-DE")
        self.page.goto(self.server.url("/@@async-processes"))
        pause = self.page.get_by_role("button", name="Anhalten")
        pause.first.scroll_into_view_if_needed()
        self.picture("queues-german")
        self.assert_accessible(self.shown)

    def test_what_waits_begins_after_a_resume(self):
        self.see()
        self.page.get_by_role("button", name="Pause").first.click()
        self.done("Paused.")
        steps = self.start()
        self.see()
        expect(self.row(steps)).to_contain_text("Its queue is paused")
        self.page.goto(
            f"{self.base}/steps/processing?process_id={steps.process_id}"
        )
        activity = self.part("activity")
        expect(activity).to_contain_text("Paused by the administrators")
        self.see()
        self.page.get_by_role("button", name="Resume").click()
        self.done("Resumed.")
        self.state(steps, "Running")
