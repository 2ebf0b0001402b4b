"""Interfaces that say something of one request.

Those of a request come before all layers of a site, so that what is registered
for them is found first.
"""

from zope.interface import directlyProvidedBy
from zope.interface import directlyProvides


MARKED_MOST = 100
"""So many declarations are kept."""

_marked = {}
"""What a marked request provides, by the interface and what it had before.

zope.interface makes it anew for each request, and forgets it, with what was
looked up for it, when the request is over.
"""


def mark(request, interface):
    """Let a request provide an interface, before all others."""
    # Not `request.__provides__`: that could be a field of the form.
    before = request.__dict__.get("__provides__")
    # The layers of a request, and its class.
    key = interface, type(request), before and before.__bases__
    marked = _marked.get(key)
    if marked is not None:
        request.__provides__ = marked
        return
    directlyProvides(request, interface, directlyProvidedBy(request))
    if len(_marked) >= MARKED_MOST:
        _marked.clear()
    _marked[key] = request.__provides__
