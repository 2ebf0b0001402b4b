"""A response to plain data and back.  The table says what does not cross."""

import tempfile
from io import BytesIO
from itertools import chain
from urllib.parse import urlsplit

from ZPublisher.Iterators import IUnboundStreamIterator

from netsight.async_.records.body import COPY_BYTES
from netsight.async_.records.body import SPOOL_BYTES
from netsight.async_.records.body import take_body
from netsight.async_.records.parts import ResponseSnapshot


DROPPED_RESPONSE_HEADERS = {
    # Made anew when the response is sent.
    "content-length",
    "date",
    "server",
    "x-powered-by",
    # For caches, which must not keep a result; `no-store` is set instead, and
    # some caches obey these rather than that.
    "cache-control",
    "cdn-cache-control",
    "expires",
    "pragma",
    "surrogate-control",
    "x-accel-expires",
    # Said anew: parts of the stored body are sent, not of what made it.
    "accept-ranges",
    # Of the connection (RFC 9110, 7.6.1).
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}

THEMED_TYPES = ("text/html", "application/xhtml+xml")
"""Bodies of these types go through Plone's transforms when they are sent."""

ADDRESS = ":address"
"""Stored with the headers: the path that relative addresses begin at.

Only with a response that may have some.  No header can have this name.
"""

PARTIAL_CONTENT = 206


def take_response(response, connection):
    """Return a ResponseSnapshot of a JobResponse, and empty the response.

    `connection` is the ZODB connection that will store it.  Raises what a
    stream iterator raises while it is read, TypeError if it yields no bytes,
    and UnicodeEncodeError for a header that cannot be sent (PEP 3333 asks for
    latin-1).
    """
    status, headers = response.finalize()
    code, _space, reason = status.partition(" ")
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in DROPPED_RESPONSE_HEADERS
    ]
    for text in (reason, *chain.from_iterable(kept)):
        text.encode("latin-1")
    address = response.address
    with _output(*response.detach()) as output:
        body = take_body(output, connection)
    snapshot = ResponseSnapshot(int(code), reason, kept, body)
    if address and (is_themed(snapshot) or is_relative(location_of(snapshot))):
        kept.append((ADDRESS, address))
    return snapshot


def _output(written, body):
    """Return an open file with what was written, and the body behind it."""
    output = written
    if not written.tell():
        if isinstance(body, bytes):
            return BytesIO(body)
        output = tempfile.SpooledTemporaryFile(SPOOL_BYTES)
    try:
        for chunk in _chunks(body):
            output.write(chunk)
    except BaseException:
        output.close()
        raise
    return output


def _chunks(body):
    if isinstance(body, bytes):
        yield body
        return
    try:
        if IUnboundStreamIterator.providedBy(body):
            yield from _unbound_chunks(body)
        else:
            yield from iter(lambda: body.read(COPY_BYTES), b"")
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def _unbound_chunks(body):
    # An IUnboundStreamIterator has __next__, but need not have __iter__.
    while True:
        try:
            yield next(body)
        except StopIteration:
            return


def replay(snapshot, response, part=None):
    """Set status and headers of `response`, and return the body to publish.

    The body is bytes, or a Download; of a `part`, a range of its bytes, if
    there is one.  Raises OSError or POSKeyError, and sets nothing, if the body
    cannot be read.
    """
    size = snapshot.body.size
    body = _readable(snapshot, part)
    seen = set()
    for name, value in snapshot.headers:
        if name == ADDRESS:
            continue
        if name.lower() in seen or name.lower() == "set-cookie":
            response.addHeader(name, value)
        else:
            response.setHeader(name, value)
            seen.add(name.lower())
    if part is None:
        response.setHeader("Content-Length", str(size))
        response.setStatus(snapshot.status, snapshot.reason)
    else:
        response.setHeader("Content-Length", str(len(part)))
        place = f"{part.start}-{part.stop - 1}/{size}"
        response.setHeader("Content-Range", f"bytes {place}")
        response.setStatus(PARTIAL_CONTENT)
    return body


def _readable(snapshot, part):
    if is_themed(snapshot):
        return snapshot.body.read()
    return snapshot.body.publish(part)


def is_themed(snapshot):
    """Tell whether Plone may send another body than the one stored."""
    content_type = header_of(snapshot, "Content-Type") or ""
    return content_type.startswith(THEMED_TYPES)


def is_download(snapshot):
    """Tell whether browsers save a response as a file."""
    disposition = header_of(snapshot, "Content-Disposition") or ""
    return disposition.lower().startswith("attachment")


def location_of(snapshot):
    """Return where a response redirects to, or None."""
    return header_of(snapshot, "Location")


def is_relative(address):
    """Tell whether an address (str, or None) is nothing without a base."""
    if not address or address.startswith("/"):
        return False
    return not urlsplit(address).scheme


def header_of(snapshot, name):
    """Return the first header of a name, or None."""
    found = (v for n, v in snapshot.headers if n.lower() == name.lower())
    return next(found, None)
