"""HTTP to a server of a rig, on one connection, with little work."""

import base64
import http.client
from contextlib import closing
from contextlib import suppress
from urllib.parse import parse_qs
from urllib.parse import urlencode
from urllib.parse import urlsplit

from netsight.async_.tests.local_http import HOST


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


MOST_ERRORS = 20


class ServerError(AssertionError):
    """An answer with a status of 400 or more."""


class Client:
    """One that keeps its connection open; `login` is (name, password)."""

    def __init__(self, port, login=None):
        self._connection = http.client.HTTPConnection(HOST, port, timeout=120)
        self._headers = {"Accept": "text/html,*/*;q=0.8"}
        if login is not None:
            text = base64.b64encode(":".join(login).encode()).decode()
            self._headers["Authorization"] = f"Basic {text}"

    def get(self, path):
        """Return the body; raises ServerError if it is an error."""
        return self._ask("GET", path)[1]

    def post(self, path, **form):
        """Return where the answer leads to."""
        body = urlencode(form)
        return self._ask("POST", path, body, FORM)[0]["Location"]

    def post_until(self, path, **form):
        """POST until it is answered without an error; return the errors.

        Zope gives up a request that conflicts too often.
        """
        for number in range(MOST_ERRORS):
            with suppress(ServerError):
                self.post(path, **form)
                return number
        raise ServerError(path)

    def start(self, view, **form):
        """Return the id of the process that a POST has started."""
        query = urlsplit(self.post(f"/{view}", **form)).query
        return parse_qs(query)["process_id"][0]

    def close(self):
        self._connection.close()

    def _ask(self, method, path, body=None, headers=None):
        self._connection.request(
            method, path, body, {**self._headers, **(headers or {})}
        )
        response = self._connection.getresponse()
        text = response.read()
        if response.status >= 400:
            raise ServerError(f"{path}: {response.status} {text[:500]}")
        return response.headers, text


def client(port, login=None):
    """Have a Client in a block."""
    return closing(Client(port, login))
