"""Install in each way that docs/howto shows, each from an empty folder.

    .venv/bin/python tools/ways_in.py [WAY]...         `make ways-in`

The commands are those of the pages, word by word; "netsight.async" is found
in a folder with the wheel of this checkout. Each way ends with a Plone site,
made in Chromium, that shows a page of ours. `uv` comes from its package.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from check_wheel import build
from checkout import HERE
from checkout import copy_checkout
from environment import make_environment
from followed import Reader
from followed import chromium
from followed import is_without_chromium
from followed import steps
from playwright.sync_api import expect


HOWTO = HERE / "docs" / "howto"

WAYS = {
    "pip": ("install-with-pip.rst", "In Plone"),
    "uv": ("install-with-pip.rst", "In Plone, with uv"),
    "buildout": ("install-with-buildout.rst", None),
}
"""Of each way, the page, and the section; None: what is before the first."""

PINS = ("constraints.txt", "versions.cfg")


def way_in(page, section):
    """Yield the steps of a section of a page of docs/howto."""
    here = None
    for kind, match in steps((HOWTO / page).read_text("utf-8")):
        if kind == "section":
            here = match["section"]
        elif here == section:
            yield kind, match


def check_site(reader):
    """Make a Plone site, which must have a page of ours, and its profile."""
    reader.make_a_site()
    reader.open("/Plone/@@my-processes")
    heading = "My background processes"
    expect(reader.page.locator("h1").first).to_have_text(heading)
    reader.open("/Plone/prefs_install_products_form")
    product = "Background processes (netsight.async)"
    expect(reader.page.locator("body")).to_contain_text(product)
    print(f"  seen: {heading}; {product}", flush=True)


def follow(place, page, environ, name):
    """Go one way, in a folder of its own."""
    print(f"\n{name}", flush=True)
    folder = place / "ways" / name
    folder.mkdir(parents=True)
    for pins in PINS:
        shutil.copy(HERE / pins, folder)
    reader = Reader(folder, page, environ)
    try:
        for kind, match in way_in(*WAYS[name]):
            getattr(reader, kind)(match)
        check_site(reader)
    finally:
        reader.stop()


def sources(place):
    """Build the wheel, get uv; return the environment that finds both."""
    copy_checkout(place / "source")
    wheel, _sdist = build(place / "source")
    tools = make_environment(place / "tools", "uv")
    (place / "uv").mkdir()
    (place / "uv" / "uv").symlink_to(tools.parent / "uv")
    links = str(wheel.parent)
    (place / "default.cfg").write_text(f"[buildout]\nfind-links = {links}\n")
    return {
        "BUILDOUT_HOME": str(place),
        "PIP_FIND_LINKS": links,
        "UV_FIND_LINKS": links,
        # Of all that is beside uv there, nothing else is called.
        "PATH": f"{place}/uv:{os.environ['PATH']}",
    }


def main(*names):
    if is_without_chromium():
        return int("CI" in os.environ)
    with tempfile.TemporaryDirectory() as name, chromium() as page:
        place = Path(name).resolve()
        environ = sources(place)
        for way in names or WAYS:
            follow(place, page, environ, way)
    print("\nAll ways lead in.")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
