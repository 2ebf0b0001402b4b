"""Start a web server, wait until it answers, stop it. Needs only Python."""

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from contextlib import suppress
from urllib.error import HTTPError
from urllib.error import URLError
from urllib.request import ProxyHandler
from urllib.request import build_opener


HOST = "127.0.0.1"
STOP_SECONDS = 30
OPENER = build_opener(ProxyHandler({}))
"""Speaks to this machine, whatever proxies the environment names."""


def port_problem(port):
    """Return why a server cannot listen on a port, or None if it can."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OverflowError:
            return "The largest port is 65535"
        except OSError as error:
            return error.strerror
    return None


def free_port():
    """Return a port that nobody uses now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


def answers(url):
    """Whether a URL answers with success."""
    try:
        with OPENER.open(url, timeout=30) as response:
            return response.status == 200
    except HTTPError as error:
        if error.code < 500:
            raise
        return False
    except (URLError, OSError):
        return False


def wait_until(condition, seconds, step=0.2):
    """Wait until `condition()` is true; return whether it became so."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


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
