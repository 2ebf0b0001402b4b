"""Build the instance of buildout.cfg in a copy, and have it answer.

    python3 tools/check_buildout.py

Does what the README tells users: pip install -r requirements.txt, buildout,
bin/instance, bin/test. Needs Python and git.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from checkout import copy_checkout
from environment import python_of
from servers import HOST
from servers import free_port
from servers import running


A_TEST = "test_process"
"""The module that bin/test runs, since `make test` runs them all."""

START_SECONDS = 180


def run(*command, cwd):
    """Run a command, say so, and end if it fails."""
    shown = (str(part).replace(f"{cwd}/", "") for part in command)
    print("$", *shown, flush=True)
    subprocess.run(command, cwd=cwd, check=True)


def build(copy, port):
    """Run buildout in a copy of the checkout."""
    run(sys.executable, "-m", "venv", copy / ".venv", cwd=copy)
    python = python_of(copy / ".venv")
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install")
    run(*pip, "-q", "-r", "requirements.txt", cwd=copy)
    buildout = python.parent / "buildout"
    run(buildout, "-q", f"instance:http-address={HOST}:{port}", cwd=copy)


def check_tests(copy):
    """bin/test must find tests, and they must pass."""
    command = (copy / "bin/test", "-m", A_TEST)
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    if done.returncode or not re.search(r"Ran [1-9]\d* tests", done.stdout):
        sys.exit(f"bin/test failed:\n{done.stdout}{done.stderr}")
    print("bin/test runs the tests.")


def main():
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name).resolve()
        copy_checkout(copy)
        port = free_port()
        build(copy, port)
        url = f"http://{HOST}:{port}/"
        print(f"$ bin/instance fg, which must answer {url}", flush=True)
        command = [copy / "bin/instance", "fg"]
        # fg shows all warnings of all packages, unless told otherwise
        environ = {**os.environ, "PYTHONWARNINGS": "ignore"}
        with running(command, url, START_SECONDS, cwd=copy, env=environ):
            print("bin/instance serves.", flush=True)
        check_tests(copy)


if __name__ == "__main__":
    main()
