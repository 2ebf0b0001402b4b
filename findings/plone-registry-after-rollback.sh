#!/usr/bin/env bash
# plone.registry keeps the values that it has read or set in the request, and
# forgets them with the request only.  A savepoint that is rolled back does not
# reach them: for the rest of the request, and in what it commits, the registry
# says a value that no record has.  Whoever tries a setting, rolls back and goes
# on to work by the registry works by what was rolled back.  The record itself
# is right: registry.records[name].value.
#
# Seen: plone.registry 3.0.1, Zope 6.3, ZODB 6.4, Python 3.11.
# Needs: Python 3.10 or newer, pip.  Ends with 0 as long as this is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    plone.registry==3.0.1 Zope==6.3 ZODB==6.4 setuptools==80.9.0

cat > "$folder/rollback.py" <<'PYTHON'
import transaction
from OFS.SimpleItem import SimpleItem
from plone.registry import Record
from plone.registry import Registry
from plone.registry import field
from Testing.makerequest import makerequest
from ZODB.DB import DB
from ZODB.MappingStorage import MappingStorage
from zope.globalrequest import setRequest


NAME = "mail.sender"

db = DB(MappingStorage())
root = db.open().root()
root["registry"] = registry = Registry()
registry.records[NAME] = Record(field.TextLine(title="Sender"), "before")
transaction.commit()


def tell(when):
    kept = registry.records[NAME].value
    print(f"{when}: the registry says {registry[NAME]}, its record {kept}")


def begin_request():
    setRequest(makerequest(SimpleItem()).REQUEST)


begin_request()
savepoint = transaction.savepoint()
registry[NAME] = "rolled back"
savepoint.rollback()
tell("after the roll-back")
transaction.commit()
tell("after the commit")
begin_request()
tell("in the next request")
PYTHON
cd "$folder"
venv/bin/python -W ignore rollback.py | tee seen
diff seen - <<'EXPECTED'
after the roll-back: the registry says rolled back, its record before
after the commit: the registry says rolled back, its record before
in the next request: the registry says before, its record before
EXPECTED
echo "as described"
