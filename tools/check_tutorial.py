"""Do what docs/tutorial.rst says, word by word: `make check-tutorial`.

    .venv/bin/python tools/check_tutorial.py

Beside a copy of the checkout it makes the folder of the add-on, writes each
file where the page shows it, runs each command, restarts Zope where the page
says so, and does in Chromium what a section asks for. In the end the add-on
must be docs/addon, file by file. Needs what `make test-browser` needs.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from contextlib import contextmanager
from pathlib import Path

from check_wheel import replace_in
from checkout import HERE
from checkout import copy_checkout
from playwright.sync_api import expect
from playwright.sync_api import sync_playwright
from servers import running

from netsight.async_.tests.browser.support import FLAGS
from netsight.async_.tests.browser.support import chromium_path
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import free_port


PAGE = HERE / "docs" / "tutorial.rst"
ADDON = HERE / "docs" / "addon"

SERVER = "runwsgi"
"""The command with this in it goes on until it is stopped."""

JOB_MS = 90_000
START_SECONDS = 180

STEP = re.compile(
    r"""
    ^\.\.[ ]literalinclude::[ ]addon/(?P<file>\S+)\n
        (?P<options>(?:[ ]{3}:.*\n)*)
    | ^\.\.[ ]code-block::[ ]console\n\n
        (?P<console>(?:[ ]{4}.*\n)+)
    | ^(?P<section>\S.*)\n-+\n
    | ^(?P<restart>Stop[ ]Zope)\b
    """,
    re.MULTILINE | re.VERBOSE,
)


def steps(text):
    """Yield (kind, match) of what a reader does, in the order of the page."""
    for match in STEP.finditer(text):
        yield match.lastgroup.replace("options", "file"), match


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
    """Somebody with two folders, a shell, a server, and a browser."""

    def __init__(self, place, stack, context):
        self.place = place
        self.folder = place
        self.stack = stack
        self.page = context.new_page()
        self.port = free_port()
        self.shown = {}
        self.server = None

    # What a page has

    def file(self, match):
        """Write the lines of a file that were shown so far."""
        name, options = match["file"], match["options"]
        lines = (ADDON / name).read_text("utf-8").splitlines(True)
        shown = self.shown.setdefault(name, set())
        shown |= shown_lines(len(lines), options)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(lines[number - 1] for number in sorted(shown))
        path.write_text(text, "utf-8")

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
        if SERVER in command:
            self.server = command
            return self.start()
        begun = time.monotonic()
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=environ(self.place),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        print(f"  took {time.monotonic() - begun:.0f} s", flush=True)
        if done.returncode:
            sys.exit(f"It ended with {done.returncode}:\n{done.stdout}")
        if "mkwsgiinstance" in command:
            ini = self.folder / "instance" / "etc" / "zope.ini"
            replace_in(ini, "port = 8080", f"port = {self.port}")
        return done.stdout

    def start(self):
        """Start Zope, and wait until it answers."""
        command = ["exec", *self.server.split()]
        log = self.stack.enter_context((self.place / "log").open("a"))
        self.stack.enter_context(
            running(
                " ".join(command), f"http://{HOST}:{self.port}/",
                START_SECONDS, shell=True, cwd=self.folder,
                env=environ(self.place), stdout=log, stderr=log,
            )
        )  # fmt: skip
        return ""

    def restart(self, _match):
        """Stop Zope as Ctrl-C does, and start it again."""
        self.stack.close()
        self.start()

    # What one does in a browser

    def open(self, path):
        """Go to an address that the page names, with our port."""
        self.page.goto(f"http://localhost:{self.port}{path}")

    def press(self, name):
        """Press the first button of a name."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def see(self, text):
        """Wait for a text."""
        where = self.page.locator("#content, body").first
        expect(where).to_contain_text(text, timeout=JOB_MS)
        print(f"  seen: {text}", flush=True)


def environ(place):
    """Return the environment: one in which nothing of ours can be imported."""
    known = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return {**known, "PATH": f"{place}/bin:{known['PATH']}"}


def make_a_site(reader):
    reader.open("")
    reader.press("Create")
    reader.press("Submit")
    reader.page.wait_for_url("**/Plone", timeout=JOB_MS)
    reader.open("/Plone/slow")
    expect(reader.page.locator("h1")).to_have_text("A slow one")
    reader.press("Start")
    reader.page.wait_for_url("**/slow/processing?process_id=*")
    reader.see("Slept 20 seconds.")


def fibonacci(reader):
    reader.open("/Plone/fibonacci")
    reader.press("Start")
    reader.see("Number 100000 is")


def export(reader):
    reader.open("/Plone/export")
    with reader.page.expect_download(timeout=JOB_MS) as download:
        reader.press("Start")
    text = Path(download.value.path()).read_text("utf-8")
    if not text.startswith("path,type,title"):
        sys.exit(f"The download is:\n{text}")
    print(f"  fetched: {download.value.suggested_filename}", flush=True)


def import_pages(reader):
    titles = reader.place / "titles.txt"
    titles.write_text("Alpha\nBeta\nGamma\n")
    reader.open("/Plone/import")
    reader.page.get_by_label("A text file").set_input_files(titles)
    reader.press("Start")
    reader.page.wait_for_url("**/Plone", timeout=JOB_MS)
    reader.see("Pages made: 3.")
    reader.page.get_by_role("link", name="Gamma").first.click()
    expect(reader.page.locator("h1")).to_have_text("Gamma")


def failing(reader):
    reader.open("/Plone/failing")
    reader.press("Start")
    reader.see("Number of the process")
    reader.see("ValueError: This example always fails.")


CLICKS = {
    "Install and start it": make_a_site,
    "A form: the Fibonacci number": fibonacci,
    "A download": export,
    "An import": import_pages,
    "One that fails": failing,
}
"""What is done in the browser at the end of a section."""


def follow(reader, text):
    """Do all that the page says."""
    clicks = dict(CLICKS)
    section = None
    for kind, match in steps(text):
        if kind == "section":
            clicks.pop(section, do_nothing)(reader)
            section = match["section"]
            print(f"\n{section}", flush=True)
        else:
            getattr(reader, kind)(match)
    clicks.pop(section, do_nothing)(reader)
    if clicks:
        sys.exit(f"The tutorial has no sections {', '.join(clicks)}.")


def do_nothing(_reader):
    """A section that is only read."""


def check_files(folder):
    """The reader's files must be those of docs/addon."""
    for path in filter(Path.is_file, sorted(ADDON.rglob("*"))):
        name = path.relative_to(ADDON)
        if name.suffix == ".pyc" or name.parts[0].endswith(".egg-info"):
            continue
        written = folder / name
        if not written.exists() or written.read_text() != path.read_text():
            sys.exit(f"The tutorial does not show all of docs/addon/{name}.")


@contextmanager
def chromium():
    """A browser that knows the password, in a block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=FLAGS
        )
        login = {"username": "admin", "password": "admin"}
        yield browser.new_context(http_credentials=login)
        browser.close()


def main():
    if chromium_path() is None:
        print("Chromium is not here. On Debian: apt-get install chromium")
        return int("CI" in os.environ)
    with (
        tempfile.TemporaryDirectory() as name,
        chromium() as context,
        ExitStack() as servers,
    ):
        place = Path(name).resolve()
        copy_checkout(place / "netsight.async")
        (place / "bin").mkdir()
        (place / "bin" / "python3").symlink_to(sys.executable)
        reader = Reader(place, servers, context)
        follow(reader, PAGE.read_text("utf-8"))
        check_files(reader.folder)
    print("\nThe tutorial works.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
