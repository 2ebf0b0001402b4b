"""The local site that an object is in."""

from Acquisition import aq_chain
from zope.component.interfaces import ISite


def site_of(context):
    """Return the nearest ISite at or above `context`, or None.

    Unlike `getSite` it does not depend on what this thread did before.
    """
    sites = (each for each in aq_chain(context) if ISite.providedBy(each))
    return next(sites, None)
