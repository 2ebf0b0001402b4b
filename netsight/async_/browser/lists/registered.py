"""The async views that ZCML has registered: their names, titles, queues."""

from collections import Counter

from zope.component import getGlobalSiteManager
from zope.i18nmessageid import Message

from netsight.async_.browser.lists.rows import SERVICE
from netsight.async_.interfaces import IAsyncView


INTERNAL = "netsight.async."
"""What the names of views begin with that nobody opens."""


def registered_views():
    """Return {name: title} of all that have a name."""
    return _titles(_registrations())


def views_for(request):
    """Return the same of those alone that may answer a request, and like it.

    A site may not have the layer of others, and services are no views.
    """
    return _titles(
        adapter
        for adapter in _registrations()
        if SERVICE not in adapter.name
        and not adapter.name.startswith(INTERNAL)
        and adapter.required[-1].providedBy(request)
    )


def named_queues():
    """Return a set of the queues that views name."""
    queues = (
        getattr(each.factory, "queue", None) for each in _registrations()
    )
    return {queue for queue in queues if isinstance(queue, str)}


def told_apart(titles):
    """Return a dict of titles by name in which no two are the same."""
    times = Counter(titles.values())
    return {
        name: title if times[title] == 1 else f"{title} ({name})"
        for name, title in titles.items()
    }


def _registrations():
    return [
        adapter
        for adapter in getGlobalSiteManager().registeredAdapters()
        if IAsyncView.implementedBy(adapter.factory)
    ]


def _titles(adapters):
    return {
        each.name: _title(each.factory) or each.name
        for each in adapters
        if each.name
    }


def _title(view):
    title = getattr(view, "title", None)
    return title if isinstance(title, (str, Message)) else None
