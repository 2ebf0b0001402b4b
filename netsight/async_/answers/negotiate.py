"""What a client asks for: Accept (RFC 9110, 12.5.1) and Prefer (RFC 7240)."""

import re
from urllib.request import parse_http_list


HEADER_CHARS = 2000
"""A longer header is not read."""

JSON = ("application/json", "application/problem+json")
HTML = ("text/html", "application/xhtml+xml", "text/*")

RESPOND_ASYNC = "respond-async"

WAIT = "wait"
"""How long a client would wait for the answer itself; nothing waits here."""

QUALITY = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.I)


def is_program(request):
    """Tell whether a request is answered with 202 and JSON, not with pages."""
    return prefers_async(request) or prefers(request, JSON, HTML)


def prefers_async(request):
    """Tell whether a request has ``Prefer: respond-async``."""
    return RESPOND_ASYNC in map(_name_of, _parts(request, "Prefer"))


def _name_of(preference):
    return re.split("[;=]", preference, maxsplit=1)[0].strip().lower()


def other_preferences(request):
    """Return the header Prefer without what asks for a later answer."""
    others = (
        preference
        for preference in _parts(request, "Prefer")
        if _name_of(preference) not in (RESPOND_ASYNC, WAIT)
    )
    return ", ".join(others)


def prefers(request, types, others):
    """Tell whether a request accepts one of `types` rather than of `others`.

    A type counts only if it is named, so that ``*/*`` says nothing.  Of two
    with one quality the first wins.
    """
    accept = (request.getHeader("Accept") or "").lower()
    if not any(each in accept for each in types):
        # As of browsers, most often.
        return False
    wanted = _rank(request, types)
    return wanted > max(_rank(request, others), NOT_AT_ALL)


NOT_AT_ALL = (0.0, 0)


def _rank(request, types):
    """Return (quality, position) of the best of `types`; more is better."""
    ranks = [NOT_AT_ALL]
    for position, media_range in enumerate(_parts(request, "Accept"), 1):
        media_type, *parameters = media_range.split(";")
        if media_type.strip().lower() in types:
            ranks.append((_quality(parameters), -position))
    return max(rank for rank in ranks if rank[0] or rank is NOT_AT_ALL)


def _quality(parameters):
    """Return the weight of a media range; 0 for one that is malformed."""
    for parameter in parameters:
        if parameter.strip().lower().startswith("q"):
            match = QUALITY.fullmatch(parameter.strip())
            return float(match[1]) if match else 0.0
    return 1.0


def _parts(request, name):
    header = request.getHeader(name) or ""
    return parse_http_list(header) if len(header) <= HEADER_CHARS else []
