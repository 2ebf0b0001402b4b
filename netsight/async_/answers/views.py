"""The view that a process is of, and who may use it."""

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from Acquisition import aq_base
from zope.component import queryMultiAdapter
from zope.location.interfaces import LocationError
from zope.traversing.namespace import namespaceLookup
from zope.traversing.namespace import nsParse

from netsight.async_.context import found_at
from netsight.async_.records.owners import SEE
from netsight.async_.records.owners import check_may
from netsight.async_.records.owners import is_of_visitor
from netsight.async_.records.owners import may
from netsight.async_.records.owners import may_change


SERVICES = tuple(
    f"{method}_application_json_"
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
)
"""What plone.rest puts before the names of services when it registers them."""


def find_view(process, root, request):
    """Return the view, or the service, of a process; None if it is gone.

    So it is if the context is.
    """
    context, is_there = _find_context(process, root)
    if not is_there:
        return None
    step = process.view_path.rpartition("/")[2]
    namespace, name = nsParse(step)
    if namespace:
        return _find_in_namespace(namespace, name, context, request)
    names = (name, *(f"{prefix}{name}" for prefix in SERVICES))
    found = (queryMultiAdapter((context, request), name=n) for n in names)
    return next((view for view in found if view is not None), None)


def _find_in_namespace(namespace, name, context, request):
    try:
        return namespaceLookup(namespace, name, context, request)
    except LocationError:
        return None


def is_context_gone(process, root):
    """Tell whether the context of a process is not there any more.

    False for one that only a request could find, such as what a view makes.
    """
    context, is_there = _find_context(process, root)
    if is_there:
        return False
    depth = len(context.getPhysicalPath())
    name = process.view_path.split("/")[depth]
    there = context.unrestrictedTraverse(name, None)
    return there is None or hasattr(aq_base(there), "getPhysicalPath")


def may_use(view):
    """Tell whether this request's user has the permission of a view."""
    context, name = view.context, view.__name__
    try:
        getSecurityManager().validate(context, context, name, view)
    except Unauthorized:
        return False
    return True


def check_view(process, root, request):
    """Raise Unauthorized unless this request's user may have the result.

    As in `may_see_somewhere`, for those who may see the process already.
    """
    if is_of_visitor(process):
        return
    view = find_view(process, root, request)
    if view is not None and not may_use(view):
        raise Unauthorized(process.view_path)


def may_see_somewhere(process, root, request):
    """Tell whether this request's user may see a process away from its view.

    Owners may, always: what they started may have locked them out.  All others
    must have the permission to see processes at the context, or at the nearest
    parent that is left, and that of the view, if that is there.
    """
    if is_of_visitor(process):
        return True
    context, _is_there = _find_context(process, root)
    if not may(SEE, context):
        return False
    view = find_view(process, root, request)
    return view is None or may_use(view)


def may_do(action, process, root):
    """Tell whether this request's user may do an action to a process.

    Owners may; others need the permission where it was started, or at the
    nearest parent that is left.
    """
    return may_change(action, process, _find_context(process, root)[0])


def check_may_do(action, process, root):
    """Raise NotAllowedError if `may_do` says no."""
    check_may(action, process, _find_context(process, root)[0])


def _find_context(process, root):
    """Return (context or nearest parent, whether it is the context)."""
    path = process.view_path.rpartition("/")[0]
    context, found = found_at(root, path)
    return context, found == path
