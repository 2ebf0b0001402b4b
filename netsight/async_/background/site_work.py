"""Pages of Plone that work on a whole site, and when that is much."""

import logging
from functools import partial

from plone.app.linkintegrity.browser.update import UpdateView
from plone.app.linkintegrity.handlers import modifiedContent
from Products.CMFCore.utils import getToolByName
from Products.CMFPlone.controlpanel.browser.types import TypesControlPanel
from ZODB.POSException import ConflictError

from netsight.async_.background.counting import MISSING
from netsight.async_.background.counting import is_in_background
from netsight.async_.background.counting import is_site_in_background
from netsight.async_.background.progress import indexing_told
from netsight.async_.background.ticks import Ticks
from netsight.async_.browser.in_background import in_background


logger = logging.getLogger(__name__)


def are_links_many(view):
    """Tell whether all links of a site are to be found in the background."""
    return is_site_in_background("links", view.context)


def are_relations_many(view):
    """Tell whether all relations are to be rebuilt in the background."""
    return is_site_in_background("relations", view.context)


def is_upgrade_long(view):
    """Tell whether a site is to be upgraded in the background.

    A dry run rolls back by itself, and is left to Plone.
    """
    if view.request.form.get("dry_run"):
        return False
    return is_site_in_background("upgrade", view.context)


def are_redirects_many(view):
    """Tell whether an uploaded file has many redirects."""
    file = view.request.form.get("file")
    return bool(file) and is_in_background(
        "redirects", partial(count_lines, file)
    )


def count_lines(file):
    """Return how many lines an open file has; it is where it was."""
    here = file.tell()
    count = sum(1 for line in file)
    file.seek(here)
    return count


def has_type_many(view):
    """Tell whether many objects are to have another workflow."""
    form = view.request.form
    if not form.get("form.workflow.submitted"):
        return False
    catalog = getToolByName(view.context, "portal_catalog")
    kind = form.get("old_type_id")
    # Without one it is the default workflow, of most types.
    query = {"portal_type": kind} if kind else {}
    return is_in_background(
        "types", lambda: len(catalog.unrestrictedSearchResults(**query))
    )


class FindLinks(
    in_background(
        UpdateView,
        button=("update", "delete_all"),
        when=are_links_many,
        cancellable=True,
        single="context",
    )
):
    """Finds the links of all content anew, and tells how far it is."""

    def update(self):
        """Do what the base class does; return for how many that was."""
        brains = getToolByName(self.context, "portal_catalog")()
        ticks = Ticks(len(brains))
        count = 0
        for brain in brains:
            ticks.next()
            count += find_links(brain)
        return count


def find_links(brain):
    """Find the links of one object; return whether that was possible."""
    try:
        item = brain.getObject()
    except MISSING:
        logger.exception("there is no object at %s", brain.getPath())
        return False
    try:
        modifiedContent(item, None)
    except ConflictError:
        raise
    except Exception:
        logger.exception("the links of %s are not found", brain.getPath())
        return False
    return True


class ChangeWorkflow(
    in_background(
        TypesControlPanel,
        button="form.button.Save",
        when=has_type_many,
        cancellable=True,
        single="context",
    )
):
    """Gives a type another workflow, and tells how far the indexing is."""

    def __run__(self, process_id=None):
        with indexing_told():
            return super().__run__(process_id)
