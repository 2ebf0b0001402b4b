"""Where a context is: its site, its path, and its URL from outside."""

from urllib.parse import quote

from Acquisition import aq_chain
from Acquisition import aq_parent
from zope.component.interfaces import ISite


def site_of(context):
    """Return the nearest ISite at or above `context`, or None.

    Unlike `getSite` it does not depend on what this thread did before.
    """
    sites = (each for each in aq_chain(context) if ISite.providedBy(each))
    return next(sites, None)


def context_path(context):
    """Return the path of any context, with a leading slash; "" for the root.

    Contexts that are no Zope objects are named by their ``__name__`` and
    parents.
    """
    names = []
    while context is not None:
        if hasattr(context, "getPhysicalPath"):
            return "/".join([*context.getPhysicalPath(), *reversed(names)])
        names.append(getattr(context, "__name__", None) or "?")
        context = getattr(context, "__parent__", aq_parent(context))
    return "/".join(["", *reversed(names)])


def context_url(context, request):
    """Return the outside URL of any context."""
    if hasattr(context, "absolute_url"):
        return context.absolute_url()
    parent = context_url(context.__parent__, request)
    return f"{parent}/{quote(context.__name__)}"
