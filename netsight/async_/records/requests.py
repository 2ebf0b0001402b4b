"""A request to plain data and back.  The tables say what crosses."""

import sys
from contextlib import contextmanager
from io import BytesIO

from netsight.async_ import config
from netsight.async_.exceptions import LoginFieldsError
from netsight.async_.exceptions import RequestNotRepeatableError
from netsight.async_.records.body import take_body
from netsight.async_.records.parts import RequestSnapshot


BY_RULE = "netsight.async.by-rule"
"""In the environ of what a content rule has started, and of what that starts.

No header of a request from outside can have this name.
"""

KEPT_ENVIRON = {
    BY_RULE,
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
"""What crosses beside headers of HTTP."""

KEPT_HEADERS = {
    # What the client is, wants and sends.
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_CHARSET",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_CONTENT_DISPOSITION",
    "HTTP_CONTENT_ENCODING",
    "HTTP_CONTENT_LANGUAGE",
    "HTTP_DNT",
    "HTTP_LOCK_TOKEN",
    "HTTP_PREFER",
    "HTTP_SEC_GPC",
    "HTTP_SLUG",
    "HTTP_USER_AGENT",
    "HTTP_X_HTTP_METHOD_OVERRIDE",
    "HTTP_X_REQUESTED_WITH",
    # Where it comes from.
    "HTTP_ORIGIN",
    "HTTP_REFERER",
    "HTTP_SEC_FETCH_DEST",
    "HTTP_SEC_FETCH_MODE",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_SEC_FETCH_USER",
    # Which way it took.
    "HTTP_FORWARDED",
    "HTTP_HOST",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_SERVER",
    "HTTP_X_REAL_IP",
    # What logs call it.
    "HTTP_TRACEPARENT",
    "HTTP_TRACESTATE",
    "HTTP_X_CORRELATION_ID",
    "HTTP_X_REQUEST_ID",
}
"""Headers that cross; more are named by the setting `headers`.

It is a list of what may cross, as a proxy can call the header by which it says
who somebody is whatever it likes.
"""

USUAL_ENVIRON = {
    "QUERY_STRING": "",
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.url_scheme": "http",
}
"""What is not stored, as it is so in most requests behind a proxy."""

SECRET_FIELDS = ("__ac_name", "__ac_password", "__ac")
"""Form fields by which Products.PluggableAuthService logs somebody in."""


LOGIN_COOKIES = ("__ac", "__ac_name", "__ac_password", "auth_token")
"""Cookies by which Plone and plone.restapi know who is logged in."""


def take_request(request, connection, cookies=()):
    """Return a RequestSnapshot of a parsed Zope request.

    `connection` is the ZODB connection that will store it, and `cookies` the
    names of those that cross beside those of the setting.  Raises
    LoginFieldsError if the form would log somebody in,
    RequestNotRepeatableError if the body cannot be read a second time.
    """
    if any(name in request.form for name in SECRET_FIELDS):
        raise LoginFieldsError("the form has login fields")
    return RequestSnapshot(
        unusual(kept_environ(request.environ, cookies)),
        _take_body(request, connection),
    )


def unusual(environ):
    """Return a dict of what is to be stored of an environ that crosses."""
    return {
        name: value
        for name, value in environ.items()
        if USUAL_ENVIRON.get(name) != value
    }


def kept_environ(environ, cookies=()):
    """Return a dict of what crosses of an environ; `cookies` do, too."""
    names = {*KEPT_ENVIRON, *KEPT_HEADERS, *config.get("headers")}
    kept = {
        name: value
        for name, value in environ.items()
        if name in names and isinstance(value, str)
    }
    header = environ.get("HTTP_COOKIE", "")
    crossing = _kept_cookies(header, {*config.get("cookies"), *cookies})
    if crossing:
        kept["HTTP_COOKIE"] = crossing
    return kept


def _kept_cookies(header, allowed):
    return "; ".join(
        pair.strip()
        for pair in header.split(";")
        if pair.partition("=")[0].strip() in allowed
    )


def _take_body(request, connection):
    if request.method in ("GET", "HEAD"):
        return None
    with input_of(request) as stream:
        return take_body(stream, connection)


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
        **USUAL_ENVIRON,
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
