"""What a visitor sees whose browser is old, or in which our script fails."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.list_support import ListTestCase
from netsight.async_.tests.browser.support import BrowserTestCase


AS_IN_2021 = """
    const newer = [
      [AbortSignal, ["timeout", "any", "abort"]],
      [Array, ["fromAsync"]],
      [Array.prototype, [
        "at", "findLast", "findLastIndex", "toReversed", "toSorted",
        "toSpliced", "with",
      ]],
      [Document, ["parseHTMLUnsafe"]],
      [Element.prototype, ["setHTMLUnsafe", "checkVisibility"]],
      [Map, ["groupBy"]],
      [Object, ["groupBy", "hasOwn"]],
      [Promise, ["try", "withResolvers"]],
      [String.prototype, ["at", "isWellFormed"]],
      [URL, ["canParse", "parse"]],
      [window, ["reportError", "scheduler", "structuredClone", "navigation"]],
    ];
    for (const [owner, names] of newer) {
      for (const name of names) {
        delete owner[name];
      }
    }
"""
"""Takes away what the oldest browsers that we serve do not have."""

WITHOUT_UNITS = """
    const Format = Intl.NumberFormat;
    Intl.NumberFormat = class extends Format {
      constructor(language, options) {
        if (options.style === "unit") {
          throw new RangeError("unit");
        }
        super(language, options);
      }
    };
"""
"""As in Safari 14.0."""

AGAIN = "Check again"


class WaitingTests(BrowserTestCase):
    def again(self):
        return self.page.get_by_role("link", name=AGAIN)

    def test_a_browser_of_2021_waits_for_the_result(self):
        self.page.add_init_script(AS_IN_2021)
        steps = self.start()
        steps.show(42, "Importing 42 of 100")
        expect(self.part("activity")).to_have_text("Importing 42 of 100")
        expect(self.part("notice")).to_be_hidden()
        expect(self.again()).to_be_hidden()
        steps.end("All addresses are there.")
        self.page.wait_for_url("**/result?process_id=*")

    def test_where_the_script_fails_the_page_reloads_itself(self):
        self.page.add_init_script(WITHOUT_UNITS)
        steps = self.start()
        steps.show(42, "Importing 42 of 100")
        expect(self.part("activity")).to_have_text("Importing 42 of 100")
        expect(self.again()).to_be_visible()
        steps.end("All addresses are there.")
        self.page.wait_for_url("**/result?process_id=*")

    def test_where_no_script_is_loaded_a_link_checks_again(self):
        self.page.route("**/*.js/polling.js", lambda route: route.abort())
        steps = self.start()
        steps.end("All addresses are there.")

        def is_there():
            self.again().click()
            return "/result?" in self.page.url

        self.assertTrue(any(is_there() for _each in range(100)))

    def test_a_link_checks_again_while_the_server_does_not_answer(self):
        self.start()
        expect(self.again()).to_be_hidden()
        self.page.route("**/process-status?*", lambda route: route.abort())
        expect(self.again()).to_be_visible()
        self.page.unroute("**/process-status?*")
        expect(self.again()).to_be_hidden()


class ListTests(ListTestCase):
    def reload(self):
        return self.page.get_by_role("link", name="Reload")

    def test_a_browser_of_2021_shows_the_end(self):
        self.page.add_init_script(AS_IN_2021)
        steps = self.start()
        self.see()
        self.state(steps, "Running")
        steps.end()
        self.state(steps, "Completed")
        expect(self.reload()).to_be_hidden()

    def test_where_no_script_is_loaded_a_link_reloads(self):
        self.page.route("**/*.js/polling.js", lambda route: route.abort())
        steps = self.start()
        self.see()
        self.state(steps, "Running")
        steps.end()
        for _each in range(200):
            if self.row(steps).locator(".badge").text_content() != "Running":
                break
            self.reload().click()
        self.state(steps, "Completed")
