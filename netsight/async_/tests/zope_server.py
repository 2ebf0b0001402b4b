"""A Zope without Plone in a process of its own, for tests that kill it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.error import URLError
from urllib.parse import parse_qs
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler
from urllib.request import ProxyHandler
from urllib.request import Request
from urllib.request import build_opener


HOST = "127.0.0.1"
READY_SECONDS = 60
WAIT_SECONDS = 30
BOUNDARY = "a-boundary-of-the-tests"

QUICK = {
    "NETSIGHT_ASYNC_BEAT_SECONDS": "1",
    "NETSIGHT_ASYNC_LEASE_SECONDS": "3",
    "NETSIGHT_ASYNC_STOP_SECONDS": "5",
}
"""Settings with which tests need not wait long."""

ZOPE_CONF = """\
%define INSTANCE {directory}
instancehome $INSTANCE

<zodb_db main>
  <blobstorage>
    blob-dir $INSTANCE/var/blobs
    <filestorage>
      path $INSTANCE/var/Data.fs
    </filestorage>
  </blobstorage>
  mount-point /
</zodb_db>
"""

ZOPE_INI = """\
[app:zope]
use = egg:Zope#main
zope_conf = %(here)s/zope.conf

[pipeline:main]
pipeline = egg:Zope#httpexceptions zope

[server:main]
use = egg:waitress#main
host = {host}
port = {port}
threads = 4

[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = long

[logger_root]
level = INFO
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = long

[formatter_long]
format = %(asctime)s %(levelname)s [%(name)s][%(threadName)s] %(message)s
"""

SITE_ZCML = """\
<configure xmlns="http://namespaces.zope.org/zope">
  <include package="Zope2.App" />
  <include package="Products.PageTemplates" />
  <include package="netsight.async" />
  <include package="netsight.async_.tests" file="crash.zcml" />
</configure>
"""


class ZopeServer:
    """One instance in `directory`, started and stopped any number of times."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.port = free_port()
        self.process = None
        etc = self.directory / "etc"
        etc.mkdir(parents=True)
        self.blobs.mkdir(mode=0o700, parents=True)
        values = {
            "directory": self.directory,
            "host": HOST,
            "port": self.port,
        }
        (etc / "zope.conf").write_text(ZOPE_CONF.format(**values))
        (etc / "zope.ini").write_text(ZOPE_INI.format(**values))
        (etc / "site.zcml").write_text(SITE_ZCML)

    @property
    def data(self):
        """Path of Data.fs."""
        return self.directory / "var" / "Data.fs"

    @property
    def blobs(self):
        """Path of the blob directory."""
        return self.directory / "var" / "blobs"

    @property
    def log_path(self):
        return self.directory / "zope.log"

    @property
    def log(self):
        """What all starts have logged."""
        return self.log_path.read_text(errors="replace")

    # The process

    def launch(self, **environ):
        """Start Zope, with more `environ`; returns at once."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "Zope2.Startup.serve"),
                    self.directory / "etc" / "zope.ini",
                ],
                cwd=self.directory,
                env={**os.environ, **QUICK, **environ},
                stdout=log,
                stderr=log,
            )

    def start(self, **environ):
        """Start Zope, with more `environ`; returns when it answers.

        Raises AssertionError if it does not.
        """
        self.launch(**environ)
        ready = wait_until(
            lambda: self.has_ended() or self.answers(), READY_SECONDS
        )
        if not ready or self.has_ended():
            raise AssertionError(f"Zope did not start:\n{self.log[-4000:]}")

    def has_ended(self):
        return self.process is None or self.process.poll() is not None

    def answers(self):
        """Tell whether a request is answered."""
        with suppress(URLError, OSError):
            self.get("/crash-states")
            return True
        return False

    def kill(self):
        """SIGKILL Zope, and wait until it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def terminate(self):
        """SIGTERM Zope."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds):
        """Return the exit status; raises AssertionError if it runs on."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"Zope runs on after {seconds} s:\n{self.log[-4000:]}"
            ) from None

    # HTTP

    def get(self, path):
        """Return (status, text) of a GET; raises OSError without answer."""
        status, _headers, text = self._open(Request(self.url(path)))
        return status, text

    def start_job(self, view, upload=b"", **form):
        """POST to a view; return the id of the process that it started.

        Returns None if the answer is no redirect.  Raises OSError, or an
        HTTPException, if there is no whole answer.
        """
        status, headers, _text = self.post(
            f"/{view}",
            multipart(form, upload),
            f"multipart/form-data; boundary={BOUNDARY}",
        )
        if status != 302:
            return None
        query = parse_qs(urlsplit(headers["Location"]).query)
        return query["process_id"][0]

    def post(self, path, data=b"", media_type="application/octet-stream"):
        """Return (status, headers, text) of a POST; raises as `start_job`."""
        headers = {"Content-Type": media_type}
        return self._open(Request(self.url(path), data, headers))

    def states(self):
        """Return {process id: record} as `crash-states` tells them."""
        return json.loads(self.get("/crash-states")[1])

    def state(self, process_id):
        return self.states()[process_id]["state"]

    def url(self, path):
        return f"http://{HOST}:{self.port}{path}"

    def _open(self, request):
        try:
            with OPENER.open(request, timeout=WAIT_SECONDS) as response:
                return response.status, response.headers, text_of(response)
        except HTTPError as response:
            with response:
                return response.code, response.headers, text_of(response)


class NoRedirect(HTTPRedirectHandler):
    """Hands redirects to the caller."""

    def redirect_request(self, *args):
        return None


OPENER = build_opener(ProxyHandler({}), NoRedirect())


def text_of(response):
    return response.read().decode("utf-8", "replace")


def multipart(form, upload):
    """Return the body of a form, with a file `upload` if there is any."""
    header = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'
    parts = [
        f"{header.format(name, '')}{value}".encode()
        for name, value in form.items()
    ]
    if upload:
        file_header = header.format("upload", '; filename="upload.bin"')
        parts.append(file_header.encode() + upload)
    edge = b"--" + BOUNDARY.encode()
    lines = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts)
    return lines + edge + b"--\r\n"


def free_port():
    """Return a port that nobody uses now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


def wait_until(condition, seconds, step=0.05):
    """Wait until `condition()` is true; return whether it became so."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


def plain(text):
    """Return the text of HTML without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))
