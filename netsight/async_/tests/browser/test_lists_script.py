"""What the script of the lists does when something happens."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.clock_support import ClockTestCase
from netsight.async_.tests.browser.list_support import ListTestCase
from netsight.async_.tests.browser.support import BASIC_AUTH
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


RECORD_SPEECH = """
    window.said = [];
    const spoken = document.querySelector(".netsight-async-said");
    new MutationObserver(() => window.said.push(spoken.textContent)).observe(
      spoken, { childList: true, characterData: true, subtree: true },
    );
"""

NAME = "Import of addresses"
AWAY = "The server does not answer; trying again."
BACK = "The server answers again."
LOGGED_OUT = (
    "You have been logged out. The work goes on; log in again to see it."
)
NOT_HERE = "Not on this page any more"


class ScriptTestCase(ClockTestCase, ListTestCase):
    path = "/Plone/@@async-processes"

    def open(self, query=""):
        """Show the list; its clock stands still."""
        self.see(query)
        self.stop_clock()
        self.page.evaluate(RECORD_SPEECH)

    def said(self):
        return self.page.evaluate("window.said")

    def assert_said(self, *sentences):
        """Wait until so much has been said, and compare."""
        wait_until(lambda: len(self.said()) >= len(sentences), WAIT_SECONDS)
        self.assertEqual(self.said(), list(sentences))

    def status(self, steps):
        """Return what the server says now."""
        return self.page.request.get(
            f"{self.site}/steps/process-status?process_id={steps.process_id}",
            headers=BASIC_AUTH,
        ).json()

    def wait_for(self, steps, **wanted):
        """Wait until the server says so."""

        def is_so():
            status = self.status(steps)
            return all(status[name] == wanted[name] for name in wanted)

        self.assertTrue(wait_until(is_so, WAIT_SECONDS), wanted)

    def end_all(self, *all_steps):
        for steps in all_steps:
            steps.end()
        for steps in all_steps:
            self.wait_for(steps, state="completed")

    def remove(self, steps):
        """Remove the record of a process, as expiry does."""
        # plone.protect lets nobody do it who is logged in.
        self.new_page().goto(
            f"{self.root}/remove-process?process_id={steps.process_id}"
        )

    def notice(self):
        return self.page.locator(".netsight-async-notice")


class SpokenTests(ScriptTestCase):
    def test_no_progress(self):
        steps = self.start()
        self.open()
        for number in range(0, 100, 10):
            steps.show(number, f"Importing {number} of 100")
            self.wait_for(steps, progress=number)
            self.pass_time(5)
        expect(self.row(steps)).to_contain_text("90 of 100")
        self.assertEqual(self.said(), [])

    def test_ends_at_one_time_in_one_sentence(self):
        first, second = self.started(2)
        self.open()
        self.end_all(first, second)
        self.pass_time(5)
        self.assert_said(f"{NAME}: Completed; {NAME}: Completed")

    def test_not_that_one_is_started(self):
        first, _second, third = self.started(3)
        self.open()
        self.end_all(first)
        self.wait_for(third, state="running")
        self.pass_time(5)
        self.state(third, "Running")
        self.assert_said(f"{NAME}: Completed")

    def test_there_is_one_live_region(self):
        self.start()
        self.open()
        regions = self.page.locator(
            "#content :is([aria-live], [role=status], [role=alert])"
        )
        self.assertEqual(regions.count(), 1)


class PollingTests(ScriptTestCase):
    def asked(self):
        """Return how often the server was asked, and forget it."""
        return len(self.page.evaluate("window.asked.splice(0)"))

    def test_nothing_is_asked_when_all_have_ended(self):
        steps = self.start()
        self.wait_for(steps, state="running")
        self.open("?state=running")
        self.end_all(steps)
        self.pass_time(5)
        self.asked()
        self.pass_time(30)
        self.assertEqual(self.asked(), 0)

    def test_a_server_that_is_away_once(self):
        steps = self.start()
        self.open()
        self.page.route("**/process-status?*", lambda route: route.abort())
        self.pass_time(15)
        expect(self.notice()).to_have_text(AWAY)
        self.page.unroute("**/process-status?*")
        self.end_all(steps)
        self.pass_time(10)
        expect(self.notice()).to_be_hidden()
        self.state(steps, "Completed")
        self.assert_said(AWAY, f"{BACK}; {NAME}: Completed")

    def test_a_server_that_is_away_when_a_row_has_changed(self):
        steps = self.start()
        self.open()
        self.page.route(
            "**/@@async-processes",
            lambda route: route.fulfill(status=502),
        )
        self.end_all(steps)
        self.pass_time(10)
        self.state(steps, "Running")
        expect(self.notice()).to_have_text(AWAY)
        self.page.unroute("**/@@async-processes")
        self.pass_time(10)
        self.state(steps, "Completed")

    def test_logged_out(self):
        self.start()
        self.open()
        self.page.context.set_extra_http_headers({})
        self.pass_time(10)
        expect(self.notice()).to_have_text(LOGGED_OUT)
        self.assert_said(LOGGED_OUT)
        self.asked()
        self.pass_time(30)
        self.assertEqual(self.asked(), 0)
        self.page.clock.resume()
        self.picture("list-logged-out")
        self.assert_accessible(self.frame)

    def test_removed(self):
        steps = self.start()
        self.wait_for(steps, state="running")
        self.open("?state=running")
        self.remove(steps)
        self.pass_time(5)
        self.state(steps, NOT_HERE)
        self.assert_said(f"{NAME}: {NOT_HERE}")
        self.asked()
        self.pass_time(30)
        self.assertEqual(self.asked(), 0)

    def test_the_page_after_a_refusal_is_of_the_same_list(self):
        removed, steps = self.started(2)
        for each in (removed, steps):
            self.wait_for(each, state="running")
        self.see("?state=running")
        self.remove(removed)
        self.button(removed, "Stop").click()
        expect(self.page.locator(".alert-danger")).to_be_visible()
        steps.end()
        self.state(steps, NOT_HERE)


class ButtonTests(ScriptTestCase):
    def test_another_button_in_the_place_of_one_is_held_for_a_while(self):
        steps = self.start()
        self.open()
        self.end_all(steps)
        remove = self.button(steps, "Remove")
        while remove.count() == 0:
            self.pass_time(0.25)
        expect(remove).to_be_disabled()
        self.pass_time(1.5)
        expect(remove).to_be_enabled()

    def test_a_button_that_stays_keeps_the_focus(self):
        first, _second, third = self.started(3)
        self.open()
        self.button(third, "Stop").focus()
        self.end_all(first)
        self.wait_for(third, state="running")
        self.pass_time(5)
        self.state(third, "Running")
        expect(self.button(third, "Stop")).to_be_focused()

    def test_the_focus_of_one_that_goes_is_on_the_name(self):
        steps = self.start()
        self.open()
        self.button(steps, "Stop").focus()
        self.end_all(steps)
        self.pass_time(5)
        name = self.row(steps).get_by_role("link", name=NAME)
        expect(name).to_be_focused()

    def test_of_one_that_is_cancelled_elsewhere_there_is_no_button(self):
        steps = self.start("steps-that-do-not-look")
        self.open()
        other = self.administrator()
        self.see(page=other)
        button = self.row(steps, other).get_by_role("button", name="Stop")
        self.stop(button.click, other)
        self.done("Cancelled.", other)
        self.pass_time(5)
        expect(self.row(steps)).to_contain_text("Will be cancelled.")
        expect(self.button(steps, "Stop")).to_have_count(0)
