"""Relative addresses in a result lead where the view's own would have led.

A result is shown at another depth than the view, and maybe by another host.
"""

import re
from html import escape
from urllib.parse import urljoin

from netsight.async_.context import url_of_path
from netsight.async_.records.responses import ADDRESS
from netsight.async_.records.responses import header_of
from netsight.async_.records.responses import is_relative
from netsight.async_.records.responses import location_of


HAS_BASE = re.compile(rb"<base\b", re.IGNORECASE)

RELATIVE = re.compile(
    rb"""\s(?:href|src|action|formaction)\s*=\s*["']?"""
    rb"""(?!\s|["'/#>]|[a-z][a-z0-9+.-]*:)""",
    re.IGNORECASE,
)
"""An attribute that needs a base; one that is empty means the page itself."""

FRAGMENT = re.compile(rb"""(\shref\s*=\s*["']?)(?=#)""", re.IGNORECASE)
"""Before a link to a part of the page."""

BEFORE_BASE = (
    re.compile(rb"<head\b[^>]*>", re.IGNORECASE),
    re.compile(rb"<html\b[^>]*>", re.IGNORECASE),
    re.compile(rb"<!doctype\b[^>]*>", re.IGNORECASE),
)
"""What a base is put behind: the first of these that a page has."""


def made_absolute(snapshot, body, request):
    """Set Location if it is relative; return the body to publish.

    By the address of the request that the process is the answer to, as
    `request` sees it from outside.
    """
    address = header_of(snapshot, ADDRESS)
    if address is None:
        return body
    url, response = url_of_path(address, request), request.response
    location = location_of(snapshot)
    if is_relative(location):
        response.setHeader("Location", urljoin(url, location))
    if isinstance(body, bytes) and needs_base(body):
        body = with_base(body, url, own_url(request))
        response.setHeader("Content-Length", str(len(body)))
    return body


def needs_base(html):
    """Tell whether a page (bytes) has relative addresses, and no base."""
    return bool(RELATIVE.search(html)) and not HAS_BASE.search(html)


def with_base(html, url, own):
    """Return a page (bytes) with a base element for a URL.

    Links to parts of the page get its `own` URL; the base would lead them
    elsewhere.
    """
    html = FRAGMENT.sub(lambda match: match[0] + _quoted(own), html)
    found = (pattern.search(html) for pattern in BEFORE_BASE)
    place = next((each.end() for each in found if each), 0)
    base = b'<base href="%s" />' % _quoted(url)
    return html[:place] + base + html[place:]


def own_url(request):
    """Return the URL of a request, with its query."""
    query = request.environ.get("QUERY_STRING", "")
    return f"{request['ACTUAL_URL']}?{query}"


def _quoted(url):
    return escape(url, quote=True).encode("ascii", "xmlcharrefreplace")
