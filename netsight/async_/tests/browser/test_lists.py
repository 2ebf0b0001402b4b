"""The lists of processes: one's own, the control panel, the Zope root."""

from playwright.sync_api import expect

from netsight.async_.browser.lists.listing import PAGE_SIZE
from netsight.async_.tests.browser.list_support import ListTestCase
from netsight.async_.tests.browser.policy_support import PolicyTestCase
from netsight.async_.tests.browser.support import PHONE
from netsight.async_.tests.browser.support import press_by_keyboard


WORD_OF_1000 = "Donaudampfschifffahrtsgesellschaft" * 30


class MyProcessesTests(ListTestCase):
    def test_a_row_follows_its_process(self):
        steps = self.start()
        self.see()
        self.page.evaluate("window.isSamePage = true")
        row = self.row(steps)
        for number in (12, 42):
            steps.show(number, f"Importing {number} of 100")
            expect(row.locator("progress")).to_have_attribute(
                "value", str(number)
            )
            expect(row.locator(".netsight-async-percent")).to_have_text(
                f"{number}%"
            )
            expect(row.locator(".netsight-async-message")).to_have_text(
                f"Importing {number} of 100"
            )
        steps.end("All addresses are there.")
        self.state(steps, "Completed")
        expect(row.locator("progress")).to_have_count(0)
        self.assertTrue(self.page.evaluate("window.isSamePage"))
        row.get_by_role("link", name="Result").click()
        expect(self.page.locator("body")).to_have_text(
            "All addresses are there."
        )

    def test_one_that_waits_is_seen_to_start(self):
        first, _second, third = self.started(3)
        self.see()
        self.state(third, "Waiting")
        first.end()
        self.state(third, "Running")
        expect(self.row(third).locator("progress")).to_be_visible()

    def test_a_progress_that_is_not_known_any_more(self):
        steps = self.start()
        steps.show(42)
        self.see()
        bar = self.row(steps).locator("progress")
        expect(bar).to_have_attribute("value", "42")
        steps.show(None, "Sending mail")
        expect(self.row(steps)).to_contain_text("Sending mail")
        self.assertFalse(bar.evaluate("bar => bar.hasAttribute('value')"))
        expect(self.row(steps)).not_to_contain_text("42%")

    def test_without_javascript(self):
        page = self.page = self.administrator(java_script_enabled=False)
        steps = self.start("steps-again")
        self.see()
        self.reload_until(steps, "Running")
        self.stop(self.button(steps, "Stop").click)
        self.done("Cancelled.")
        self.reload_until(steps, "Cancelled")
        self.button(steps, "Run again").click()
        self.done("Started again")
        self.button(steps, "Remove").click()
        self.picture(f"{self.name}-question-page")
        page.get_by_role("link", name="Keep it").click()
        self.state(steps, "Cancelled")
        self.button(steps, "Remove").click()
        page.get_by_role("button", name="Remove it").click()
        self.done("Removed: number ")
        expect(self.row(steps)).to_have_count(0)

    def reload_until(self, steps, text):
        """Do what the script would: look again, until a row has a state."""
        badge = self.row(steps).locator(".badge")
        for _each in range(200):
            if badge.text_content() == text:
                break
            self.page.get_by_role("link", name="Reload").click()
        self.state(steps, text)

    def test_the_buttons_by_the_keyboard_alone(self):
        steps = self.start("steps-again")
        self.see()
        button = self.button(steps, "Stop")
        self.stop(lambda: press_by_keyboard(self.page, button))
        self.done("Cancelled.")
        self.state(steps, "Cancelled")
        press_by_keyboard(self.page, self.button(steps, "Run again"))
        self.done("Started again")
        remove = self.button(steps, "Remove")
        press_by_keyboard(self.page, remove)
        dialog = self.page.get_by_role("dialog", name="Remove this process?")
        keep = dialog.get_by_role("button", name="Keep it")
        expect(keep).to_be_focused()
        self.picture(f"{self.name}-question")
        self.assert_accessible(".netsight-async-dialog")
        self.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(remove).to_be_focused()
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Shift+Tab")
        expect(keep).to_be_visible()
        press_by_keyboard(
            self.page, dialog.get_by_role("button", name="Remove it")
        )
        self.done("Removed: number ")
        expect(self.row(steps)).to_have_count(0)

    def test_a_long_list_has_pages(self):
        first = self.ended(PAGE_SIZE + 1)[0]
        self.assertEqual(self.page.locator("tbody tr[id]").count(), PAGE_SIZE)
        self.assert_accessible(self.frame)
        pages = self.page.get_by_role("navigation", name="Pages of the list")
        link = pages.get_by_role("link").last
        press_by_keyboard(self.page, link)
        self.state(first, "Completed")
        self.assert_accessible(self.frame)
        self.page.set_viewport_size(PHONE)
        self.assert_no_sideways_scrolling()

    def busy(self, page=None):
        """Show a list with rows of all kinds, and long words."""
        failed, cancelled = self.start("steps-again"), self.start()
        running, _second, _waiting = self.started(3)
        failed.fail("no such town")
        self.see()
        self.state(failed, "Failed")
        self.stop(self.button(cancelled, "Stop").click)
        self.state(cancelled, "Cancelled")
        running.show(42, WORD_OF_1000)
        expect(self.row(running)).to_contain_text(WORD_OF_1000)
        return failed

    def test_it_is_accessible(self):
        self.busy()
        self.picture(f"{self.name}")
        self.assert_accessible(self.frame)

    def test_on_a_phone(self):
        self.page = self.administrator(viewport=PHONE)
        self.busy()
        self.assert_no_sideways_scrolling()
        self.picture(f"{self.name}-phone")
        self.assert_accessible(self.frame)

    def test_from_right_to_left(self):
        for name, size in (("", None), ("-phone", PHONE)):
            with self.subTest(size):
                options = {"viewport": size} if size else {}
                self.page = self.administrator(**options)
                self.busy()
                self.turn_round()
                self.assert_no_sideways_scrolling()
                self.picture(f"{self.name}-right-to-left{name}")
                # The names of processes begin at the right edge.
                right = "each => each.getBoundingClientRect().right"
                table = self.page.locator(".netsight-async-list table")
                title = table.locator("tbody th a").first
                gap = table.evaluate(right) - title.evaluate(right)
                self.assertTrue(0 <= gap < 20, gap)
                self.end_steps()

    def turn_round(self):
        self.page.evaluate("document.documentElement.dir = 'rtl'")
        self.page.evaluate("document.body.dir = 'rtl'")

    name = "my-processes"


