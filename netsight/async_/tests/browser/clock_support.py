"""Pages whose clock the test sets."""

from netsight.async_.tests.browser.support import BrowserTestCase


RECORD_REQUESTS = """
    window.asked = [];
    window.answers = [];
    const ask = window.fetch;
    window.fetch = (...all) => {
      window.asked.push(Date.now());
      const answer = ask(...all);
      window.answers.push(answer.catch(() => null));
      return answer;
    };
"""

STEP_MS = 250
"""After so much time the page is looked at."""


class ClockTestCase(BrowserTestCase):
    """Time passes in the page when the test says so."""

    def stop_clock(self):
        """Load the page anew, with a clock that stands still."""
        self.page.clock.install()
        self.page.add_init_script(RECORD_REQUESTS)
        self.page.reload()
        self.page.clock.pause_at(self.now() + 1)
        self.settle()

    def now(self):
        """Return the page's time in seconds."""
        return self.page.evaluate("Date.now() / 1000")

    def settle(self):
        """Wait until the page has seen all answers."""
        self.page.evaluate(
            "async () => { await Promise.all(window.answers);"
            " await (await fetch('data:,')).text(); window.asked.pop();"
            " window.answers.pop(); }"
        )

    def pass_time(self, seconds):
        for _each in range(round(seconds * 1000 / STEP_MS)):
            self.page.clock.run_for(STEP_MS)
            self.settle()

    def gaps(self):
        """Return the seconds between requests, and forget them."""
        asked = self.page.evaluate("window.asked.splice(0)")
        return [
            (later - earlier) / 1000
            for earlier, later in zip(asked, asked[1:])
        ]
