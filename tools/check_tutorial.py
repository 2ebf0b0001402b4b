"""Do what docs/tutorial.rst says, word by word: `make check-tutorial`.

    .venv/bin/python tools/check_tutorial.py

Beside a copy of the checkout it makes the folder of the add-on, writes each
file where the page shows it, runs each command, restarts Zope where the page
says so, and does in Chromium what a section asks for. In the end the add-on
must be docs/addon, file by file. Needs what `make test-browser` needs.
"""

import os
import sys
import tempfile
from pathlib import Path

from checkout import HERE
from checkout import copy_checkout
from followed import ADDON
from followed import JOB_MS
from followed import Reader
from followed import chromium
from followed import is_without_chromium
from followed import steps
from playwright.sync_api import expect


PAGE = HERE / "docs" / "tutorial.rst"


def see(page, text):
    """Wait for a text on a page, and say so."""
    expect(page.locator("body")).to_contain_text(text, timeout=JOB_MS)
    print(f"  seen: {text}", flush=True)


def slow(reader):
    reader.make_a_site()
    reader.open("/Plone/slow")
    expect(reader.page.locator("h1")).to_have_text("A slow one")
    reader.press("Start")
    reader.page.wait_for_url("**/slow/processing?process_id=*")
    see(reader.page, "Slept 20 seconds.")


def fibonacci(reader):
    reader.open("/Plone/fibonacci")
    reader.press("Start")
    see(reader.page, "Number 100000 is")


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
    see(reader.page, "Pages made: 3.")
    reader.page.get_by_role("link", name="Gamma").first.click()
    expect(reader.page.locator("h1")).to_have_text("Gamma")


def failing(reader):
    reader.open("/Plone/failing")
    reader.press("Start")
    see(reader.page, "Number of the process")
    see(reader.page, "ValueError: This example always fails.")


CLICKS = {
    "Install and start it": slow,
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


def main():
    if is_without_chromium():
        return int("CI" in os.environ)
    with tempfile.TemporaryDirectory() as name, chromium() as page:
        place = Path(name).resolve()
        copy_checkout(place / "netsight.async")
        reader = Reader(place, page)
        try:
            follow(reader, PAGE.read_text("utf-8"))
        finally:
            reader.stop()
        check_files(reader.folder)
    print("\nThe tutorial works.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
