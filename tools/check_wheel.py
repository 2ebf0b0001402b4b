"""Build the wheel and the sdist, and run an example from the wheel.

    .venv/bin/python tools/check_wheel.py

Both must hold every file that git has below netsight/. The wheel is
installed into an empty environment with Zope and without Plone, in an
instance as `mkwsgiinstance` makes it; a process must end with its result, and
a worker without a web server must start.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import urlencode
from urllib.parse import urlsplit
from zipfile import ZipFile

from checkout import copy_checkout
from checkout import files_in_git
from environment import CONSTRAINTS
from environment import make_environment
from servers import running

from netsight.async_.tests.instance import FILE_STORAGE
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import OPENER
from netsight.async_.tests.local_http import free_port
from netsight.async_.tests.waiting import wait_until


FORM = {"n": "50"}
RESULT = f"{12586269025:x}"
"""The 50th Fibonacci number, as the example shows it."""

JOB_SECONDS = 60

# mkwsgiinstance writes a database without a place for blobs.
PLAIN_DATABASE = """\
   <filestorage>
     path $INSTANCE/var/Data.fs
   </filestorage>
"""
SLUG = """\
<configure xmlns="http://namespaces.zope.org/zope">
  <include package="netsight.async" />
  <include package="netsight.async_.examples" />
</configure>
"""


def build(source):
    """Build the distributions; return the paths of the wheel and the sdist."""
    build_command = (sys.executable, "-m", "build", "--no-isolation")
    done = subprocess.run(
        build_command, cwd=source, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    (wheel,) = (source / "dist").glob("*.whl")
    (sdist,) = (source / "dist").glob("*.tar.gz")
    return wheel, sdist


def check_contents(wheel, sdist):
    """Both distributions must have every file of the package."""
    with ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    expected = files_in_git("netsight")
    for path, names in ((wheel, in_wheel), (sdist, in_sdist)):
        missing = [name for name in expected if name not in names]
        if missing:
            sys.exit(f"{path.name} lacks {', '.join(missing)}")
        print(f"{path.name} has all {len(expected)} files of the package.")


def install(wheel, directory):
    """Install the wheel and Zope into an empty environment."""
    python = make_environment(
        directory, "-c", CONSTRAINTS, f"netsight.async @ {wheel.as_uri()}",
        "Zope[wsgi]",
    )  # fmt: skip
    subprocess.run([python, "-m", "pip", "check"], check=True)
    without_plone = "import importlib.metadata as m; m.version('plone.base')"
    has_plone = subprocess.run(
        [python, "-c", without_plone], stderr=subprocess.DEVNULL
    )
    if has_plone.returncode == 0:
        sys.exit("The wheel brings Plone along.")
    return python


def replace_in(path, old, new):
    """Replace a text that must be in a file."""
    text = path.read_text()
    if old not in text:
        sys.exit(f"{path} has no {old!r}: mkwsgiinstance has changed.")
    path.write_text(text.replace(old, new))


def make_instance(python, directory, port):
    """Make an instance with the package and its examples; return its ini."""
    command = python.parent / "mkwsgiinstance"
    subprocess.run(
        [command, "--user", "admin:admin", "--dir", directory], check=True
    )
    etc = directory / "etc"
    replace_in(etc / "zope.conf", PLAIN_DATABASE, FILE_STORAGE)
    replace_in(etc / "zope.ini", "port = 8080", f"port = {port}")
    slugs = etc / "package-includes"
    slugs.mkdir()
    (slugs / "netsight.async-configure.zcml").write_text(SLUG)
    return etc / "zope.ini"


def fetch(url, form=None):
    """GET a URL, or POST a form; return the final URL and the text."""
    data = urlencode(form).encode() if form else None
    with OPENER.open(url, data, timeout=JOB_SECONDS) as response:
        return response.url, response.read().decode()


def check_example(root):
    """Start a process as a visitor does, and fetch its result."""
    view = f"{root}/async-example-fibonacci"
    processing, _ = fetch(view, FORM)
    query = urlsplit(processing).query

    def is_completed():
        _, answer = fetch(f"{view}/completed?{query}&output_json=1")
        # 100, as the example tells progress; else it would be true.
        completed = json.loads(answer)["completed"]
        return completed is True or completed == 100

    if not wait_until(is_completed, JOB_SECONDS):
        sys.exit(f"{processing} was not completed in {JOB_SECONDS} seconds.")
    _, result = fetch(f"{view}/result?{query}")
    if RESULT not in result:
        sys.exit(f"The result is not {RESULT}:\n{result}")
    print(f"The example ran in the background and found {RESULT}.")


def check_worker(python, zope_conf):
    """Start a worker that has nothing to do; it must end at once."""
    worker = python.parent / "netsight-async-worker"
    subprocess.run(
        [worker, zope_conf, "--drain"],
        check=True,
        timeout=JOB_SECONDS,
        stderr=subprocess.DEVNULL,
    )
    print("A worker found nothing left to run.")


def main():
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        copy_checkout(place / "source")
        wheel, sdist = build(place / "source")
        check_contents(wheel, sdist)
        python = install(wheel, place / "environment")
        port = free_port()
        ini = make_instance(python, place / "instance", port)
        root = f"http://{HOST}:{port}"
        environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        command = [python.parent / "runwsgi", ini]
        with running(command, root, cwd=place, env=environ):
            check_example(root)
        check_worker(python, ini.with_name("zope.conf"))


if __name__ == "__main__":
    main()
