"""Progress relation by relation, while Plone makes their catalog anew.

Plone's functions for that tell nobody how far they are, but the catalog of
zc.relation tells its listeners what comes in.
"""

from contextlib import contextmanager

from zc.relation.interfaces import ICatalog
from zc.relation.interfaces import IListener
from zope.component import queryUtility
from zope.interface import implementer

from netsight.async_.background.progress import RELATED
from netsight.async_.background.progress import count_related
from netsight.async_.background.progress import progress_of_objects


@implementer(IListener)
class RelationCounter:
    """Counts the relations that come into a catalog.

    There is one of it.  A savepoint may store the catalog and who listens to
    it, so it has no state, and is found again by its name.
    """

    def __reduce__(self):
        return "COUNTER"

    def relationAdded(self, token, catalog, additions):
        count_related()

    def relationModified(self, token, catalog, additions, removals):
        pass

    def relationRemoved(self, token, catalog, removals):
        pass

    def sourceCleared(self, catalog):
        pass

    def sourceAdded(self, catalog):
        pass

    def sourceRemoved(self, catalog):
        pass

    def sourceCopied(self, original, copy):
        pass


COUNTER = RelationCounter()


@contextmanager
def relations_told(view):
    """Tell how many relations are in the catalog again, in a block.

    The block empties the catalog, and indexes them anew.  It may be cancelled
    at each.  Nobody listens after it: what is committed is as without us.
    """
    catalog = queryUtility(ICatalog)
    if catalog is None:
        yield
        return
    total = sum(1 for _token in catalog.findRelationTokens())
    with progress_of_objects({RELATED: total}):
        catalog.addListener(COUNTER)
        try:
            yield
        finally:
            catalog.removeListener(COUNTER)
