"""All of a Plone site that a view can change, as plain data to compare."""

from Acquisition import aq_base
from plone.app.linkintegrity.utils import getOutgoingLinks
from plone.app.redirector.interfaces import IRedirectionStorage
from plone.locking.interfaces import ILockable
from plone.registry.interfaces import IRegistry
from Products.CMFCore.utils import getToolByName
from Products.CMFEditions.interfaces.IArchivist import ArchivistRetrieveError
from zc.relation.interfaces import ICatalog
from zope.component import getUtility
from zope.intid.interfaces import IIntIds


TIMES = frozenset(
    {
        "created",
        "Date",
        "CreationDate",
        "effective",
        "EffectiveDate",
        "effectiveRange",
        "end",
        "ModificationDate",
        "modified",
        "start",
    }
)
"""Columns and indexes of the catalog that tell when something was done."""


def state_of(portal):
    """Return a dict of plain values of a site; times are not among them.

    What has got a random id meanwhile is called by its path.
    """
    catalog = getToolByName(portal, "portal_catalog")
    brains = list(catalog.getAllBrains())
    names = {brain.UID: brain.getPath() for brain in brains}
    state = {
        brain.getPath(): {
            "catalog": _catalogued(catalog, brain, names),
            "object": _object_state(brain._unrestrictedGetObject()),
        }
        for brain in brains
    }
    state["site"] = _site_state(portal)
    return state


def _catalogued(catalog, brain, names):
    rid = brain.getRID()
    found = {
        **catalog.getIndexDataForRID(rid),
        **catalog.getMetadataForRID(rid),
    }
    return {
        name: _named(value, names)
        for name, value in found.items()
        if name not in TIMES
    }


def _named(value, names):
    if isinstance(value, (list, tuple)):
        return [_named(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def _object_state(item):
    lockable = ILockable(item, None)
    return {
        "creators": item.creators,
        "owner": item.getOwnerTuple(),
        "local roles": getattr(aq_base(item), "__ac_local_roles__", None),
        "acquires roles": not getattr(
            aq_base(item), "__ac_local_roles_block__", False
        ),
        "permissions": {
            name: roles
            for name, roles in vars(aq_base(item)).items()
            if name.startswith("_") and name.endswith("_Permission")
        },
        "history": _history(item),
        "language": item.language,
        "locks": [lock["creator"] for lock in lockable.lock_info()]
        if lockable
        else [],
        "links": _links(item),
        "versions": _versions(item),
        "children": item.objectIds() if item.isPrincipiaFolderish else None,
    }


def _links(item):
    # Plone 6.0 gives the site none, and will not be asked for it.
    if getUtility(IIntIds).queryId(item) is None:
        return []
    return sorted(link.to_path for link in getOutgoingLinks(item))


def _history(item):
    history = getattr(aq_base(item), "workflow_history", {})
    return {
        workflow: [
            {name: value for name, value in entry.items() if name != "time"}
            for entry in entries
        ]
        for workflow, entries in history.items()
    }


def _versions(item):
    repository = getToolByName(item, "portal_repository")
    try:
        history = repository.getHistoryMetadata(item)
    except ArchivistRetrieveError:
        return 0
    return history.getLength(countPurged=False) if history else 0


def _site_state(portal):
    redirects = getUtility(IRedirectionStorage)
    workflows = getToolByName(portal, "portal_workflow")
    return {
        "redirects": {path: redirects.get(path) for path in redirects},
        "relations": sorted(
            (relation.from_path, relation.from_attribute, relation.to_path)
            for relation in getUtility(ICatalog).findRelations()
        ),
        "intids": len(getUtility(IIntIds)),
        # By its own name; each record that is asked for is made anew.
        "registry": repr(dict(getUtility(IRegistry).records._values)),
        "workflows": dict(workflows._chains_by_type),
        "default workflows": workflows.getDefaultChain(),
        "mails": [_mail(message) for message in portal.MailHost.messages],
        "errors": [
            entry["value"] for entry in portal.error_log.getLogEntries()
        ],
    }


def _mail(message):
    """Return the lines of a mail, but for the one with its date."""
    lines = message.decode().splitlines()
    return [line for line in lines if not line.startswith("Date: ")]
