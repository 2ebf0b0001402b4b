"""Run the tests with each set of versions that is supported, one by one.

    python3 tools/matrix [CELL...]           `make matrix`, with CELLS=
    python3 tools/matrix --pin CELL          write its pins of a day anew
    TESTS="-m NAME" python3 tools/matrix     only these tests

Each cell of cells.py has an environment in .matrix/, and a log beside it. What
is not here, such as a Python, is said, and the cell skipped. Ends with a table
of what was installed and what came of the tests; fails if one of them did.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path


HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from cells import CELLS  # noqa: E402
from environment import CONSTRAINTS  # noqa: E402
from environment import FAULTY_PYTHON  # noqa: E402
from environment import make_environment  # noqa: E402
from environment import python_of  # noqa: E402
from pythons import find  # noqa: E402
from totals import add_up  # noqa: E402


PLACE = ROOT / ".matrix"

TOOLS = ("setuptools", "zope.testrunner")
"""What is newer than the day of a cell.

Older setuptools do not find a package with a dot in its name that a newer one
has built; zope.testrunner 6.4 counts errors of subtests that it does not show,
and that other runners do not meet.
"""

TOOLS_DAY = "2026-03-01"

SHOWN = ("Plone", "Zope", "celery", "setuptools")

ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    # An older plone.autoinclude asks for a module "plone_volto", as a newer
    # setuptools, by which that is built, names it in its metadata.
    "AUTOINCLUDE_ALLOW_MODULE_NOT_FOUND_ERROR": "1",
}

NAME = re.compile(r"^([A-Za-z0-9][\w.-]*)==")


def normal(name):
    """Return the name of a package as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names_of(lines):
    """Return the names that lines of pins are about."""
    return {normal(m[1]) for m in map(NAME.match, lines) if m}


def pins_of(name):
    """Return the lines of the pins of a cell."""
    own = HERE / f"{name}.txt"
    lines = own.read_text().splitlines() if own.exists() else []
    if CELLS[name].day:
        return lines
    replaced = names_of(lines)
    return lines + [
        line
        for line in CONSTRAINTS.read_text().splitlines()
        if not names_of([line]) & replaced
    ]


def uv(*arguments, **options):
    """Run uv, which installs a cell in seconds; `options` as for `run`."""
    tool = python_of(PLACE / "uv").with_name("uv")
    if not tool.exists():
        make_environment(PLACE / "uv", "uv")
    return subprocess.run([tool, *arguments], cwd=ROOT, check=True, **options)


def install(name, python):
    """Make the environment of a cell anew, and return its Python."""
    cell = CELLS[name]
    PLACE.mkdir(exist_ok=True)
    pins = PLACE / f"{name}.txt"
    pins.write_text("\n".join(pins_of(name)) + "\n")
    made = python_of(PLACE / name)
    uv("venv", "--quiet", "--clear", "--python", python, PLACE / name)
    to = ("pip", "install", "--quiet", "--python", made, "--constraints", pins)
    uv(*to, "setuptools", *cell.wanted, "-e", f".[{cell.extra}]")
    return made


def versions(python):
    """Return {name: version} of what is shown, as installed."""
    listed = uv(
        *("pip", "freeze", "--quiet", "--python", python),
        stdout=subprocess.PIPE,
        text=True,
    )
    pairs = (line.split("==") for line in listed.stdout.split("\n"))
    found = {normal(pair[0]): pair[-1] for pair in pairs}
    return {name: found.get(normal(name), "") for name in SHOWN}


def run_tests(name, tests):
    """Run tests in the environment of a cell; return how many of which end."""
    log = PLACE / f"{name}.log"
    command = [python_of(PLACE / name), "-m", "zope.testrunner"]
    with log.open("wb") as output:
        ended = subprocess.run(
            [*command, "--test-path=.", "-s", "netsight", *tests],
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    passed, failed, skipped = add_up(log.read_text(errors="replace"))
    if ended.returncode and not failed:
        failed = 1
    return passed, failed, skipped


def python_for(name):
    """Return the Python of a cell, or None."""
    cell = CELLS[name]
    faulty = FAULTY_PYTHON if "Plone" in cell.wanted else None
    return find(cell.python, but=faulty)


def do(name, tests):
    """Install a cell and run its tests; return its row of the table."""
    print(f"==== {name}", flush=True)
    python = python_for(name)
    if python is None:
        return name, "skipped: no such Python here"
    try:
        installed = versions(install(name, python))
    except subprocess.CalledProcessError:
        return name, "FAILED: not installed"
    passed, failed, skipped = run_tests(name, tests or CELLS[name].tests)
    found = ", ".join(f"{n} {v}" for n, v in installed.items() if v)
    verdict = "FAILED" if failed else "passed"
    counts = f"{passed} passed, {failed} failed, {skipped} skipped"
    row = name, f"{verdict}: {counts} ({found})"
    print(row[1], flush=True)
    return row


def pin(name):
    """Write what was newest on the day of a cell into its file."""
    cell = CELLS[name]
    extras = [f"--extra={extra}" for extra in cell.extra.split(",")]
    resolved = uv(
        *("pip", "compile", "--quiet", "--no-header", "--no-annotate"),
        *("--python", python_for(name), "--exclude-newer", cell.day),
        *(f"--exclude-newer-package={name}={TOOLS_DAY}" for name in TOOLS),
        *(*extras, "setup.py", "-"),
        input="\n".join(("setuptools", *cell.wanted)),
        stdout=subprocess.PIPE,
        text=True,
    )
    head = f"# Written by: python3 tools/matrix --pin {name}\n"
    (HERE / f"{name}.txt").write_text(head + resolved.stdout)


def main(*names):
    if names[:1] == ("--pin",):
        return pin(*names[1:])
    tests = shlex.split(os.environ.get("TESTS", ""))
    rows = [do(name, tests) for name in names or CELLS]
    print()
    for name, outcome in rows:
        print(f"{name:<22} {outcome}")
    return int(any("FAILED" in outcome for _name, outcome in rows))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
