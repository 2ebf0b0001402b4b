"""The actions that a site may have in the background, by name."""

from zope.interface import provider
from zope.schema.interfaces import IVocabularyFactory
from zope.schema.vocabulary import SimpleTerm
from zope.schema.vocabulary import SimpleVocabulary

from netsight.async_.context import site_of
from netsight.async_.i18n import _


SETTINGS_PAGE = "background-actions"
"""Name of the view, at a site, that has the settings and starts works."""

ACTIONS = {
    "delete": _("action_delete", default="Delete"),
    "paste": _("action_paste", default="Move and copy"),
    "rename": _("action_rename", default="Rename"),
    "workflow": _("action_workflow", default="Publish and retract"),
    "sharing": _("action_sharing", default="Share"),
    "properties": _("action_properties", default="Tags and properties"),
    "catalog": _("action_catalog", default="Rebuild the catalog"),
    "links": _("action_links", default="Find all links anew"),
    "relations": _("action_relations", default="Rebuild all relations"),
    "types": _(
        "action_types",
        default="Give a content type another workflow",
    ),
    "redirects": _("action_redirects", default="Upload redirects"),
    "upgrade": _("action_upgrade", default="Upgrade the site"),
    "export": _("action_export", default="Export content"),
    "import": _("action_import", default="Import content"),
}
"""{name: title}, in the order of the settings page."""


@provider(IVocabularyFactory)
def actions_vocabulary(context):
    """Return the vocabulary of the names."""
    return SimpleVocabulary(
        [SimpleTerm(name, name, title) for name, title in ACTIONS.items()]
    )


def led_to_settings(view):
    """Redirect to the settings page of the site that a view is in."""
    url = f"{site_of(view.context).absolute_url()}/@@{SETTINGS_PAGE}"
    return view.request.response.redirect(url)
