"""The recipe docs/howto/with-volto, with its own nginx.conf and script."""

import json
import re
import shutil
import subprocess
import unittest
from urllib.parse import urlsplit

from playwright.sync_api import expect

from netsight.async_.tests.browser.support import BrowserTestCase
from netsight.async_.tests.browser.volto_support import RECIPE
from netsight.async_.tests.browser.volto_support import VOLTO_LAYER
from netsight.async_.tests.browser.volto_support import nginx_path
from netsight.async_.tests.waiting import READY_SECONDS


SCRIPT = RECIPE / "in-background.mjs"

LOGIN = {"login": "boss", "password": "s3cret-of-boss"}
"""Of the site: see install_background.py."""

RUN = """
    async ([source, url, method, token]) => {
      const address = "data:text/javascript," + encodeURIComponent(source);
      const { inBackground } = await import(address);
      const states = [];
      const result = await inBackground(
        url,
        { method, headers: { Authorization: `Bearer ${token}` } },
        (process) => states.push(process.state),
      );
      return [result.status, await result.text(), states.at(-1), result.url];
    }
"""


@unittest.skipUnless(nginx_path(), "nginx is not here")
class VoltoTests(BrowserTestCase):
    # What is skipped would have its layer set up all the same.
    if nginx_path():
        layer = VOLTO_LAYER

    def setUp(self):
        super().setUp()
        self.url = self.layer["nginx"].url
        self.api = f"{self.url}/++api++"
        answer = self.ask("post", f"{self.api}/@login", data=LOGIN)
        self.assertEqual(answer.status, 200, answer.text())
        self.token = answer.json()["token"]

    def ask(self, method, url, token=None, **kwargs):
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        call = getattr(self.page.request, method)
        return call(url, headers=headers, **kwargs)

    def make_page(self):
        """Return the URL of a new page, as a program sees it."""
        answer = self.ask(
            "post",
            self.api,
            self.token,
            data={"@type": "Document", "title": "A page"},
        )
        address = answer.json()["@id"]
        self.assertTrue(address.startswith(f"{self.url}/"), address)
        return f"{self.api}{urlsplit(address).path}"

    def assert_gone(self, page):
        answer = self.ask("get", page, self.token)
        self.assertEqual(answer.status, 404)
        self.assertEqual(answer.json()["type"], "NotFound")

    def test_what_is_not_of_plone_is_volto(self):
        self.page.goto(f"{self.url}/@@my-processes")
        expect(self.page.locator("h1")).to_have_text("Volto")

    def test_a_page_of_volto_fetches(self):
        page = self.make_page()
        self.page.goto(self.url)
        source = SCRIPT.read_text("utf-8")
        status, text, state, address = self.page.evaluate(
            RUN, [source, page, "DELETE", self.token]
        )
        self.assertEqual((status, text, state), (204, "", "completed"))
        self.assertTrue(address.startswith(f"{self.api}/@async-processes/"))
        self.assert_gone(page)

    @unittest.skipUnless(shutil.which("node"), "node is not here")
    def test_a_program_fetches(self):
        page = self.make_page()
        arguments = ["PATCH", page, self.token, json.dumps({"title": "New"})]
        done = self.run_script(*arguments)
        self.assertRegex(done, r"Change: completed, .*\n204 \n$")
        answer = self.ask("get", page, self.token)
        self.assertEqual(answer.json()["title"], "New")

    @unittest.skipUnless(shutil.which("node"), "node is not here")
    def test_a_program_is_told_why_not(self):
        done = self.run_script(
            "POST", f"{self.make_page()}/@workflow/fly", self.token, "{}"
        )
        self.assertIn("Change the state: completed", done)
        self.assertRegex(done, r"\n400 \{")

    def run_script(self, *arguments):
        return subprocess.run(
            [shutil.which("node"), SCRIPT, *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
        ).stdout

    def test_the_classic_pages_know_who_has_logged_in(self):
        page = self.make_page()
        self.page.goto(self.url)
        self.page.evaluate(
            RUN, [SCRIPT.read_text("utf-8"), page, "DELETE", self.token]
        )
        # The answer to @login has set a cookie.
        self.page.goto(f"{self.url}/ClassicUI/@@my-processes")
        row = self.page.get_by_role("row").filter(has_text="Delete").first
        expect(row).to_contain_text("Completed")

    def test_the_waiting_page(self):
        steps = self.start(base=f"{self.url}/ClassicUI")
        self.assertIn("/ClassicUI/steps/processing?", self.page.url)
        steps.show(40, "On the way")
        page = self.page.locator(".netsight-async")
        expect(page).to_contain_text("On the way")
        steps.end("All is done.")
        expect(self.page.locator("body")).to_contain_text("All is done.")

    def test_an_address_in_a_mail(self):
        self.start(base=f"{self.url}/ClassicUI")
        query = re.search(r"process_id=[\w-]+", self.page.url)[0]
        self.page.goto(f"{self.url}/@@async-process/processing?{query}")
        self.assertIn("/ClassicUI/steps/processing?", self.page.url)
