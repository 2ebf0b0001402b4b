"""The view that a process is of, and who may use it."""

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from zope.component import queryMultiAdapter


SERVICES = tuple(
    f"{method}_application_json_"
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
)
"""What plone.rest puts before the names of services when it registers them."""


def check_view(process, root, request):
    """Raise Unauthorized unless this user may use the view of a process.

    That is the permission that its pages ask for, at its context.  Where the
    context or the view is gone, there is none to ask for.
    """
    path, _slash, name = process.view_path.rpartition("/")
    context = root.unrestrictedTraverse(path or "/", None)
    view = None if context is None else _find(context, request, name)
    if view is None:
        return
    if not getSecurityManager().validate(context, context, name, view):
        raise Unauthorized(process.view_path)


def _find(context, request, name):
    """Return the view, or the service, of that name; None if it is gone."""
    names = (name, *(f"{prefix}{name}" for prefix in SERVICES))
    found = (queryMultiAdapter((context, request), name=n) for n in names)
    return next((view for view in found if view is not None), None)
