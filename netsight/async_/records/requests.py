"""A request to plain data and back.  The tables say what crosses."""

import re
import sys
from contextlib import contextmanager
from io import BytesIO

from netsight.async_ import config
from netsight.async_.exceptions import LoginFieldsError
from netsight.async_.exceptions import RequestNotRepeatableError
from netsight.async_.records.body import Body
from netsight.async_.records.parts import RequestSnapshot


KEPT_ENVIRON = {
    "CONTENT_TYPE",
    "HTTPS",
    "PATH_INFO",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REQUEST_METHOD",
    "REQUEST_SCHEME",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PORT_SECURE",
    "SERVER_PROTOCOL",
    "SERVER_URL",
    "wsgi.url_scheme",
}
"""What crosses beside the HTTP headers."""

DROPPED_HEADERS = {
    # Conditions on an answer that nobody has yet (RFC 9110, 13.1 and 14.2).
    "HTTP_IF_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_RANGE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_RANGE",
    # Of the connection or the server (RFC 9110, 7.6.1).
    "HTTP_CONNECTION",
    "HTTP_CONTENT_LENGTH",
    "HTTP_EXPECT",
    "HTTP_KEEP_ALIVE",
    "HTTP_TE",
    "HTTP_TRAILER",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_UPGRADE",
    # The result is stored as it is and encoded when it is fetched.
    "HTTP_ACCEPT_ENCODING",
    # Credentials; the cookies of the setting `cookies` are put back.
    "HTTP_COOKIE",
}

SECRET_HEADER = re.compile(
    r"AUTH|COOKIE|CREDENTIAL|JWT|KEY|PASSW|REMOTE_USER|SECRET|SESSION|SSL"
    r"|TICKET|TOKEN|USER(_?NAME|_?ID)?$"
)
"""Headers by which proxies and clients tell who somebody is."""

SECRET_FIELDS = ("__ac_name", "__ac_password")
"""Form fields by which Products.PluggableAuthService logs somebody in."""


def take_request(request, connection):
    """Return a RequestSnapshot of a parsed Zope request.

    `connection` is the ZODB connection that will store it.  Raises
    LoginFieldsError if the form holds a password, RequestNotRepeatableError
    if the body cannot be read a second time.
    """
    if any(name in request.form for name in SECRET_FIELDS):
        raise LoginFieldsError("the form has login fields")
    return RequestSnapshot(
        _kept_environ(request.environ), _take_body(request, connection)
    )


def _kept_environ(environ):
    kept = {
        name: value
        for name, value in environ.items()
        if isinstance(value, str) and _may_cross(name)
    }
    cookies = _kept_cookies(environ.get("HTTP_COOKIE", ""))
    if cookies:
        kept["HTTP_COOKIE"] = cookies
    return kept


def _may_cross(name):
    if not name.startswith("HTTP_"):
        return name in KEPT_ENVIRON
    return name not in DROPPED_HEADERS and not SECRET_HEADER.search(name)


def _kept_cookies(header):
    allowed = config.get("cookies")
    return "; ".join(
        pair.strip()
        for pair in header.split(";")
        if pair.partition("=")[0].strip() in allowed
    )


def _take_body(request, connection):
    if request.method in ("GET", "HEAD"):
        return None
    with input_of(request) as stream:
        return Body.from_file(stream, connection)


@contextmanager
def input_of(request):
    """Open the body of a parsed request, in a block, as a file at its start.

    Raises RequestNotRepeatableError if it cannot be read a second time.
    """
    stream = request.stdin
    try:
        # Not `tell`: the input that WebTest wraps has only `seek`.
        position = stream.seek(0, 1)
        stream.seek(0)
    except (AttributeError, OSError) as exc:
        raise RequestNotRepeatableError(
            "wsgi.input of this server cannot be read twice"
        ) from exc
    try:
        yield stream
    finally:
        stream.seek(position)


def open_environ(snapshot):
    """Return the WSGI environ (a dict) to publish a RequestSnapshot again.

    Its ``wsgi.input`` is an open file, which the caller closes.
    """
    body = snapshot.body
    return {
        **snapshot.environ,
        # PEP 3333: bytes in the guise of latin-1.
        "PATH_INFO": _as_wsgi(snapshot.environ.get("PATH_INFO", "/")),
        "CONTENT_LENGTH": str(body.size if body else 0),
        "wsgi.input": body.open() if body else BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        # Errors come out as they are, not as rendered pages.
        "x-wsgiorg.throw_errors": True,
        # Theming is done when the result is fetched.
        "plone.transformchain.disable": True,
    }


def _as_wsgi(path):
    return path.encode("utf-8").decode("latin-1")
