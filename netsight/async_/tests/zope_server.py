"""A Zope without Plone in a process of its own, and HTTP to it."""

import json
import os
import re
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler
from urllib.request import Request

from netsight.async_.tests.instance import FILE_STORAGE
from netsight.async_.tests.instance import include
from netsight.async_.tests.instance import write_instance
from netsight.async_.tests.instance import zope_site
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import opener
from netsight.async_.tests.server_process import ServerProcess
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


BOUNDARY = "a-boundary-of-the-tests"

QUICK = {
    "NETSIGHT_ASYNC_BEAT_SECONDS": "1",
    "NETSIGHT_ASYNC_LEASE_SECONDS": "3",
    "NETSIGHT_ASYNC_STOP_SECONDS": "5",
}
"""Settings with which tests need not wait long."""


class ZopeServer(ServerProcess):
    """One instance in `directory`.

    Its database is a FileStorage of its own, or that of a ZeoServer.
    """

    site_zcml = zope_site(include("netsight.async_.tests", "crash.zcml"))

    name = "zope"

    def __init__(self, directory, zeo=None):
        super().__init__(directory)
        self.zeo = zeo
        storage = FILE_STORAGE if zeo is None else zeo.storage
        write_instance(self.directory, self.port, self.site_zcml, storage)

    @property
    def conf_path(self):
        return self.directory / "etc" / "zope.conf"

    @property
    def ini_path(self):
        return self.directory / "etc" / "zope.ini"

    def arguments(self):
        return "-m", "Zope2.Startup.serve", self.ini_path

    def launch(self, **environ):
        super().launch(**{**QUICK, **environ})

    def answers(self):
        return self.is_answered("/crash-states")

    def is_answered(self, path):
        """Tell whether a GET gets any answer."""
        with suppress(OSError, HTTPException):
            self.get(path)
            return True
        return False

    def open_blobs(self):
        """Return the paths of the blobs that it has open now."""
        paths = [
            link
            for pid in (self.os_process.pid, *self._children())
            for link in open_files(pid)
        ]
        return [path for path in paths if path.startswith(str(self.blobs))]

    def _children(self):
        pid = self.os_process.pid
        tasks = Path(f"/proc/{pid}/task/{pid}/children")
        return tasks.read_text().split()

    # HTTP

    def get(self, path):
        """Return (status, text) of a GET; raises OSError without answer."""
        status, _headers, body = self._open(Request(self.url(path)))
        return status, body.decode("utf-8", "replace")

    def get_bytes(self, path, headers=None):
        """Return (status, bytes) of a GET; raises OSError without answer."""
        request = Request(self.url(path), headers=headers or {})
        status, _headers, body = self._open(request)
        return status, body

    def start_job(self, view, upload=b"", **form):
        """POST to a view; return the id of the process that it started.

        Returns None if the answer is no redirect.  Raises OSError, or an
        HTTPException, if there is no whole answer.
        """
        media_type = f"multipart/form-data; boundary={BOUNDARY}"
        return self.start_job_with(view, multipart(form, upload), media_type)

    def start_job_with(self, view, body, media_type):
        """POST bytes, or chunks of them, to a view; else as `start_job`."""
        status, headers, _text = self.post(f"/{view}", body, media_type)
        if status != 302:
            return None
        query = parse_qs(urlsplit(headers["Location"]).query)
        return query["process_id"][0]

    def post(self, path, data=b"", media_type="application/octet-stream"):
        """Return (status, headers, text) of a POST; raises as `start_job`."""
        request = Request(self.url(path), data, {"Content-Type": media_type})
        status, headers, body = self._open(request)
        return status, headers, body.decode("utf-8", "replace")

    def states(self, *ids):
        """Return {process id: record} as `crash-states` tells them.

        Of these ids; without any, of all.
        """
        return json.loads(self.get(f"/crash-states?ids={'+'.join(ids)}")[1])

    def state(self, process_id):
        return self.states()[process_id]["state"]

    def wait_for(self, process_id, state):
        """Wait until a process is in a state, and return its record.

        Raises AssertionError if it never is.
        """
        if not wait_until(
            lambda: self.state(process_id) == state, WAIT_SECONDS
        ):
            raise AssertionError(self.states().get(process_id))
        return self.states()[process_id]

    def start_running(self, view, seconds):
        """Start a job that sleeps; return its id when it has begun."""
        process_id = self.start_job(view, seconds=seconds)
        if not wait_until(
            lambda: self.states()[process_id]["progress"] is not None,
            WAIT_SECONDS,
        ):
            raise AssertionError(self.states()[process_id])
        return process_id

    def url(self, path):
        return f"http://{HOST}:{self.port}{path}"

    def _open(self, request):
        try:
            with OPENER.open(request, timeout=WAIT_SECONDS) as response:
                return response.status, response.headers, response.read()
        except HTTPError as response:
            with response:
                return response.code, response.headers, response.read()


class NoRedirect(HTTPRedirectHandler):
    """Hands redirects to the caller."""

    def redirect_request(self, *args):
        return None


OPENER = opener(NoRedirect())


def open_files(pid):
    """Return the paths of all that a process has open."""
    paths = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        # It may be closed by now.
        with suppress(FileNotFoundError):
            paths.append(os.readlink(link))
    return paths


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


def plain(text):
    """Return the text of HTML without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))
