"""Chromium, a Plone site, and a test case that has both."""

import os
import shutil
import tempfile
import unittest
import uuid
from base64 import b64encode
from pathlib import Path
from urllib.parse import parse_qs
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from playwright.sync_api import sync_playwright
from plone.testing import Layer

from netsight.async_.tests.browser.plone_server import PloneServer
from netsight.async_.tests.browser.plone_server import Steps
from netsight.async_.tests.browser.plone_server import is_root


WAIT_MS = 30_000
"""Longest wait for anything; a test that needs it all has failed."""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

PHONE = {"width": 360, "height": 720}
"""Size of a window, in CSS pixels."""

# Nothing but the site is asked for anything.
FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip

SCREENSHOTS = "SCREENSHOTS"
"""Names, in the environment, a directory for pictures of the pages."""

AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
}

END_TRANSITIONS = """
    for (const each of document.getAnimations()) {
      if (each instanceof CSSTransition) {
        each.finish();
      }
    }
"""
"""In the middle of one, colours are some that axe-core may object to."""

OURS = ".netsight-async"
"""What is our content on a page."""

BASIC_AUTH = {
    "Authorization": f"Basic {b64encode(b'admin:admin').decode()}",
}
"""Headers of an administrator, for Zope and for the site."""

MOST_TABS = 200
"""So often the Tab key is pressed, at most."""

RECORD_SPEECH = """
    window.said = [];
    const spoken = document.querySelector('[data-part="spoken"]');
    new MutationObserver(() => window.said.push(spoken.textContent)).observe(
      spoken, { childList: true, characterData: true, subtree: true },
    );
"""

expect.set_options(timeout=WAIT_MS)


def chromium_path():
    """Return the path of Chromium, or None."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def press_by_keyboard(page, locator, key="Enter"):
    """Go to an element with the Tab key, and press a key there."""
    for _each in range(MOST_TABS):
        page.keyboard.press("Tab")
        if locator.evaluate("each => each === document.activeElement"):
            break
    else:
        raise AssertionError(f"{locator} is not reached with the Tab key")
    page.keyboard.press(key)


THEME = "name => { document.documentElement.dataset.bsTheme = name; }"


def is_post(response):
    """Tell whether a response is one to a POST."""
    return response.request.method == "POST"


class BrowserLayer(Layer):
    """A running site and a running Chromium, for all tests."""

    server_class = PloneServer

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        directory = f"{self.folder.name}/instance"
        self["server"] = server = self.server_class(directory)
        server.create_site()
        server.start()
        self.playwright = sync_playwright().start()
        self["chromium"] = self.playwright.chromium.launch(
            executable_path=chromium_path(),
            args=FLAGS + ["--no-sandbox"] * is_root(),
        )

    def tearDown(self):
        self["chromium"].close()
        self.playwright.stop()
        self["server"].kill()
        self.folder.cleanup()


BROWSER_LAYER = BrowserLayer(name="AsyncViews:Browser")


class BrowserTestCase(unittest.TestCase):
    """A page of a fresh browser; `self.site` is the site's URL."""

    layer = BROWSER_LAYER
    maxDiff = None

    def setUp(self):
        self.server = self.layer["server"]
        self.root = self.server.url("")
        self.site = self.server.url("/Plone")
        self.open_steps = []
        self.addCleanup(self.end_steps)
        self.page = self.new_page()

    def new_page(self, **options):
        """Return a page of a browser that nobody has used."""
        context = self.layer["chromium"].new_context(**options)
        context.set_default_timeout(WAIT_MS)
        self.addCleanup(context.close)
        return context.new_page()

    def end_steps(self):
        """Leave no process running."""
        for steps in self.open_steps:
            steps.end()

    def steps(self):
        """Return the Steps of a process to be."""
        steps = Steps(self.server, uuid.uuid4().hex)
        self.open_steps.append(steps)
        return steps

    def start(self, view="steps", base=None, page=None):
        """Start a process by its form; return its Steps."""
        page = page or self.page
        steps = self.steps()
        page.goto(f"{base or self.site}/{view}")
        page.get_by_label("Name").fill(steps.name)
        page.get_by_role("button", name="Start").click()
        page.wait_for_url("**/processing?process_id=*")
        return steps

    def log_in(self, page=None, name="admin", password="admin"):
        """Log in, as the administrator if nobody else is named."""
        page = page or self.page
        page.goto(f"{self.site}/login")
        page.get_by_label("Login Name").fill(name)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("main").or_(page.locator("#content")).get_by_role(
            "button", name="Log in"
        ).first.click()
        expect(page.locator("#login-form")).to_have_count(0)

    def part(self, name, page=None):
        """Return the locator of a part of the waiting page."""
        return (page or self.page).locator(f'[data-part="{name}"]')

    def take_theme(self, name):
        """Have the page in a colour mode of Bootstrap, "light" or "dark".

        At once: of a colour that changes slowly axe-core sees any between.
        """
        self.page.emulate_media(reduced_motion="reduce")
        self.page.evaluate(THEME, name)

    def stop(self, press=None, page=None):
        """Stop a process; `press` presses its button, else the one shown.

        On a slow machine it may have worked for ten seconds, and asks first.
        """
        page = page or self.page
        shown = page.get_by_role("button", name="Stop the process")
        with page.expect_response(is_post) as answer:
            (press or shown.click)()
        headers = answer.value.headers
        if answer.value.ok and "html" in headers["content-type"]:
            question = page.locator(".netsight-async-question")
            question.get_by_role("button", name="Stop the process").click()

    def process_id(self, page=None):
        """Return the id in the address of a page."""
        query = parse_qs(urlsplit((page or self.page).url).query)
        return query["process_id"][0]

    def heading(self, text, page=None):
        """Wait for a heading of level 1."""
        page = page or self.page
        expect(page.locator("h1").filter(has_text=text)).to_be_visible()

    def ended(self, text, page=None):
        """Wait for the server's page of a process that has ended so."""
        page = page or self.page
        heading = page.locator(".netsight-async h1:not([data-part])")
        expect(heading.filter(has_text=text)).to_be_visible()

    def picture(self, name, page=None):
        """Save a picture of the page, if somebody wants pictures."""
        if SCREENSHOTS in os.environ:
            directory = Path(os.environ[SCREENSHOTS])
            directory.mkdir(exist_ok=True, parents=True)
            # Moving things are shown where they come to rest.
            (page or self.page).screenshot(
                path=directory / f"{name}.png", animations="disabled"
            )

    def assert_accessible(self, context="", ignored=()):
        """Fail for what axe-core finds in a part of the page (a selector).

        But for the `ignored` rules.

        In a site that is our content only: of Plone's frame, the contrast of
        its search button and footer, and the roles of its toolbar are found.
        None is the whole page.
        """
        if context == "":
            context = OURS if "/Plone/" in self.page.url else None
        self.page.evaluate(END_TRANSITIONS)
        results = Axe().run(self.page, context, AXE_OPTIONS)
        found = [
            f"{each['id']}: {each['help']}: {node['html'][:200]}"
            for each in results.response["violations"]
            if each["id"] not in ignored
            for node in each["nodes"]
        ]
        self.assertEqual(found, [])

    def assert_no_sideways_scrolling(self, page=None):
        """Fail if the content is wider than the window."""
        widths = (page or self.page).evaluate(
            "[document.documentElement.scrollWidth, window.innerWidth]"
        )
        self.assertLessEqual(*widths)
