"""The works on a whole site that its settings page starts."""

from typing import NamedTuple

from zExceptions import NotFound
from zExceptions import Unauthorized

from netsight.async_.background.actions import ACTIONS
from netsight.async_.background.catalog import FROM_SETTINGS
from netsight.async_.background.catalog import ReindexIndexes
from netsight.async_.background.catalog import Update
from netsight.async_.browser.lists.manage import ManageProcesses
from netsight.async_.browser.lists.rows import Row
from netsight.async_.i18n import _
from netsight.async_.queries import Query
from netsight.async_.queries import find


class Work(NamedTuple):
    """One work, and the form that starts it."""

    path: str
    """Of the view, below the site."""

    title: str
    description: str
    fields: tuple = ()
    """(name, value) of what the form says beside what the user does."""

    needs: str | None = None
    """What the user has to choose: "indexes" or "file"."""


WORKS = (
    Work(
        "portal_catalog/manage_catalogRebuild",
        ACTIONS["catalog"],
        _(
            "work_rebuild",
            default="Empties the catalog, looks for all content in the site, "
            "and indexes that. For a catalog that lacks something.",
        ),
        fields=((FROM_SETTINGS, "1"),),
    ),
    Work(
        "portal_catalog/manage_catalogReindex",
        Update.title,
        _(
            "work_update",
            default="Indexes anew what is in the catalog, and drops what is "
            "not there any more.",
        ),
        fields=((FROM_SETTINGS, "1"),),
    ),
    Work(
        "portal_catalog/manage_reindexIndex",
        ReindexIndexes.title,
        _(
            "work_indexes",
            default="Fills single indexes, for example one that is new.",
        ),
        fields=((FROM_SETTINGS, "1"),),
        needs="indexes",
    ),
    Work(
        "updateLinkIntegrityInformation",
        ACTIONS["links"],
        _(
            "work_links",
            default="Looks into all texts for links to other content, so that "
            "Plone can warn before what they lead to is deleted.",
        ),
        fields=(("update", "1"),),
    ),
    Work(
        "rebuild-relations",
        ACTIONS["relations"],
        _(
            "work_relations",
            default="Makes the catalog of relations anew from all content "
            "that has some.",
        ),
        fields=(("rebuild:boolean", "1"),),
    ),
    Work(
        "background-export",
        ACTIONS["export"],
        _(
            "work_export",
            default="Makes a ZIP file of all content, users, redirects, "
            "relations, translations, comments and portlets.",
        ),
    ),
    Work(
        "background-import",
        ACTIONS["import"],
        _(
            "work_import",
            default="Adds to this site, or changes in it, what such a file "
            "has.",
        ),
        needs="file",
    ),
)


class WorkRow:
    """What the page shows of a Work: ready values for its template."""

    def __init__(self, work, site, last):
        self.title = work.title
        self.description = work.description
        self.fields = work.fields
        self.needs = work.needs
        self.url = f"{site.absolute_url()}/{work.path}"
        self.id = work.path.split("/")[-1]
        self.last = last
        """Row of the process that was started last; None if none is known."""


def rows_of(site, request):
    """Return a list of the WorkRows that the user of a request may start."""
    works = [work for work in WORKS if may_start(site, work)]
    last = last_of(site, request, works)
    return [WorkRow(work, site, last.get(work)) for work in works]


def may_start(site, work):
    """Tell whether the current user may do a work, and it can be done."""
    try:
        return site.restrictedTraverse(work.path, None) is not None
    except (NotFound, Unauthorized):
        return False


def last_of(site, request, works):
    """Return {work: Row} of the process that was started last of each.

    So many of the newest processes of the site are looked at as any query
    looks at.
    """
    listing = ManageProcesses(site, request)
    path = listing.site_path
    by_view = {f"{path}/{work.path}": work for work in works}
    found = find(listing.registry, Query(path=path))
    last = {}
    for process in listing.registry.readable(found.ids):
        work = by_view.get(process.view_path)
        if work is not None:
            last.setdefault(work, Row(process, listing))
    return last
