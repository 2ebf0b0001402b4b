"""What the server and the script write alike."""

import re

from playwright.sync_api import expect

from netsight.async_.browser.tests.numbers_support import PERCENTS
from netsight.async_.tests.browser.support import BASIC_AUTH
from netsight.async_.tests.browser.support import BrowserTestCase


PERCENT = """
    async () => {
      const script = document.querySelector("script[type=module]").src;
      const { percent } = await import(new URL("format.js", script));
      return percent(55.4);
    }
"""


class NumbersTests(BrowserTestCase):
    def test_in_each_language(self):
        steps = self.start(base=self.root)
        steps.show(55.4)
        number = self.part("percentage")
        expect(number).to_contain_text("55.4%")
        for language, text in PERCENTS.items():
            with self.subTest(language):
                self.assertIn(text, self.written(language, False))
                self.assertIn(text, self.written(language, True))
                self.assertEqual(self.other.evaluate(PERCENT), text)

    def written(self, language, has_script):
        """Return how the waiting page writes its percentage."""
        self.other = self.new_page(
            locale=language, java_script_enabled=has_script
        )
        self.other.goto(self.page.url)
        if has_script:
            # The server has "0:05".
            elapsed = self.part("elapsed", self.other)
            expect(elapsed).to_have_text(re.compile(r"^[^:]+$"))
        return self.part("percentage", self.other).text_content()


class TimesTests(BrowserTestCase):
    """Times are those of the visitor."""

    ZONE = "Asia/Tokyo"

    def kept_until(self, **options):
        """Return what the page of a process that failed says of that."""
        self.page = self.new_page(locale="en-US", **options)
        self.start(base=self.root).fail("no such town")
        self.ended("Failed")
        return self.page.locator("time")

    def test_on_the_page_without_a_result(self):
        time = self.kept_until(timezone_id=self.ZONE)
        expected = time.evaluate(
            """time => new Intl.DateTimeFormat("en", {
              dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo",
            }).format(new Date(time.dateTime))"""
        )
        expect(time).to_have_text(expected)

    def test_without_a_script_the_zone_is_named(self):
        time = self.kept_until(java_script_enabled=False)
        self.assertRegex(time.text_content(), r" \(\S+\)$")

    def in_a_list(self, name, locale):
        """Return the first time of a list, and how a locale writes it."""
        page = self.new_page(
            locale=locale,
            timezone_id=self.ZONE,
            extra_http_headers=BASIC_AUTH,
        )
        self.start(base=self.root, page=page)
        page.goto(f"{self.root}/{name}")
        time = page.locator("time").first
        expected = time.evaluate(
            """(time, locale) => new Intl.DateTimeFormat(locale, {
              dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo",
            }).format(new Date(time.dateTime))""",
            locale,
        )
        return time, expected

    def test_in_a_list(self):
        time, expected = self.in_a_list("@@my-processes", "en-US")
        expect(time).to_have_text(expected)

    def test_in_the_language_of_the_list_where_the_frame_has_another(self):
        time, expected = self.in_a_list("@@async-processes", "de-DE")
        self.assertRegex(expected, r"\d\.\d")
        expect(time).to_have_text(expected)
