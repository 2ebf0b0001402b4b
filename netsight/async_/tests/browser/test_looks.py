"""Every device, theme and reader."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import expect

from netsight.async_.tests.browser.support import PHONE
from netsight.async_.tests.browser.support import BrowserTestCase


class LooksTests(BrowserTestCase):
    def waiting(self, base=None, **options):
        """Open a waiting page that shows all there is."""
        self.page = self.new_page(**options)
        steps = self.start(base=base)
        for number in range(6):
            steps.show(36 + number, f"Importing {430 + 12 * number} of 1,200")
            expect(self.part("percentage")).to_contain_text(f"{36 + number}%")
        return steps

    def test_waiting(self):
        self.waiting(viewport={"width": 1100, "height": 720})
        expect(self.part("left-row")).to_be_visible()
        self.picture("waiting")
        self.assert_accessible()

    def test_a_phone(self):
        self.waiting(viewport=PHONE)
        self.assert_no_sideways_scrolling()
        self.picture("phone")
        self.assert_accessible()

    def test_a_failure_on_a_phone(self):
        self.page = self.new_page(viewport=PHONE)
        self.log_in()
        self.start().fail("no such town " * 20)
        self.ended("Failed")
        self.assert_no_sideways_scrolling()
        self.picture("phone-failed")

    def test_dark_in_a_theme(self):
        self.waiting()
        self.take_theme("dark")
        self.picture("dark")
        self.assert_accessible()

    def test_right_to_left(self):
        self.waiting(viewport=PHONE)
        self.page.evaluate("document.documentElement.dir = 'rtl'")
        self.page.evaluate("document.body.dir = 'rtl'")
        self.assert_no_sideways_scrolling()
        self.picture("right-to-left")
        starts = [
            self.part(name).evaluate("e => e.getBoundingClientRect().right")
            for name in ("activity", "progress")
        ]
        self.assertAlmostEqual(*starts, delta=1)
        # Its texts are English: the dots are at the right.
        first, last = self.part("heading").evaluate(
            """heading => {
              const text = heading.firstChild;
              return [0, text.length - 1].map((place) => {
                const range = document.createRange();
                range.setStart(text, place);
                range.setEnd(text, place + 1);
                return range.getBoundingClientRect().left;
              });
            }"""
        )
        self.assertLess(first, last)

    def test_no_theme(self):
        self.waiting(base=self.root)
        self.picture("plain")
        self.assert_accessible()

    def test_no_theme_on_a_phone(self):
        self.waiting(base=self.root, viewport=PHONE)
        self.assert_no_sideways_scrolling()
        self.picture("plain-phone")

    def test_no_theme_dark(self):
        self.waiting(base=self.root, color_scheme="dark")
        self.picture("plain-dark")
        self.assert_accessible()
        background = self.page.locator("body").evaluate(
            "body => getComputedStyle(body).backgroundColor"
        )
        self.assertEqual(background, "rgb(22, 25, 28)")

    def test_other_pages_without_theme(self):
        for scheme in ("light", "dark"):
            with self.subTest(scheme):
                self.page = self.new_page(color_scheme=scheme)
                self.start(base=self.root).fail("no such town")
                self.ended("Failed")
                self.picture(f"plain-failed-{scheme}")
                self.assert_accessible()
                self.page.goto(
                    f"{self.root}/steps/processing?process_id=abcde"
                )
                self.heading("Not found")
                self.picture(f"plain-unknown-{scheme}")
                self.assert_accessible()

    def animation(self):
        return self.part("progress").evaluate(
            "bar => getComputedStyle(bar).animationName"
        )

    def test_a_bar_without_number_moves(self):
        self.start()
        self.assertEqual(self.animation(), "netsight-async-run")
        self.picture("indeterminate")

    def test_but_not_for_who_wants_less_motion(self):
        self.page = self.new_page(reduced_motion="reduce")
        self.start()
        self.assertEqual(self.animation(), "none")
        self.picture("reduced-motion")

    def colors_of_bar(self):
        """Return the colours of the bar near its start and its end."""
        picture = self.part("progress").screenshot(animations="disabled")
        image = Image.open(BytesIO(picture)).convert("RGB")
        middle = image.height // 2
        return [
            image.getpixel((x, middle))
            for x in (image.width // 10, image.width * 9 // 10)
        ]

    def test_the_bar_is_seen_in_forced_colors(self):
        for scheme in ("light", "dark"):
            with self.subTest(scheme):
                self.waiting(forced_colors="active", color_scheme=scheme)
                self.picture(f"forced-colors-{scheme}")
                # axe-core does not see which colours are forced.
                self.assert_accessible(ignored=["color-contrast"])
                filled, empty = self.colors_of_bar()
                self.assertNotEqual(filled, empty)

    def test_so_is_one_without_a_number(self):
        self.page = self.new_page(forced_colors="active")
        self.start()
        self.picture("forced-colors-indeterminate")
        # The band comes to rest where it begins.
        self.assertEqual(self.animation(), "netsight-async-run")
        band, track = self.colors_of_bar()
        self.assertNotEqual(band, track)

    def test_the_examples(self):
        self.log_in()
        self.page.goto(f"{self.site}/@@async-examples")
        self.picture("examples")
        self.assert_accessible()
