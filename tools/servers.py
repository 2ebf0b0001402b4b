"""Start a web server, wait until it answers, stop it. Needs only Python."""

import os
import signal
import subprocess
from contextlib import contextmanager
from contextlib import suppress

import checkout  # noqa: F401  puts netsight.async_ on the path

from netsight.async_.tests.local_http import answers
from netsight.async_.tests.waiting import wait_until


STOP_SECONDS = 30


@contextmanager
def running(command, url, seconds=120, **kwargs):
    """Run a server in a block that begins when the URL answers."""
    # of its own session, so that what it starts can be stopped with it
    server = subprocess.Popen(command, start_new_session=True, **kwargs)
    try:
        wait_until(lambda: server.poll() is not None or answers(url), seconds)
        if server.poll() is not None:
            raise SystemExit(f"The server ended with {server.returncode}.")
        if not answers(url):
            raise SystemExit(f"{url} did not answer in {seconds} seconds.")
        yield server
    finally:
        stop(server)


def stop(server):
    """End a server that `running` started, and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
