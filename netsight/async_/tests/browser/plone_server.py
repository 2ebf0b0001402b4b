"""A Plone site in a Zope of its own, and a proxy that sets headers."""

import json
import os
import subprocess
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path

from netsight.async_.tests.browser.views import STEPS
from netsight.async_.tests.instance import include
from netsight.async_.tests.instance import plone_site
from netsight.async_.tests.instance import zconsole
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.zope_server import ZopeServer


CREATE_SITE = Path(__file__).parents[4] / "tools" / "create_site.py"

FILL_SITE = Path(__file__).with_name("fill_site.py")

THREADS = 2
"""How many processes run at once."""


class PloneServer(ZopeServer):
    """The site /Plone with the user admin; the Zope root is without theme."""

    site_zcml = plone_site(
        include("netsight.async_.examples"),
        include("netsight.async_.tests.browser", "testing.zcml"),
        include("netsight.async_.browser.tests", "plone_lasting.zcml"),
    )

    def answers(self):
        return self.is_answered("/Plone")

    def create_site(self):
        """Create the site; Zope must not run."""
        command = zconsole(self.conf_path, CREATE_SITE)
        subprocess.run(command, check=True, cwd=self.directory)

    @property
    def steps_directory(self):
        return self.directory / "steps"

    def launch(self, **environ):
        cache = self.directory / "var" / "cache"
        for directory in (self.steps_directory, cache):
            directory.mkdir(exist_ok=True)
        super().launch(
            **{
                STEPS: str(self.steps_directory),
                "CHAMELEON_CACHE": str(cache),
                "NETSIGHT_ASYNC_THREADS": str(THREADS),
                **environ,
            }
        )


class Steps:
    """What one process shall do; the test writes it bit by bit."""

    def __init__(self, server, name):
        self.name = name
        self.path = server.steps_directory / name
        self.path.touch()

    def show(self, progress, message=None):
        """Have it tell a number (or None) and a message."""
        self._write(progress=progress, message=message)

    def end(self, text="It is done."):
        """Have it return a text."""
        self._write(end=text)

    def download(self, text):
        """Have it return a file to save."""
        self._write(file=text)

    def fail(self, text):
        """Have it raise ValueError."""
        self._write(**{"raise": text})

    def log(self, text):
        """Have it log a line."""
        self._write(log=text)

    def refuse(self, text):
        """Have it fail with a reason for its user."""
        self._write(refuse=text)

    def _write(self, **step):
        with self.path.open("a") as lines:
            lines.write(json.dumps(step) + "\n")


class HeaderProxy(ThreadingHTTPServer):
    """Hands all requests to a port of this machine, and adds headers."""

    daemon_threads = True

    def __init__(self, port, headers):
        super().__init__((HOST, 0), _Handler)
        self.port = port
        self.headers = headers
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://{HOST}:{self.server_port}"

    def stop(self):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        upstream = HTTPConnection(HOST, self.server.port)
        upstream.request(
            self.command, self.path, self.rfile.read(length), self.headers
        )
        answer = upstream.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        upstream.close()

    do_POST = do_HEAD = do_GET

    def log_message(self, *args):
        pass


def is_root():
    """Whether Chromium must do without its sandbox."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
