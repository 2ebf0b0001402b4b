"""The header Idempotency-Key: the same request twice is one process.

See draft-ietf-httpapi-idempotency-key-header.  Keys and requests are kept as
digests only: either may hold what nobody else shall read.
"""

import hashlib
import json
import re

from netsight.async_.exceptions import AnonymousKeyError
from netsight.async_.exceptions import BadIdempotencyKeyError
from netsight.async_.records.body import COPY_BYTES
from netsight.async_.records.owners import current_owner
from netsight.async_.records.parts import Idempotency
from netsight.async_.records.requests import input_of


HEADER = "Idempotency-Key"

KEY_CHARS = 255
"""A longer key is refused."""

STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
"""A String of structured fields (RFC 9651, 3.3.3)."""

TOKEN = re.compile(r"[!#$%&'*+.^_`|~:/=0-9A-Za-z-]+")
"""What clients send that forget the quotes."""


def idempotency_of(view):
    """Return the Idempotency of a start request, None if it has no key.

    Raises BadIdempotencyKeyError for a malformed key, AnonymousKeyError for
    a visitor who is not logged in.
    """
    header = view.request.getHeader(HEADER)
    if header is None:
        return None
    owner, key = current_owner(), parsed_key(header)
    if owner.is_anonymous:
        # Whoever guesses the key of somebody else would see their result.
        raise AnonymousKeyError(view.async_view_path)
    scope = [*owner, view.async_view_path, key]
    return Idempotency(
        hashlib.sha256(json.dumps(scope).encode()).hexdigest(),
        digest_of(view.request, key),
    )


def parsed_key(header):
    """Return the key in a header; raises BadIdempotencyKeyError."""
    header = header.strip()
    string = STRING.fullmatch(header)
    if string:
        key = re.sub(r"\\(.)", r"\1", string[1])
    else:
        key = header if TOKEN.fullmatch(header) else ""
    if not 0 < len(key) <= KEY_CHARS:
        raise BadIdempotencyKeyError("not a string of 1 to 255 characters")
    return key


def digest_of(request, key):
    """Return the SHA-256 of all that makes two requests the same.

    That is method, address, type and body, byte for byte.  The body is never
    in memory as a whole.  With the key in it, which is not stored, nobody
    finds out a short body by trying.
    """
    environ = request.environ
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE")
    head = json.dumps([key, *(environ.get(name, "") for name in names)])
    digest = hashlib.sha256(head.encode() + b"\n")
    if request.method in ("GET", "HEAD"):
        return digest.hexdigest()
    with input_of(request) as stream:
        for chunk in iter(lambda: stream.read(COPY_BYTES), b""):
            digest.update(chunk)
    return digest.hexdigest()
