"""Ends without a result: cancelled, failed, removed, logged out."""

import re
from pathlib import Path

from playwright.sync_api import expect

from netsight.async_.tests.browser.support import PHONE
from netsight.async_.tests.browser.support import BrowserTestCase
from netsight.async_.tests.browser.support import press_by_keyboard


class CancelTests(BrowserTestCase):
    def test_by_the_button(self):
        self.start()
        self.stop()
        self.ended("Cancelled")
        expect(self.page).to_have_title(
            "Cancelled – Import of addresses – netsight.async"
        )
        self.picture("cancelled")
        self.assert_accessible()

    def test_by_the_keyboard_alone(self):
        self.start()
        button = self.page.get_by_role("button", name="Stop the process")
        self.stop(lambda: press_by_keyboard(self.page, button))
        self.ended("Cancelled")

    def worked_for_long(self, **options):
        """Show the page of a process that has worked for eleven seconds."""
        self.page = self.new_page(**options)
        self.start()
        eleven = re.compile("0:1[1-9]|1[1-9] sec")
        expect(self.part("elapsed")).to_have_text(eleven)

    def test_what_has_worked_for_long_asks_first(self):
        self.worked_for_long()
        stop = self.page.get_by_role("button", name="Stop the process")
        stop.click()
        dialog = self.page.get_by_role("dialog", name="Stop this process?")
        expect(dialog).to_contain_text("has worked for 0:1")
        self.picture("question")
        self.assert_accessible(".netsight-async-dialog")
        dialog.get_by_role("button", name="Let it go on").click()
        expect(dialog).to_have_count(0)
        expect(self.part("activity")).to_have_text("Running")
        stop.click()
        dialog.get_by_role("button", name="Stop the process").click()
        self.ended("Cancelled")

    def test_so_it_does_without_javascript(self):
        self.worked_for_long(java_script_enabled=False, viewport=PHONE)
        self.page.get_by_role("button", name="Stop the process").click()
        self.heading("Stop this process?")
        self.picture("question-page-phone")
        self.page.get_by_role("link", name="Let it go on").click()
        self.page.get_by_role("button", name="Stop the process").click()
        self.heading("Stop this process?")
        self.page.get_by_role("button", name="Stop the process").click()
        self.page.wait_for_url("**/processing?process_id=*")

    def test_another_tab_tells_it(self):
        self.start()
        other = self.page.context.new_page()
        other.goto(self.page.url)
        self.stop()
        self.ended("Cancelled", other)

    def test_where_it_takes_a_while_the_page_says_so(self):
        self.start("steps-that-do-not-look")
        self.stop()
        expect(self.part("activity")).to_have_text("Being cancelled")
        expect(self.part("cancel")).to_be_hidden()
        self.picture("being-cancelled")
        self.assert_accessible()

    def test_a_view_that_does_not_allow_it_has_no_button(self):
        self.start("steps-to-the-end")
        expect(self.part("activity")).to_have_text("Running")
        expect(
            self.page.get_by_role("button", name="Stop the process")
        ).to_have_count(0)


class ReportTests(BrowserTestCase):
    """What a process says itself: lines of a log, and why it fails."""

    def test_lines_are_seen_while_it_runs_and_after_it(self):
        self.page = self.new_page(viewport=PHONE)
        steps = self.start()
        steps.log("Skipped 12 duplicates")
        steps.log("W" * 200)
        log = self.part("log")
        expect(log).to_contain_text("Skipped 12 duplicates")
        self.assert_no_sideways_scrolling()
        self.picture("log-phone")
        self.assert_accessible()
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name="All of it, as a file").click()
        text = Path(download.value.path()).read_text("utf-8")
        self.assertIn("Skipped 12 duplicates\n", text)
        steps.refuse("Line 310 has no street.")
        self.ended("Failed")
        content = self.page.locator(".netsight-async")
        expect(content).to_contain_text("Line 310 has no street.")
        expect(content).to_contain_text("Skipped 12 duplicates")
        self.assert_no_sideways_scrolling()
        self.picture("reason-phone")
        self.assert_accessible()

    def test_run_again_leads_to_the_new_process(self):
        steps = self.start()
        number = self.process_id()
        steps.refuse("Line 310 has no street.")
        self.ended("Failed")
        again = self.page.get_by_role("button", name="Run again")
        press_by_keyboard(self.page, again)
        self.page.wait_for_url("**/processing?process_id=*")
        self.ended("Failed")
        self.assertNotEqual(self.process_id(), number)


