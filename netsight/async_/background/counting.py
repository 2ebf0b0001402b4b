"""How many objects an action concerns, asked of the catalog."""

from functools import partial
from json import loads

from AccessControl import getSecurityManager
from OFS.CopySupport import _cb_decode
from plone.base.defaultpage import check_default_page_via_view
from plone.registry.interfaces import IRegistry
from Products.CMFCore.utils import getToolByName
from zExceptions import NotFound
from zope.component import getMultiAdapter
from zope.component import getUtility
from zope.component import queryUtility
from zope.intid.interfaces import IIntIds

from netsight.async_.background.interfaces import IBackgroundActions


PREFIX = "netsight.async.background"
"""Of the names of the records that have the settings."""

MISSING = (AttributeError, KeyError, NotFound)
"""What a path that leads nowhere raises."""


def is_in_background(action, count):
    """Tell whether a site has an action of so many objects in the background.

    `action` is one of `actions.ACTIONS`; `count` is called for their number,
    but only where the site wants that action.
    """
    registry = getUtility(IRegistry)
    # Its fields may be more than those of the profile that was installed.
    settings = registry.forInterface(
        IBackgroundActions, check=False, prefix=PREFIX
    )
    is_on = action in (settings.actions or ())
    return is_on and count() > settings.threshold


def is_site_in_background(action, context):
    """Tell the same of an action on all objects of a site."""
    return is_in_background(action, partial(count_site, context))


def count_site(context):
    """Return how many objects a site has.

    They are counted by two tools, as one of them may be about to be rebuilt.
    """
    catalog = getToolByName(context, "portal_catalog")
    intids = queryUtility(IIntIds)
    return max(len(catalog), 0 if intids is None else len(intids))


def above_threshold(action, count):
    """Return a `when` for `in_background`, by what counts objects of a view.

    `action` is one of `actions.ACTIONS`, which a site may not want.  What
    Plone will refuse as forged, it shall refuse at once.
    """

    def is_much(view):
        names = (view.context, view.request)
        authenticator = getMultiAdapter(names, name="authenticator")
        return authenticator.verify() and is_in_background(
            action, partial(count, view)
        )

    return is_much


def count_below(context, paths):
    """Return how many objects a site has at and below physical paths."""
    if not paths:
        return 0
    catalog = getToolByName(context, "portal_catalog")
    # No object and no row is loaded for it.
    return len(catalog.unrestrictedSearchResults(path={"query": paths}))


def path_of(context):
    """Return the physical path of an object, a text."""
    return "/".join(context.getPhysicalPath())


# Of a view


def below_context(view):
    """Count the context of a view, and what is in it."""
    return count_below(view.context, [path_of(view.context)])


def below_changed(view):
    """Count what is in a context whose state changes.

    That of its folder changes with it where it is the default page.
    """
    context = view.context
    if check_default_page_via_view(context, view.request):
        context = context.aq_inner.aq_parent
    return count_below(context, [path_of(context)])


def selected(view):
    """Count what is selected in a list of contents."""
    return len(_selected_paths(view))


def below_selected(view):
    """Count what is selected in a list of contents, and what is in that."""
    return count_below(view.context, _selected_paths(view))


def selected_deeply(view):
    """Count what is selected; with its contents if the form says so."""
    recurse = view.request.form.get("recurse") == "yes"
    return below_selected(view) if recurse else selected(view)


def below_renamed(view):
    """Count what the form that renames many gives another address.

    What only gets a new title is one object.
    """
    fields = view.request.form
    new_ids = {
        fields[name]: fields.get(f"newid_{name.split('_')[-1]}")
        for name in fields
        if name.startswith("UID_")
    }
    brains = _brains_of(view.context, list(new_ids))
    moved = [b.getPath() for b in brains if b.getId != new_ids[b.UID]]
    return count_below(view.context, moved) + len(brains) - len(moved)


def below_clipboard(view):
    """Count what is in the clipboard, and what is in that.

    The clipboard comes from the browser, and may name what its user must not
    know of: that counts for nothing, and Plone refuses it at once.
    """
    try:
        items = view.context.cb_dataItems()
    except MISSING:
        return 0
    is_allowed = getSecurityManager().checkPermission
    if not all(is_allowed("Copy or Move", item) for item in items):
        return 0
    return count_below(view.context, [path_of(item) for item in items])


def below_paths(view):
    """Count what a form names by its path, and what is in that."""
    return count_below(view.context, _form_paths(view))


def paths_deeply(view):
    """Count what a form names by its path; with contents if it says so."""
    if view.request.form.get("include_children"):
        return below_paths(view)
    return len(_form_paths(view))


def is_cut(view):
    """Tell whether what is in the clipboard is moved, not copied."""
    # There is no public name for it.
    operation, _items = _cb_decode(view.request["__cp"])
    return bool(operation)


# Where they are


def _selected_paths(view):
    """Return paths; what the view will not understand is left to it."""
    try:
        uids = loads(view.request.form.get("selection", "[]"))
    except ValueError:
        return []
    return _paths_of(view.context, uids)


def _paths_of(context, uids):
    return [brain.getPath() for brain in _brains_of(context, uids)]


def _brains_of(context, uids):
    catalog = getToolByName(context, "portal_catalog")
    return catalog(UID=uids, show_inactive=True)


def _form_paths(view):
    paths = view.request.form.get("paths") or []
    portal = getToolByName(view.context, "portal_url").getPortalObject()
    found = [portal.restrictedTraverse(str(path), None) for path in paths]
    return [path_of(each) for each in found if each is not None]
