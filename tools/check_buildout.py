"""Build the instance of buildout.cfg in a copy, and have it answer.

    python3 tools/check_buildout.py

Does what the README tells users: pip install -r requirements.txt, buildout,
bin/instance, bin/test. Then builds the parts of docs/howto/cluster-files.rst,
and has a worker connect to the ZEO server. Needs Python and git.
"""

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from checkout import copy_checkout
from environment import python_of
from servers import running

from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import free_port


A_TEST = "test_process"
"""The module that bin/test runs, since `make test` runs them all."""

START_SECONDS = 180

CLUSTER_PAGE = "docs/howto/cluster-files.rst"


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


def cluster_cfg(page):
    """Return the buildout that the text of a page shows, with our egg."""
    shown = re.search(
        r"code-block:: ini\n\n(    \[buildout\]\n.*?)\n\S", page, re.DOTALL
    )
    text = textwrap.dedent(shown[1])
    head = "[buildout]\ndevelop = .\nallow-picked-versions = false\n"
    return text.replace("[buildout]\n", head)


def check_cluster(copy):
    """A worker must run on the ZEO server of the cluster, and end."""
    page = (copy / CLUSTER_PAGE).read_text(encoding="utf-8")
    (copy / "cluster.cfg").write_text(cluster_cfg(page), encoding="utf-8")
    address = f"zeo:zeo-address={HOST}:{free_port()}"
    buildout = python_of(copy / ".venv").parent / "buildout"
    run(buildout, "-q", "-c", "cluster.cfg", address, cwd=copy)
    run(copy / "bin/celery", "--version", cwd=copy)
    run(copy / "bin/zeo", "start", cwd=copy)
    try:
        worker = (copy / "bin/netsight-async-worker", "--drain")
        run(*worker, copy / "parts/worker/etc/zope.conf", cwd=copy)
    finally:
        run(copy / "bin/zeo", "stop", cwd=copy)


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
        check_cluster(copy)


if __name__ == "__main__":
    main()