class ControlPanelTests(MyProcessesTests):
    path = "/Plone/@@async-processes"
    name = "control-panel"
    title_of_details = "Import of addresses – "

    def test_remove_all_that_have_ended_by_the_keyboard_alone(self):
        ended, running = self.ended()[0], self.start()
        self.see()
        summary = self.page.locator("summary", has_text="All in this list: ")
        press_by_keyboard(self.page, summary)
        self.assert_accessible(self.frame)
        press_by_keyboard(
            self.page,
            self.page.get_by_role("button", name="Remove what has ended"),
        )
        dialog = self.page.get_by_role("dialog", name="Remove all of these?")
        expect(dialog).to_contain_text("that have ended are removed.")
        self.picture(f"{self.name}-question-all")
        press_by_keyboard(
            self.page, dialog.get_by_role("button", name="Remove them")
        )
        self.done("Removed: ")
        expect(self.row(ended)).to_have_count(0)
        self.state(running, "Running")

    def test_where_nothing_can_be_stopped_it_says_why_and_does_not_ask(self):
        steps = self.start("steps-to-the-end")
        self.see("?view=steps-to-the-end")
        self.state(steps, "Running")
        self.page.locator(".netsight-async-all summary").click()
        press_by_keyboard(
            self.page,
            self.page.get_by_role("button", name="Stop what waits or runs"),
        )
        warning = self.page.locator(".alert-warning[role=status]")
        expect(warning).to_contain_text("its view does not allow it")
        expect(self.page.locator(".alert-success")).to_have_count(0)
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        self.state(steps, "Running")
        self.picture(f"{self.name}-none-stopped")
        self.assert_accessible(self.frame)

    def test_filters_by_the_keyboard_alone(self):
        ended, running = self.ended()[0], self.start()
        self.see()
        self.state(running, "Running")
        filters = self.page.locator(".netsight-async-filters")
        state = filters.get_by_label("State")
        press_by_keyboard(self.page, state, "r")
        self.assertEqual(state.input_value(), "running")
        press_by_keyboard(self.page, filters.get_by_role("button"))
        self.page.wait_for_url("**?state=running*")
        self.state(running, "Running")
        expect(self.row(ended)).to_have_count(0)
        self.assert_accessible(self.frame)
        press_by_keyboard(
            self.page, filters.get_by_role("link", name="Show all")
        )
        self.state(ended, "Completed")

    def test_details_with_the_cause(self):
        failed = self.busy()
        self.row(failed).get_by_role("link").first.click()
        expect(self.page.locator("pre")).to_contain_text("no such town")
        self.picture(f"{self.name}-details")
        self.assert_accessible(self.frame)
        self.page.set_viewport_size(PHONE)
        self.assert_no_sideways_scrolling()
        self.assert_accessible(self.frame)

    def test_details_follow_their_process(self):
        steps = self.start()
        steps.show(12, "Importing 12 of 100")
        self.see(f"?process_id={steps.process_id}")
        facts = self.page.locator('[data-part="facts"]')
        expect(facts).to_contain_text("Importing 12 of 100")
        self.heading("Import of addresses")
        self.assertIn(self.title_of_details, self.page.title())
        self.picture(f"{self.name}-details-live")
        self.assert_accessible(self.frame)
        self.page.evaluate("window.isSamePage = true")
        steps.show(42, WORD_OF_1000)
        steps.log("Skipped 12 duplicates")
        expect(facts).to_contain_text(WORD_OF_1000)
        expect(self.page.locator('[data-part="log"]')).to_contain_text(
            "Skipped 12 duplicates"
        )
        self.page.set_viewport_size(PHONE)
        self.assert_no_sideways_scrolling()
        actions = self.page.locator('[data-part="actions"]')
        stop = actions.get_by_role("button", name="Stop")
        stop.focus()
        steps.end()
        expect(facts.locator(".badge")).to_have_text("Completed")
        expect(actions.get_by_role("link", name="Result")).to_be_focused()
        self.assertTrue(self.page.evaluate("window.isSamePage"))

    def test_a_bar_is_seen_in_forced_colours(self):
        running = self.start()
        running.show(42)
        self.see()
        expect(self.row(running)).to_contain_text("42")
        self.page.emulate_media(forced_colors="active")
        self.picture(f"{self.name}-forced")
        bar = self.row(running).locator("progress")
        border = bar.evaluate("each => getComputedStyle(each).borderTopWidth")
        self.assertEqual(border, "1px")

    def test_search_and_sort_by_the_keyboard_alone(self):
        ended, running = self.ended()[0], self.start()
        running.show(42)
        self.see()
        summary = self.page.locator("summary", has_text="Search and sort")
        press_by_keyboard(self.page, summary)
        self.assert_accessible(self.frame)
        self.picture(f"{self.name}-search")
        self.page.get_by_label("Title").fill("addresses")
        self.page.get_by_label("Sort by").select_option("state")
        press_by_keyboard(
            self.page, self.page.get_by_role("button", name="Filter")
        )
        self.page.wait_for_url("**title=addresses*sort=state*")
        self.state(ended, "Completed")
        self.assertNotIn("_authenticator", self.page.url)

    def test_a_row_that_the_filter_excludes_by_now_has_its_new_state(self):
        steps = self.start()
        # It may wait for its thread yet.
        self.see()
        self.state(steps, "Running")
        self.see("?state=running")
        self.state(steps, "Running")
        steps.end()
        self.state(steps, "Completed")
        result = self.row(steps).get_by_role("link", name="Result")
        expect(result).to_be_visible()
        expect(self.button(steps, "Stop")).to_have_count(0)
        expect(self.button(steps, "Remove")).to_be_visible()
        self.assert_accessible(self.frame)

    def test_an_empty_list(self):
        self.see("?user=nobody-has-this-name")
        expect(self.page.locator(".netsight-async-empty")).to_be_visible()
        self.assert_accessible(self.frame)


