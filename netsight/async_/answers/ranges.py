"""Which part of a result a client asks for (RFC 9110, 14)."""

from ZPublisher.HTTPRangeSupport import expandRanges
from ZPublisher.HTTPRangeSupport import parseRange

from netsight.async_.answers.headers import no_store
from netsight.async_.records.responses import header_of
from netsight.async_.records.responses import is_themed


OK = 200
RANGE_NOT_SATISFIABLE = 416

NO_PART = range(0)
"""Asked for, but not there."""


def tag_of(process):
    """Return the ETag of a result; its bytes are always the same."""
    own = header_of(process.response, "ETag")
    return own or f'"{process.id}"'


def has_parts(snapshot):
    """Tell whether a part of a ResponseSnapshot can be asked for.

    Not of what is themed: only then is it known what will be sent.
    """
    return snapshot.status == OK and not is_themed(snapshot)


def asked_part(request, process):
    """Return the range of bytes that a request asks for, or None for all.

    NO_PART where there is no such part.  Who asks for several gets all.
    """
    snapshot = process.response
    header = request.getHeader("Range")
    is_asked = request.method == "GET" and header and snapshot.body.size
    if not is_asked or not has_parts(snapshot) or _is_other(request, process):
        return None
    asked = parseRange(header)
    if asked is None or len(asked) != 1:
        return None
    for start, stop in expandRanges(asked, snapshot.body.size):
        # More last bytes than there are.
        return range(max(start, 0), stop)
    return NO_PART


def _is_other(request, process):
    """Tell whether a client has a part of something else.

    By a date it cannot know, nor by a weak tag.
    """
    known = request.getHeader("If-Range")
    tag = tag_of(process)
    return bool(known) and (known != tag or tag.startswith("W/"))


def tell_parts(response, process):
    """Tell a client that, and how, it can ask for parts of a result."""
    if has_parts(process.response):
        response.setHeader("Accept-Ranges", "bytes")
        response.setHeader("ETag", tag_of(process))


def refuse_part(response, process):
    """Set that there is no such part; return the body of the answer."""
    no_store(response)
    response.setStatus(RANGE_NOT_SATISFIABLE)
    response.setHeader(
        "Content-Range", f"bytes */{process.response.body.size}"
    )
    return b""
