"""Plone's batch navigation below a list, where there is Plone."""

from zope.component import queryMultiAdapter
from zope.i18n import translate

from netsight.async_.i18n import _


try:
    from lxml import html
    from plone.base.batch import Batch
except ImportError:
    Batch = None


PAGES = _("label_pages", default="Pages of the list")


def navigation(view, ids, size, start, kept_fields):
    """Return Plone's batch navigation of a view as HTML.

    None without Plone.  Its links keep the named fields of the form.
    """
    names = (view.context, view.request)
    batching = queryMultiAdapter(names, name="batchnavigation")
    if Batch is None or batching is None:
        return None
    batch = Batch(ids, size, start=start)
    return _labelled(
        batching(batch, batchformkeys=kept_fields),
        translate(PAGES, context=view.request),
    )


def _labelled(markup, text):
    """Return markup whose navigation has a name: a page has others, too."""
    root = html.fragment_fromstring(markup, create_parent="div")
    for nav in root.iter("nav"):
        if not {"aria-label", "aria-labelledby"} & set(nav.attrib):
            nav.set("aria-label", text)
    return html.tostring(root, encoding="unicode")