class ZopeRootTests(ControlPanelTests):
    path = "/@@async-processes"
    name = "zmi"
    frame = "main"
    # All pages of the ZMI have that of the object.
    title_of_details = "Zope"

    def test_the_contents_of_the_root_lead_to_it(self):
        steps = self.start()
        self.page.goto(f"{self.root}/manage_main")
        registry = "netsight_async_process_registry"
        link = self.page.get_by_role("link", name=registry)
        press_by_keyboard(self.page, link)
        self.heading("Background processes")
        self.state(steps, "Running")

    def test_ones_own_without_a_theme(self):
        steps = self.start()
        self.page.goto(f"{self.root}/@@my-processes")
        self.state(steps, "Running")
        self.picture("my-processes-plain")
        caption = self.page.locator("caption").bounding_box()
        self.assertEqual((caption["width"], caption["height"]), (1, 1))
        self.assert_accessible(None)
        self.page.set_viewport_size(PHONE)
        self.assert_no_sideways_scrolling()
        self.page.emulate_media(color_scheme="dark")
        self.picture("my-processes-plain-phone-dark")
        self.assert_accessible(None)


class ViewletTests(ListTestCase):
    viewlet = ".netsight-async-viewlet"

    def test_it_tells_how_many_and_leads_to_the_list(self):
        steps = self.started(2)[1]
        self.page.goto(self.site)
        viewlet = self.page.locator(self.viewlet)
        expect(viewlet).to_contain_text("Running or waiting: 2")
        self.picture("viewlet")
        self.assert_accessible(self.viewlet)
        link = viewlet.get_by_role("link", name="My background processes")
        press_by_keyboard(self.page, link)
        self.state(steps, "Running")

    def test_on_a_phone_from_right_to_left(self):
        self.started(2)
        self.page.set_viewport_size(PHONE)
        self.page.goto(self.site)
        self.page.evaluate("document.body.dir = 'rtl'")
        expect(self.page.locator(self.viewlet)).to_be_visible()
        self.assert_no_sideways_scrolling()


class ListPolicyTests(PolicyTestCase, ListTestCase):
    """Behind a proxy that sends `Content-Security-Policy`."""

    def see_all_lists(self, paths, check):
        for path in paths:
            with self.subTest(path):
                steps = self.start()
                self.page.goto(f"{self.proxy.url}{path}")
                self.state(steps, "Running")
                steps.end()
                self.state(steps, "Completed")
                self.button(steps, "Remove").click()
                self.page.get_by_role("button", name="Remove it").click()
                self.done("Removed: number ")
                check()

    def test_in_a_site(self):
        self.see_all_lists(
            ("/Plone/@@my-processes", "/Plone/@@async-processes"),
            self.check_ours,
        )

    def test_without_a_theme(self):
        self.see_all_lists(("/@@my-processes",), self.check_all)

    def test_in_the_zmi(self):
        self.see_all_lists(("/@@async-processes",), self.check_ours)
