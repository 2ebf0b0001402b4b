"""From the form to the result, with and without JavaScript."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.plone_server import THREADS
from netsight.async_.tests.browser.support import BrowserTestCase


class WithScriptTests(BrowserTestCase):
    def test_form_progress_result(self):
        steps = self.start()
        expect(self.part("activity")).to_have_text("Running")
        steps.show(42, "Importing 42 of 100")
        expect(self.part("activity")).to_have_text("Importing 42 of 100")
        expect(self.part("percentage")).to_have_text("42% completed...")
        expect(self.part("progress")).to_have_js_property("value", 42)
        expect(self.part("elapsed-row")).to_be_visible()
        steps.end("All addresses are there.")
        self.page.wait_for_url("**/result?process_id=*")
        expect(self.page.locator("body")).to_contain_text("All addresses")

    def test_the_title_of_the_tab_shows_the_progress(self):
        steps = self.start()
        steps.show(42)
        expect(self.page).to_have_title(
            "42% – Import of addresses – netsight.async"
        )

    def test_without_a_number_the_bar_has_none(self):
        steps = self.start()
        expect(self.part("progress")).to_have_js_property("position", -1)
        steps.show(None, "310 done")
        expect(self.part("activity")).to_have_text("310 done")
        expect(self.part("percentage")).to_be_empty()
        expect(self.part("progress")).to_have_js_property("position", -1)

    def test_a_download_leaves_a_page_that_says_so(self):
        steps = self.start()
        with self.page.expect_download() as saved:
            steps.download("a,b\n")
        self.assertEqual(saved.value.path().read_text(), "a,b\n")
        self.assertEqual(saved.value.suggested_filename, "steps.csv")
        self.heading("Completed")
        expect(self.part("activity")).to_have_text("The download has begun.")
        expect(self.part("percentage")).to_be_empty()
        expect(self.part("result")).to_be_visible()
        self.picture("completed-download")

    def test_the_place_in_the_queue(self):
        running = [self.start() for _each in range(THREADS)]
        self.start()
        self.start()
        self.picture("queued")
        expect(self.part("activity")).to_have_text("Ahead of you: 1")
        self.heading("Waiting")
        expect(self.part("waited-row")).to_be_visible()
        expect(self.part("elapsed-row")).to_be_hidden()
        expect(self.page).to_have_title(
            "Waiting – Import of addresses – netsight.async"
        )
        running[0].end()
        expect(self.part("activity")).to_contain_text("Ahead of you: 0")
        running[1].end()
        expect(self.part("activity")).to_have_text("Running")
        self.heading("Processing...")
        expect(self.part("waited-row")).to_be_hidden()

    def test_two_tabs_of_one_process(self):
        steps = self.start()
        other = self.page.context.new_page()
        other.goto(self.page.url)
        for page in (self.page, other):
            steps.show(10)
            expect(self.part("percentage", page)).to_contain_text("10%")
        steps.end()
        for page in (self.page, other):
            page.wait_for_url("**/result?process_id=*")

    def test_a_link_leads_back_to_the_context(self):
        self.start()
        link = self.page.get_by_role("link", name="Back to netsight.async")
        expect(link).to_have_attribute("href", self.site)

    def test_the_example_that_is_slow(self):
        self.log_in()
        self.page.goto(f"{self.site}/@@async-examples")
        self.page.get_by_label("Seconds").fill("2")
        self.page.locator("form:has([name=seconds]) button").click()
        self.page.wait_for_url("**/result?process_id=*")
        expect(self.page.locator("body")).to_contain_text("Seconds slept: 2.")


class WithoutScriptTests(BrowserTestCase):
    def new_page(self, **options):
        return super().new_page(java_script_enabled=False, **options)

    def test_the_page_reloads_itself_until_the_result(self):
        steps = self.start()
        expect(self.page.locator("h1")).to_have_text("Processing...")
        steps.show(42, "Importing 42 of 100")
        expect(self.part("activity")).to_have_text("Importing 42 of 100")
        expect(self.part("percentage")).to_have_text("42% completed...")
        self.picture("without-javascript")
        steps.end("All addresses are there.")
        self.page.wait_for_url("**/result?process_id=*")
        expect(self.page.locator("body")).to_contain_text("All addresses")

    def test_a_link_checks_again(self):
        steps = self.start()
        steps.end("All addresses are there.")

        def is_there():
            self.page.get_by_role("link", name="Check again").click()
            return "/result?" in self.page.url

        self.assertTrue(any(is_there() for _each in range(100)))

    def test_a_failure(self):
        self.start().fail("no such town")
        self.ended("Failed")

    def test_cancel(self):
        self.start()
        self.stop()
        self.ended("Cancelled")


class OldTemplateTests(BrowserTestCase):
    """A waiting page as an add-on for 1.x has it."""

    def test_it_shows_the_progress_and_goes_on_to_the_result(self):
        steps = self.start("steps-of-1.x")
        self.heading("Please wait")
        expect(self.page.locator(".id")).to_have_text(self.process_id())
        steps.show(42)
        expect(self.page.locator("#progress")).to_have_text("42%")
        image = self.page.get_by_alt_text("waiting")
        expect(image).to_have_js_property("naturalWidth", 32)
        steps.end("All addresses are there.")
        self.page.wait_for_url("**/result?process_id=*")
        expect(self.page.locator("body")).to_contain_text("All addresses")

    def test_it_goes_on_to_what_tells_of_a_failure(self):
        self.start("steps-of-1.x").fail("no such town")
        self.ended("Failed")

    def test_the_stock_page_below_a_traversal_of_1x(self):
        steps = self.start("steps-below-1.x")
        steps.show(42, "Importing 42 of 100")
        expect(self.part("activity")).to_have_text("Importing 42 of 100")
        steps.end("All addresses are there.")
        self.page.wait_for_url("**/result?process_id=*")
        expect(self.page.locator("body")).to_contain_text("All addresses")

    def test_cancel_below_a_traversal_of_1x(self):
        self.start("steps-below-1.x")
        self.stop()
        self.ended("Cancelled")


class OldTemplateWithoutScriptTests(BrowserTestCase):
    def new_page(self, **options):
        return super().new_page(java_script_enabled=False, **options)

    def test_it_shows_the_progress_and_goes_on_to_the_result(self):
        steps = self.start("steps-of-1.x")
        steps.show(42)
        for name in (".so-far", ".again"):
            expect(self.page.locator(name)).to_have_text("42")
        steps.end("All addresses are there.")
        self.page.wait_for_url("**/result?process_id=*")
