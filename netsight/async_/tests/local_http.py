"""Ports of this machine, and HTTP to them.  Needs only Python."""

import socket
from contextlib import suppress
from urllib.error import HTTPError
from urllib.request import ProxyHandler
from urllib.request import build_opener


HOST = "127.0.0.1"
ANSWER_SECONDS = 30


def opener(*handlers):
    """Return an opener that asks no proxy, whatever the environment names."""
    return build_opener(ProxyHandler({}), *handlers)


OPENER = opener()


def answers(url):
    """Whether a URL answers with success; raises HTTPError for a 4xx."""
    try:
        with OPENER.open(url, timeout=ANSWER_SECONDS) as response:
            return response.status == 200
    except HTTPError as error:
        if error.code < 500:
            raise
        return False
    except OSError:
        return False


def free_port():
    """Return a port that nobody uses now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


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


def is_open(port, host=HOST):
    """Whether somebody listens on a port."""
    with suppress(OSError):
        socket.create_connection((host, port), 1).close()
        return True
    return False
