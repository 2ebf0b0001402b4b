#!/usr/bin/env bash
# ZODB.DB(None), the database in memory that examples and tests are made with,
# resolves no conflict at all: two transactions that each add another key to one
# BTree conflict every time.  DemoStorage, in memory as well, resolves them, as
# do FileStorage and ZEO.  So a test of concurrency on MappingStorage shows
# conflicts that no site has, and none of what it shows says how often a layout
# of BTrees conflicts.
#
# Seen: ZODB 6.4, BTrees 6.5, Python 3.11.
# Needs: Python 3.10 or newer, pip.  Ends with 0 as long as this is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    ZODB==6.4 BTrees==6.5

cat > "$folder/pairs.py" <<'PYTHON'
import tempfile

from BTrees.OOBTree import OOBTree
from transaction import TransactionManager
from ZODB.DB import DB
from ZODB.DemoStorage import DemoStorage
from ZODB.POSException import ConflictError

PAIRS = 10
FOLDER = tempfile.mkdtemp()


def conflicts(storage):
    """How many of PAIRS conflict; all keys fit into one bucket."""
    database, count = DB(storage), 0
    first, second = managers = TransactionManager(), TransactionManager()
    trees = []
    for manager in managers:
        root = database.open(manager).root()
        if "tree" not in root:
            root["tree"] = OOBTree(before="")
            manager.commit()
        trees.append(root["tree"])
    for number in range(PAIRS):
        for name, manager, tree in zip("ab", managers, trees):
            manager.begin()
            tree[f"{name}{number}"] = ""
        first.commit()
        try:
            second.commit()
        except ConflictError:
            second.abort()
            count += 1
    return count


for name, storage in (
    ("None", None),
    ("DemoStorage", DemoStorage()),
    ("FileStorage", f"{FOLDER}/Data.fs"),
):
    print(f"DB({name}): {conflicts(storage)} of {PAIRS}")
PYTHON
cd "$folder"
venv/bin/python -W ignore pairs.py 2> /dev/null | tee seen
diff seen - <<'EXPECTED'
DB(None): 10 of 10
DB(DemoStorage): 0 of 10
DB(FileStorage): 0 of 10
EXPECTED
echo "as described"
