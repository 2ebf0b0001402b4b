"""A list of processes in a browser."""

import re

from playwright.sync_api import expect

from netsight.async_.browser.lists.listing import PAGE_SIZE
from netsight.async_.tests.browser.support import BASIC_AUTH
from netsight.async_.tests.browser.support import BrowserTestCase


class ListTestCase(BrowserTestCase):
    """The administrator's own list in the site; subclasses have others."""

    path = "/Plone/@@my-processes"
    frame = "#content"
    """What of the page is ours."""

    def setUp(self):
        super().setUp()
        self.page = self.administrator()

    def administrator(self, **options):
        """Return a page of a fresh browser with an administrator."""
        return self.new_page(extra_http_headers=BASIC_AUTH, **options)

    @property
    def base(self):
        """URL of where the processes of these tests are started."""
        return self.server.url(self.path.rpartition("/")[0])

    def start(self, view="steps"):
        """Start a process as a program does; keep its id."""
        steps = self.steps()
        answer = self.page.request.post(
            f"{self.base}/{view}",
            form={"name": steps.name},
            headers={**BASIC_AUTH, "Prefer": "respond-async"},
        )
        steps.process_id = answer.json()["id"]
        return steps

    def started(self, count, view="steps"):
        return [self.start(view) for _each in range(count)]

    def see(self, query="", page=None):
        """Open the list."""
        (page or self.page).goto(self.server.url(f"{self.path}{query}"))

    def row(self, steps, page=None):
        return (page or self.page).locator(
            f"[id='netsight-async-{steps.process_id}']"
        )

    def state(self, steps, text, page=None):
        """Wait until the row of a process shows a state."""
        badge = self.row(steps, page).locator(".badge")
        expect(badge).to_have_text(text)

    def button(self, steps, name):
        # Of which process it is, follows behind it.
        name = re.compile(f"^{re.escape(name)} ?: ")
        return self.row(steps).get_by_role("button", name=name)

    def done(self, text, page=None):
        """Wait for what is said after a button."""
        page = page or self.page
        expect(page.locator(".alert-success")).to_contain_text(text)

    def ended(self, count=1):
        """Start processes and let them end."""
        all_steps = self.started(count)
        for steps in all_steps:
            steps.end()
        self.see()
        for steps in all_steps[-PAGE_SIZE:]:
            self.state(steps, "Completed")
        return all_steps
