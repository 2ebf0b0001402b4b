"""Where this checkout is, and how to run what is of another one."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path


BENCH = Path(__file__).resolve().parent
THIS = BENCH.parent.parent
SITE = BENCH / "site"


def load_counts():
    """Return the module `storage_counts` of this checkout.

    Another checkout, whose package is measured, may have none.
    """
    path = THIS / "netsight/async_/tests/storage_counts.py"
    spec = importlib.util.spec_from_file_location("storage_counts", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environ_for(package, **more):
    """Return the environ of a Python that imports netsight.async_ there."""
    paths = (str(package), str(SITE), str(BENCH))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}


def ask_child(package, script, *arguments):
    """Run a script of ours with the package of a checkout.

    Returns what the JSON says that it prints as its last line.
    """
    done = subprocess.run(
        [sys.executable, BENCH / script, *map(str, arguments)],
        env=environ_for(package),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
    return json.loads(done.stdout.splitlines()[-1])


def run_child(package, script, *arguments):
    """Run a script of ours with the package of a checkout; it prints."""
    subprocess.run(
        [sys.executable, BENCH / script, *map(str, arguments)],
        env=environ_for(package),
        check=True,
    )
