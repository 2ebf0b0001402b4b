"""Paths and outside URLs, for contexts of any kind."""

from urllib.parse import quote

from Acquisition import aq_parent


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
