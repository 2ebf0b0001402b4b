#!/usr/bin/env bash
# What is put into the catalog of CMFCore waits in a queue, and is indexed with
# the commit or before the next search.  Searches see to it that the queue is
# empty; len(catalog), getAllBrains() and what else looks without a search do
# not, so they tell of what was there before.  So clearFindAndRebuild of Plone
# returns with an empty catalog, and most of the work is done in the commit: the
# "Total time" that its button tells is that of finding all content only.
# Products.CMFCore.indexing.processQueue() makes the catalog right at once.
#
# Seen: Products.CMFCore 3.9, Products.ZCatalog 7.4, Zope 6.3, Python 3.11.
# Needs: Python 3.10 or newer, pip.  Ends with 0 as long as this is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    Products.CMFCore==3.9 Products.ZCatalog==7.4 Zope==6.3 setuptools==80.9.0

cat > "$folder/queued.py" <<'PYTHON'
from OFS.Application import Application
from OFS.SimpleItem import SimpleItem
from Products.CMFCore.CatalogTool import CatalogTool
from Products.CMFCore.indexing import PortalCatalogProcessor
from Products.CMFCore.interfaces import IIndexQueueProcessor
from Testing.makerequest import makerequest
from zope.component import provideUtility


provideUtility(PortalCatalogProcessor(), IIndexQueueProcessor, "catalog")

app = makerequest(Application())
app._setObject("portal_catalog", CatalogTool())
catalog = app.portal_catalog
for name in ("a", "b", "c"):
    item = SimpleItem()
    item.id = name
    app._setObject(name, item)
    catalog.indexObject(app[name])


def tell(when):
    print(f"{when}: {len(catalog)}, {len(list(catalog.getAllBrains()))}")


tell("after all are indexed")
catalog.unrestrictedSearchResults()
tell("after a search")
catalog.unindexObject(app.a)
tell("after one is taken out")
catalog.unrestrictedSearchResults()
tell("after a search")
PYTHON
cd "$folder"
venv/bin/python -W ignore queued.py | tee seen
diff seen - <<'EXPECTED'
after all are indexed: 0, 0
after a search: 3, 3
after one is taken out: 3, 3
after a search: 2, 2
EXPECTED
echo "as described"
