"""The server stops, or dies, while the page is open."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.support import RECORD_SPEECH
from netsight.async_.tests.browser.support import BrowserTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS


AWAY = "The server does not answer; trying again."
BACK = "The server answers again."


class RestartTests(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.have_server)

    def have_server(self):
        if self.server.has_ended():
            self.server.start()

    def assert_away(self):
        expect(self.part("notice")).to_have_text(AWAY)
        expect(self.part("spoken")).to_have_text(AWAY)
        expect(self.part("card")).to_be_visible()

    def test_a_stop_and_a_start(self):
        steps = self.start("steps-again")
        steps.show(42, "Importing 42 of 100")
        expect(self.part("percentage")).to_contain_text("42%")
        self.server.terminate()
        self.assert_away()
        self.picture("server-away")
        self.assert_accessible()
        self.server.wait(WAIT_SECONDS)
        self.server.start()
        expect(self.part("notice")).to_be_hidden()
        expect(self.part("percentage")).to_contain_text("42%")
        steps.end("All addresses are there.")
        self.page.wait_for_url("**/result?process_id=*")
        expect(self.page.locator("body")).to_contain_text("All addresses")

    def test_a_crash_and_a_start(self):
        self.start()
        self.server.kill()
        self.assert_away()
        self.server.start()
        self.ended("Interrupted")
        expect(self.page).to_have_title(
            "Interrupted – Import of addresses – netsight.async"
        )
        self.picture("lost")
        self.assert_accessible()

    def test_a_crash_of_a_process_that_is_run_again(self):
        steps = self.start("steps-again")
        self.server.kill()
        self.assert_away()
        self.page.evaluate(RECORD_SPEECH)
        self.server.start()
        self.page.wait_for_function(
            f"window.said.some(text => text.startsWith('{BACK}'))"
        )
        steps.end("All addresses are there.")
        self.page.wait_for_url("**/result?process_id=*")
