"""Plone behind nginx as in docs/howto/with-volto, with a stand-in for Volto.

Volto itself is not here.  What stands in for it answers each address with a
page of its own, as Volto does with those that it does not know.
"""

import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright
from plone.testing import Layer

from netsight.async_.tests.browser.plone_server import PloneServer
from netsight.async_.tests.browser.plone_server import is_root
from netsight.async_.tests.browser.support import FLAGS
from netsight.async_.tests.browser.support import chromium_path
from netsight.async_.tests.documents import DOCS
from netsight.async_.tests.instance import zconsole
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import is_open
from netsight.async_.tests.server_process import ServerProcess


RECIPE = DOCS / "howto" / "with-volto"

INSTALL = Path(__file__).with_name("install_background.py")

NGINX_CONF = """\
daemon off;
{user}
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/etc/site.conf;
}}
"""


def nginx_path():
    """Return the path of nginx, or None."""
    return shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/bin")


class VoltoPloneServer(PloneServer):
    """A site with the profile "Background actions"."""

    def create_site(self):
        super().create_site()
        command = zconsole(self.conf_path, INSTALL)
        subprocess.run(command, check=True, cwd=self.directory)


class Frontend(ThreadingHTTPServer):
    """Stands in for Volto."""

    daemon_threads = True

    def __init__(self):
        super().__init__((HOST, 0), _FrontendHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class _FrontendHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>Volto</title><h1>Volto</h1>")

    do_POST = do_HEAD = do_GET

    def log_message(self, *args):
        pass


class Nginx(ServerProcess):
    """What docs/howto/with-volto/nginx.conf says, with other ports."""

    name = "nginx"

    def __init__(self, directory, backend, frontend):
        super().__init__(directory)
        text = (RECIPE / "nginx.conf").read_text("utf-8")
        for before, after in (
            ("127.0.0.1:8080", f"{HOST}:{backend}"),
            ("127.0.0.1:3000", f"{HOST}:{frontend}"),
            ("listen 80;", f"listen {HOST}:{self.port};"),
        ):
            assert before in text, before
            text = text.replace(before, after)
        etc = self.directory / "etc"
        (etc / "site.conf").write_text(text)
        user = "user root;" if is_root() else ""
        conf = NGINX_CONF.format(directory=self.directory, user=user)
        (etc / "nginx.conf").write_text(conf)

    @property
    def url(self):
        return f"http://{HOST}:{self.port}"

    def launch(self):
        self.log_path.touch()
        conf = self.directory / "etc" / "nginx.conf"
        self.os_process = subprocess.Popen(
            [nginx_path(), "-p", self.directory, "-c", conf]
        )

    def answers(self):
        return is_open(self.port)


class VoltoLayer(Layer):
    """All of it, and a running Chromium."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self["server"] = server = VoltoPloneServer(f"{self.folder.name}/zope")
        server.create_site()
        server.start()
        self.frontend = Frontend()
        ports = server.port, self.frontend.server_port
        self["nginx"] = Nginx(f"{self.folder.name}/nginx", *ports)
        self["nginx"].start()
        self.playwright = sync_playwright().start()
        self["chromium"] = self.playwright.chromium.launch(
            executable_path=chromium_path(),
            args=FLAGS + ["--no-sandbox"] * is_root(),
        )

    def tearDown(self):
        self["chromium"].close()
        self.playwright.stop()
        # It ends its workers, too.
        self["nginx"].terminate()
        self["nginx"].wait(30)
        self.frontend.stop()
        self["server"].kill()
        self.folder.cleanup()


VOLTO_LAYER = VoltoLayer(name="AsyncViews:Volto")
