"""Follow a page of the documentation: its files, commands, and servers.

A block of the language `console` has commands after "$ "; the lines below one
must be in what it prints. A block with a caption, or a literalinclude of
docs/addon, is a file. "Stop Zope" at the beginning of a line restarts it.
"""

import os
import re
import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack
from contextlib import contextmanager

from checkout import HERE
from playwright.sync_api import sync_playwright
from servers import running

from netsight.async_.tests.browser.support import FLAGS
from netsight.async_.tests.browser.support import chromium_path
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import free_port


ADDON = HERE / "docs" / "addon"

SERVERS = ("runwsgi", "instance fg")
"""A command with one of these in it goes on until it is stopped."""

PORT = "8080"
"""The port that the pages name; another one is put in its place."""

JOB_MS = 90_000
START_SECONDS = 180

LOG_CHARS = 3000
"""So much of the log is shown when Zope does not start."""

STEP = re.compile(
    r"""
    ^\.\.[ ]literalinclude::[ ]addon/(?P<include>\S+)\n
        (?P<options>(?:[ ]{3}:.*\n)*)
    | ^\.\.[ ]code-block::[ ]\w+\n[ ]{3}:caption:[ ](?P<file>\S+)\n
        (?P<text>(?:[ ]{4}.*\n|\n)+)
    | ^\.\.[ ]code-block::[ ]console\n\n
        (?P<console>(?:[ ]{4}.*\n)+)
    | ^(?P<section>\S.*)\n-+\n
    | ^(?P<restart>Stop[ ]Zope)\b
    """,
    re.MULTILINE | re.VERBOSE,
)

KINDS = ("include", "file", "console", "section", "restart")


def steps(text):
    """Yield (kind, match) of what a reader does, in the order of a page."""
    for match in STEP.finditer(text):
        yield next(kind for kind in KINDS if match[kind]), match


def shown_lines(count, options):
    """Return the numbers of the lines that a literalinclude shows."""
    ranges = re.search(r":lines: (\S+)", options)
    if ranges is None:
        return set(range(1, count + 1))
    shown = set()
    for part in ranges[1].split(","):
        first, dash, last = part.partition("-")
        end = int(last or count) if dash else int(first)
        shown |= set(range(int(first), end + 1))
    return shown


class Reader:
    """Somebody with a folder, a shell, a server, and a browser."""

    def __init__(self, place, page, environ=None):
        self.place = place
        self.folder = place
        self.page = page
        self.environ = clean_environ(place, environ or {})
        self.port = free_port()
        self.servers = ExitStack()
        self.shown = {}
        self.server = None

    # What a page has

    def include(self, match):
        """Write the lines of a file of docs/addon that were shown so far."""
        name, options = match["include"], match["options"]
        lines = (ADDON / name).read_text("utf-8").splitlines(True)
        shown = self.shown.setdefault(name, set())
        shown |= shown_lines(len(lines), options)
        self.write(name, "".join(lines[n - 1] for n in sorted(shown)))

    def file(self, match):
        """Write a file that the page shows."""
        self.write(match["file"], textwrap.dedent(match["text"]).lstrip("\n"))

    def write(self, name, text):
        """Write a file into the folder in which the reader is."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.with_port(text), "utf-8")

    def console(self, match):
        """Run commands; the lines below one must be in what it prints."""
        output = ""
        for line in filter(None, map(str.strip, match[0].splitlines()[2:])):
            if line.startswith("$ "):
                output = self.run(line.removeprefix("$ "))
            elif line not in output:
                sys.exit(f"{line!r} is not in:\n{output}")

    def run(self, command):
        """Run a command, and return what it printed."""
        print("$", command, flush=True)
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return ""
        if any(server in command for server in SERVERS):
            self.server = command
            return self.start()
        begun = time.monotonic()
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=self.environ,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        print(f"  took {time.monotonic() - begun:.0f} s", flush=True)
        if done.returncode:
            sys.exit(f"It ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def start(self):
        """Start Zope on another port, and wait until it answers."""
        for path in self.folder.glob("instance/etc/zope.ini"):
            path.write_text(self.with_port(path.read_text()))
        log = self.place / "log"
        try:
            self.servers.enter_context(self.serving(log))
        except SystemExit:
            print(log.read_text()[-LOG_CHARS:], flush=True)
            raise
        return ""

    @contextmanager
    def serving(self, log):
        """Run Zope in a block, and write what it says into a file."""
        with (
            log.open("a") as output,
            running(
                f"exec {self.server}",
                f"http://{HOST}:{self.port}/",
                START_SECONDS,
                shell=True,
                cwd=self.folder,
                env=self.environ,
                stdout=output,
                stderr=output,
            ),
        ):
            yield

    def restart(self, _match=None):
        """Stop Zope, and start it again."""
        self.stop()
        self.start()

    def stop(self):
        """Stop Zope, if it runs."""
        self.servers.close()

    def with_port(self, text):
        """Return a text with our port in place of the one of the pages."""
        return re.sub(rf"\b{PORT}\b", str(self.port), text)

    # What one does in a browser

    def open(self, path):
        """Go to an address that the page names, with our port."""
        self.page.goto(f"http://localhost:{self.port}{path}")

    def press(self, name):
        """Press the first button of a name."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def make_a_site(self):
        """Make the site /Plone."""
        self.open("")
        self.press("Create")
        self.press("Submit")
        self.page.wait_for_url("**/Plone", timeout=JOB_MS)


def clean_environ(place, more):
    """Return an environment in which nothing of ours can be imported.

    `place` has our Python as the command python3.
    """
    (place / "bin").mkdir(exist_ok=True)
    python = place / "bin" / "python3"
    if not python.exists():
        python.symlink_to(sys.executable)
    known = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environ = {**known, **more}
    return {**environ, "PATH": f"{place}/bin:{environ['PATH']}"}


@contextmanager
def chromium():
    """A new window of a browser that knows the password, in a block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=FLAGS
        )
        login = {"username": "admin", "password": "admin"}
        yield browser.new_context(http_credentials=login).new_page()
        browser.close()


def is_without_chromium():
    """Tell whether there is none, and say so."""
    if chromium_path() is None:
        print("Chromium is not here. On Debian: apt-get install chromium")
        return True
    return False
