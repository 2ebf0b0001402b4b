"""How many objects an action concerns, asked of the catalog."""

from json import loads

from plone.registry.interfaces import IRegistry
from Products.CMFCore.utils import getToolByName
from zope.component import getUtility

from netsight.async_.background.interfaces import IBackgroundActions


PREFIX = "netsight.async.background"
"""Of the names of the records that have the settings."""


def is_above_threshold(number):
    """Tell whether so many objects are more than the site does at once."""
    registry = getUtility(IRegistry)
    settings = registry.forInterface(IBackgroundActions, prefix=PREFIX)
    return number > settings.threshold


def count_below(context, paths):
    """Return how many objects a site has at and below physical paths."""
    catalog = getToolByName(context, "portal_catalog")
    # No object and no row is loaded for it.
    return len(catalog.unrestrictedSearchResults(path={"query": paths}))


def are_many_selected(view):
    """Tell whether what is selected in a list of contents is much.

    What the view itself will not understand is left to it.
    """
    try:
        uids = loads(view.request.form.get("selection", "[]"))
    except ValueError:
        return False
    catalog = getToolByName(view.context, "portal_catalog")
    brains = catalog(UID=uids, show_inactive=True)
    paths = [brain.getPath() for brain in brains]
    return bool(paths) and is_above_threshold(count_below(view.context, paths))
