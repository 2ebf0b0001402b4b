"""Each page of ours in each look, size and language, checked by axe-core."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.list_support import ListTestCase
from netsight.async_.tests.browser.support import PHONE


AT_200_PERCENT = {"width": 640, "height": 512}
"""What a window of 1280 x 1024 has then."""

CONTRAST = ("color-contrast",)
"""What axe-core cannot see where colours are forced."""

PRESS = """
    button => {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: button.name });
      field.value = button.value;
      button.form.append(field);
      button.form.submit();
    }
"""
"""Presses a button as if there were no script that asks first."""


class VariantsTestCase(ListTestCase):
    """Has processes that run, wait and have failed, and looks at all pages."""

    path = "/Plone/@@async-processes"
    part_of_ours = "#content"
    """Selector; of Plone's frame axe-core finds something else."""

    def setUp(self):
        super().setUp()
        self.failed = self.start("steps-again")
        self.failed.fail("no such town")
        self.running, _second, self.queued = self.started(3)
        self.running.show(42, "Importing 42 of 100")
        self.running.log("Skipped 12 duplicates")
        self.see()
        self.state(self.failed, "Failed")
        expect(self.row(self.running)).to_contain_text("Importing 42")

    @property
    def pages(self):
        """Dict of the path below the base of each page, by its name."""
        failed_id = self.failed.process_id
        pages = {
            name: f"{view}/processing?process_id={steps.process_id}"
            for name, view, steps in (
                ("running", "steps", self.running),
                ("waiting", "steps", self.queued),
                ("failed", "steps-again", self.failed),
            )
        }
        return {
            **pages,
            "message": "steps/processing?process_id=nothing",
            "start": "small",
            "my-processes": "@@my-processes",
            "list": "@@async-processes",
            "details": f"@@async-processes?process_id={failed_id}",
            "statistics": "@@async-statistics",
        }

    def look(self, look, theme=None, ignored=(), **options):
        """Fail for what is wrong with a page in some look."""
        self.page = self.administrator(**options)
        for name, path in self.pages.items():
            with self.subTest(look=look, page=name):
                self.page.goto(f"{self.base}/{path}")
                self.check(f"{look}-{name}", theme, ignored)
        with self.subTest(look=look, page="question"):
            self.see()
            self.row(self.failed).locator("[name=remove]").evaluate(PRESS)
            question = self.page.locator(".netsight-async-question")
            expect(question).to_be_visible()
            self.check(f"{look}-question", theme, ignored)

    def check(self, name, theme, ignored):
        if theme:
            self.take_theme(theme)
        self.picture(f"variants-{name}")
        self.assert_accessible(self.part_of_ours, ignored)
        self.assert_no_sideways_scrolling()


class SiteTests(VariantsTestCase):
    """In a site of Plone."""

    def test_light(self):
        self.look("light")

    def test_dark(self):
        self.look("dark", theme="dark")

    def test_forced_colours(self):
        self.look("forced", ignored=CONTRAST, forced_colors="active")

    def test_a_phone(self):
        self.look("phone", viewport=PHONE)

    def test_at_200_percent(self):
        self.look("zoom", viewport=AT_200_PERCENT)


class RootTests(VariantsTestCase):
    """In the frame that pages have without Plone."""

    path = "/@@async-processes"
    # Links in the frame of the ZMI have no names.
    part_of_ours = "main"

    def test_german(self):
        self.look("german", locale="de-DE")

    def test_dark(self):
        self.look("plain-dark", color_scheme="dark")

    def test_a_phone_in_german(self):
        self.look("german-phone", locale="de-DE", viewport=PHONE)
