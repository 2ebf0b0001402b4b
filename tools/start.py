"""Serve a Plone site with the examples of netsight.async: `make start`.

    python3 tools/start.py --check PORT               is the port free?
    .venv/bin/python tools/start.py PORT DIRECTORY    serve

DIRECTORY becomes an ordinary Zope instance. Its configuration is written
anew at each start; the site is created at the first. The check needs only
Python, the rest an environment with Plone.
"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import checkout  # noqa: F401  puts netsight.async_ on the path

from netsight.async_.tests.instance import include
from netsight.async_.tests.instance import plone_site
from netsight.async_.tests.instance import write_instance
from netsight.async_.tests.instance import zconsole
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import answers
from netsight.async_.tests.local_http import port_problem
from netsight.async_.tests.waiting import wait_until


HERE = Path(__file__).resolve().parent
READY_SECONDS = 300

FILTERS = "translogger egg:Zope#httpexceptions"
# Beside the logs of an ordinary instance, a short one on the console.
LOGGING = """\
[filter:translogger]
use = egg:Paste#translogger
setup_console_handler = False

[loggers]
keys = root, wsgi

[handlers]
keys = console, accesslog, eventlog

[formatters]
keys = short, long, message

[logger_root]
level = INFO
handlers = console, eventlog

[logger_wsgi]
level = INFO
handlers = accesslog
qualname = wsgi
propagate = 0

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = INFO
formatter = short

[handler_eventlog]
class = FileHandler
args = (r'{directory}/var/log/event.log', 'a')
formatter = long

[handler_accesslog]
class = FileHandler
args = (r'{directory}/var/log/access.log', 'a')
formatter = message

[formatter_short]
format = %(asctime)s %(levelname)s %(name)s: %(message)s
datefmt = %H:%M:%S

[formatter_long]
format = %(asctime)s %(levelname)s [%(name)s][%(threadName)s] %(message)s

[formatter_message]
format = %(message)s
"""


def write_files(directory, port):
    """Write the configuration of the instance."""
    for name in ("var/cache", "var/log"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    write_instance(
        directory,
        port,
        plone_site(include("netsight.async_.examples")),
        filters=FILTERS,
        logging=LOGGING.format(directory=directory),
    )


def is_in_use(directory):
    """Whether another process has the database of an instance open."""
    from zc.lockfile import LockError
    from zc.lockfile import LockFile

    try:
        LockFile(str(directory / "var/Data.fs.lock")).close()
    except LockError:
        return True
    return False


def create_site_once(directory):
    """Create the Plone site unless an earlier call has done it."""
    created = directory / "var/site-created"
    if created.exists():
        return
    print("Creating the Plone site, once: half a minute.", flush=True)
    command = zconsole(directory / "etc/zope.conf", HERE / "create_site.py")
    done = subprocess.run(command)
    if done.returncode:
        sys.exit("The Plone site was not created: see above.")
    created.touch()


def tell_when_ready(url):
    """Print how to see the site, as soon as it answers."""
    if wait_until(lambda: answers(url), READY_SECONDS):
        print(
            f"""
    Ready:     {url}
    Examples:  {url}/@@async-examples
    Log in as admin with the password admin. Stop with ctrl-C.
""",
            flush=True,
        )


def serve(directory, url):
    """Run the web server until ctrl-C or SIGTERM."""
    from Zope2.Startup.serve import main as serve_forever

    threading.Thread(target=tell_when_ready, args=[url], daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("Starting Plone: a few seconds.", flush=True)
    return serve_forever(["serve", str(directory / "etc/zope.ini")])


def checked_port(text):
    """Return the port as a number; ends with a message if it is no good."""
    if not text.isdecimal():
        sys.exit(f"PORT={text} is not a number.")
    problem = port_problem(int(text))
    if problem is not None:
        sys.exit(
            f"Port {text} cannot be used ({problem}). "
            "Choose another: make start PORT=8081"
        )
    return int(text)


def main(port, directory):
    directory = Path(directory).resolve()
    number = checked_port(port)
    write_files(directory, number)
    if is_in_use(directory):
        return f"{directory} is in use by another `make start`; stop it first."
    # Set before Chameleon is imported, by this Python or by another.
    os.environ["CHAMELEON_CACHE"] = str(directory / "var/cache")
    create_site_once(directory)
    return serve(directory, f"http://{HOST}:{number}/Plone")


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        checked_port(sys.argv[2])
    else:
        sys.exit(main(*sys.argv[1:]))
