"""What the script of the lists does when something happens."""

from playwright.sync_api import expect

from netsight.async_.browser.lists.listing import PAGE_SIZE
from netsight.async_.tests.browser.clock_support import ClockTestCase
from netsight.async_.tests.browser.list_support import ListTestCase
from netsight.async_.tests.browser.support import BASIC_AUTH
from netsight.async_.tests.browser.support import press_by_keyboard
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


RECORD_SPEECH = """
    window.said = [];
    const spoken = document.querySelector(".netsight-async-said");
    new MutationObserver(() => window.said.push(spoken.textContent)).observe(
      spoken, { childList: true, characterData: true, subtree: true },
    );
"""

POLL = "**/*known=*"
"""What the script asks for."""

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

    def test_one_request_for_all_rows(self):
        self.started(3)
        self.open()
        self.asked()
        self.pass_time(30)
        self.assertLess(self.asked(), 12)

    def test_none_while_nobody_looks_at_the_tab(self):
        steps = self.start()
        self.open()
        self.hide("hidden")
        self.end_all(steps)
        self.asked()
        self.pass_time(60)
        self.assertEqual(self.asked(), 0)
        self.hide("visible")
        self.pass_time(1)
        self.state(steps, "Completed")

    def hide(self, state):
        """Let the page think that its tab is hidden, or visible."""
        self.page.evaluate(
            """state => {
              const define = (name, value) =>
                Object.defineProperty(
                  document, name, { configurable: true, value },
                );
              define("visibilityState", state);
              define("hidden", state === "hidden");
              document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )

    def test_nothing_is_asked_when_all_of_an_older_page_have_ended(self):
        steps, newer = self.started(2)
        self.end_all(steps, newer)
        self.open(f"?before={newer.process_id}")
        self.pass_time(5)
        self.asked()
        self.pass_time(30)
        self.assertEqual(self.asked(), 0)

    def test_a_server_that_is_away_once(self):
        steps = self.start()
        self.open()
        self.page.route(POLL, lambda route: route.abort())
        self.pass_time(15)
        expect(self.notice()).to_have_text(AWAY)
        self.page.unroute(POLL)
        self.end_all(steps)
        self.pass_time(10)
        expect(self.notice()).to_be_hidden()
        self.state(steps, "Completed")
        self.assert_said(AWAY, f"{BACK}; {NAME}: Completed")

    def test_a_server_that_is_away_when_a_row_has_changed(self):
        steps = self.start()
        self.open()
        self.page.route(POLL, lambda route: route.fulfill(status=502))
        self.end_all(steps)
        self.pass_time(10)
        self.state(steps, "Running")
        expect(self.notice()).to_have_text(AWAY)
        self.page.unroute(POLL)
        self.pass_time(10)
        self.state(steps, "Completed")

    def test_logged_out(self):
        self.start()
        self.open()
        self.page.context.set_extra_http_headers({})
        self.pass_time(10)
        expect(self.notice()).to_have_text(f"{LOGGED_OUT} Log in")
        self.assert_said(LOGGED_OUT)
        self.asked()
        self.pass_time(30)
        self.assertEqual(self.asked(), 0)
        login = self.notice().get_by_role("link", name="Log in")
        self.assertIn("/login?came_from=", login.get_attribute("href"))
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
        self.pass_time(30)
        self.assert_said(f"{NAME}: {NOT_HERE}")

    def test_the_page_after_a_refusal_is_of_the_same_list(self):
        removed, steps = self.started(2)
        for each in (removed, steps):
            self.wait_for(each, state="running")
        # As if the button were pressed before the page hears of it.
        self.page.route(POLL, lambda route: route.abort())
        self.see("?state=running")
        self.remove(removed)
        self.button(removed, "Stop").click()
        expect(self.page.locator(".alert-danger")).to_be_visible()
        self.page.unroute(POLL)
        with self.page.expect_request(POLL) as asked:
            steps.end()
        self.assertIn("state=running", asked.value.url)
        self.state(steps, "Completed")


class MessageTests(ScriptTestCase):
    def test_what_was_done_is_not_said_again_after_a_reload(self):
        self.see("?done=cancel&state=queued")
        self.done("Cancelled.")
        self.page.wait_for_url("**/@@async-processes?state=queued")
        self.page.reload()
        expect(self.page.locator(".netsight-async-filters")).to_be_visible()
        expect(self.page.locator(".alert-success")).to_have_count(0)


class NewRowTests(ScriptTestCase):
    def setUp(self):
        super().setUp()
        self.page.mouse.move(0, 0)

    def aim_at(self, steps):
        """Have the mouse over the row of a process."""
        self.row(steps).locator("th").hover()

    def top_of(self, steps):
        return self.row(steps).bounding_box()["y"]

    def new_button(self):
        return self.page.locator(".netsight-async-new")

    def test_they_come_to_the_top_and_are_told_once(self):
        first = self.start()
        self.open()
        second, third = self.started(2)
        self.pass_time(5)
        expect(self.row(third)).to_be_visible()
        self.assertLess(self.top_of(third), self.top_of(second))
        self.assertLess(self.top_of(second), self.top_of(first))
        self.pass_time(10)
        self.assert_said("New processes: 2")
        expect(self.new_button()).to_be_hidden()

    def test_the_first_one_comes_into_an_empty_list(self):
        view = "steps-that-do-not-look"
        self.remove_all(f"?view={view}")
        self.open(f"?view={view}")
        empty = self.page.locator(".netsight-async-empty")
        expect(empty).to_be_visible()
        steps = self.start(view)
        self.pass_time(5)
        expect(self.row(steps)).to_be_visible()
        expect(empty).to_be_hidden()
        self.page.clock.resume()
        self.assert_accessible(self.frame)

    def remove_all(self, query):
        """Remove the records of all rows of a list."""
        self.see(query)
        rows = self.page.locator("tbody tr[id]").all()
        for name in [row.get_attribute("id") for row in rows]:
            steps = self.steps()
            steps.process_id = name.removeprefix("netsight-async-")
            self.remove(steps)

    def test_what_one_is_about_to_click_does_not_move(self):
        steps = self.start()
        self.open()
        self.aim_at(steps)
        before = self.top_of(steps)
        new = self.start()
        self.pass_time(10)
        expect(self.new_button()).to_have_text("Show new: 1")
        self.assertEqual(self.top_of(steps), before)
        expect(self.row(new)).to_have_count(0)
        self.page.clock.resume()
        self.picture("list-new")
        self.assert_accessible(self.frame)
        self.page.mouse.move(0, 0)
        expect(self.row(new)).to_be_visible()
        self.assert_said("New processes: 1")

    def test_the_focus_stays_where_it_is(self):
        steps = self.start()
        self.open()
        stop = self.button(steps, "Stop")
        stop.focus()
        new = self.start()
        self.pass_time(10)
        expect(stop).to_be_focused()
        expect(self.row(new)).to_have_count(0)
        press_by_keyboard(self.page, self.new_button())
        name = self.row(new).get_by_role("link", name=NAME, exact=True)
        expect(name).to_be_focused()

    def test_one_that_waits_to_be_shown_is_as_it_is_then(self):
        steps = self.start()
        self.open()
        self.aim_at(steps)
        new = self.start()
        self.pass_time(5)
        self.end_all(new)
        self.pass_time(10)
        self.page.mouse.move(0, 0)
        self.state(new, "Completed")

    def test_what_comes_behind_the_page_goes(self):
        last = self.ended(PAGE_SIZE)[0]
        self.open()
        expect(self.row(last)).to_be_visible()
        self.start()
        self.pass_time(5)
        expect(self.row(last)).to_have_count(0)
        self.assertEqual(self.page.locator("tbody tr[id]").count(), PAGE_SIZE)

    def test_what_goes_behind_the_only_page_is_a_link_away(self):
        view = "steps-to-the-end"
        self.remove_all(f"?view={view}")
        last = self.started(PAGE_SIZE, view)[0]
        self.open(f"?view={view}")
        expect(self.row(last)).to_be_visible()
        link = self.page.locator("#content").get_by_role("link", name="Older")
        expect(link).to_have_count(0)
        self.start(view)
        self.pass_time(5)
        expect(self.row(last)).to_have_count(0)
        expect(link).to_be_visible()
        self.page.clock.resume()
        link.scroll_into_view_if_needed()
        self.picture("list-behind")
        self.assert_accessible(self.frame)
        press_by_keyboard(self.page, link)
        expect(self.row(last)).to_be_visible()
        self.assertEqual(self.page.locator("tbody tr[id]").count(), 1)

    def test_none_come_into_a_list_whose_filter_excludes_them(self):
        self.open("?state=failed")
        self.start()
        self.pass_time(10)
        expect(self.new_button()).to_be_hidden()
        self.assertEqual(self.said(), [])

    def test_an_open_question_stays(self):
        steps = self.start()
        self.end_all(steps)
        self.see()
        self.button(steps, "Remove").click()
        dialog = self.page.get_by_role("dialog", name="Remove this process?")
        expect(dialog).to_be_visible()
        self.page.mouse.move(0, 0)
        new = self.start()
        expect(self.row(new)).to_be_visible()
        expect(dialog).to_be_visible()


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
        name = self.row(steps).get_by_role("link", name=NAME, exact=True)
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
        expect(self.row(steps)).to_contain_text("Being cancelled")
        expect(self.button(steps, "Stop")).to_have_count(0)