class FailureTests(BrowserTestCase):
    def test_a_visitor_sees_a_sentence_and_a_number(self):
        steps = self.start()
        number = self.process_id()
        steps.fail("no such town")
        self.ended("Failed")
        content = self.page.locator(".netsight-async")
        expect(content).to_contain_text("Something went wrong.")
        expect(content).to_contain_text(number)
        expect(content).not_to_contain_text("no such town")
        expect(self.page).to_have_title(
            "Failed – Import of addresses – netsight.async"
        )
        self.picture("failed-visitor")
        self.assert_accessible()

    def test_a_manager_sees_the_cause_too(self):
        self.log_in()
        self.start().fail("no such town")
        self.ended("Failed")
        content = self.page.locator(".netsight-async")
        expect(content).to_contain_text("ValueError: no such town")
        expect(content.locator("pre")).to_contain_text("Traceback (most")
        self.picture("failed-manager")
        self.assert_accessible()

    def test_a_link_leads_to_the_form(self):
        self.start().fail("no such town")
        self.page.get_by_role("link", name="Back to the form").click()
        self.heading("Steps")


class NotThereTests(BrowserTestCase):
    """The page stops, and says why."""

    def assert_stopped(self, heading, text):
        self.heading(heading)
        expect(self.part("notice")).to_have_text(text)
        expect(self.part("spoken")).to_have_text(text)
        expect(self.part("card")).to_be_hidden()
        expect(
            self.page.get_by_role("link", name="Check again")
        ).to_be_visible()

    def test_removed(self):
        self.start()
        other = self.page.context.new_page()
        other.goto(
            f"{self.root}/remove-process?process_id={self.process_id()}"
        )
        self.assert_stopped(
            "Not found",
            "This process cannot be found any more. It has expired, or was "
            "removed.",
        )
        self.picture("removed")
        self.assert_accessible()

    def test_logged_out_of_a_view_that_is_public(self):
        self.log_in()
        steps = self.start()
        self.page.context.clear_cookies()
        self.assert_stopped(
            "Not found",
            "This process cannot be found any more. It has expired, or you "
            "have been logged out.",
        )
        self.logs_in_again(steps)

    def test_logged_out_of_a_view_for_editors(self):
        self.log_in()
        steps = self.start("steps-of-editors")
        self.page.context.clear_cookies()
        self.assert_stopped(
            "Not found",
            "This process cannot be found any more. It has expired, or you "
            "have been logged out.",
        )
        self.picture("logged-out")
        self.assert_accessible()
        self.logs_in_again(steps)

    def logs_in_again(self, steps):
        """The link leads over the login form to the same process."""
        steps.end("All addresses are there.")
        self.part("log-in").click()
        self.page.get_by_label("Login Name").fill("admin")
        self.page.get_by_label("Password", exact=True).fill("admin")
        self.page.locator("#login-form, #content").get_by_role(
            "button", name="Log in"
        ).first.click()
        self.page.wait_for_url("**/result?process_id=*")
        expect(self.page.locator("body")).to_contain_text("All addresses")

    def test_the_page_of_an_unknown_process_offers_to_log_in(self):
        self.page.goto(f"{self.site}/steps/processing?process_id=abcde")
        self.heading("Not found")
        link = self.page.locator(".netsight-async").get_by_role(
            "link", name="Log in"
        )
        expect(link).to_be_visible()
        self.picture("unknown")
        self.assert_accessible()
