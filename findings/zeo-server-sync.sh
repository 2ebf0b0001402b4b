#!/usr/bin/env bash
# A client of ZEO with `server-sync true` begins each transaction with a round
# trip, which, the documentation says, makes it take notice of all prior
# modifications.  It may miss one all the same, though the other client has its
# answer: the server sends what has changed in the next turn of its loop.  If
# messages of both clients have come by the same turn, and one of the first is
# answered slowly, as by a slow disk, the question of the second is read and
# answered in that turn, before the news.  Whoever sends a visitor from one
# Zope to another must reckon with a page that has not heard of the first.
#
# Seen: ZEO 6.2, ZODB 6.4, transaction 5.1, Python 3.11.
# Needs: Python 3.10 or newer, pip.  Ends with 0 as long as this is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    ZEO==6.2 ZODB==6.4 transaction==5.1

cat > "$folder/sync.py" <<'PYTHON'
import os
import sys
import threading
import time

import transaction
from persistent.mapping import PersistentMapping
from ZEO.ClientStorage import ClientStorage
from ZEO.StorageServer import StorageServer
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage


class SlowDisk(FileStorage):
    """Needs its time for some objects."""

    slow = {}
    """{oid: seconds}"""

    is_busy = threading.Event()

    def loadBefore(self, oid, tid):
        if oid in self.slow:
            self.is_busy.set()
            time.sleep(self.slow.pop(oid))
        return super().loadBefore(oid, tid)


storage = SlowDisk(sys.argv[1])
server = StorageServer(("127.0.0.1", 0), {"1": storage})
threading.Thread(target=server.loop, daemon=True).start()


def client():
    return ClientStorage(server.addr, wait=True, server_sync=True)


# Objects that no other client has in its cache.
db = DB(client())
connection = db.open()
root = connection.root()
root["value"] = "old"
for name in ("one", "two", "three"):
    root[name] = PersistentMapping()
transaction.commit()
one, two, three = (root[name]._p_oid for name in ("one", "two", "three"))
db.close()


def load(client, oid):
    """Have a client load an object, in a thread; its message is on the way."""
    threading.Thread(target=client.load, args=(oid,), daemon=True).start()
    time.sleep(0.1)


def change(client):
    """Change "value"; return what commits that."""
    manager = transaction.TransactionManager()
    db = DB(client)
    connection = db.open(manager)
    connection.root()["value"] = "new"

    class Last:
        """Votes after the database, and waits until the server is busy."""

        transaction_manager = manager

        def sortKey(self):
            return "~"

        def tpc_begin(self, txn):
            pass

        commit = tpc_abort = tpc_finish = abort = tpc_begin

        def tpc_vote(self, txn):
            voted.set()
            go_on.wait()

    manager.get().join(Last())
    return manager.commit


def seen():
    """Return what the second client sees before and after the commit of the
    first, and some seconds later."""
    first, second, third = client(), client(), client()
    db = DB(second)
    manager = transaction.TransactionManager()
    connection = db.open(manager)
    manager.begin()
    before = connection.root()["value"]
    manager.abort()

    committing = threading.Thread(target=change(first), daemon=True)
    committing.start()
    voted.wait()
    storage.is_busy.clear()
    storage.slow.update({one: 1, two: 1})
    load(third, one)
    storage.is_busy.wait()
    # For the next turn of the server: the end of the commit and a slow load of
    # the first client, and a load of the second one.
    go_on.set()
    time.sleep(0.1)
    load(first, two)
    load(second, three)
    # The first client has its answer.
    committing.join()
    manager.begin()
    after = connection.root()["value"]
    manager.abort()
    time.sleep(2)
    manager.begin()
    later = connection.root()["value"]
    manager.abort()
    return before, after, later


voted, go_on = threading.Event(), threading.Event()
values = seen()
print("before, after the commit, two seconds later:", *values, flush=True)
os._exit(values != ("old", "old", "new"))
PYTHON

# On a busy machine the messages may come by other turns.
for number in 1 2 3 4 5; do
    if "$folder/venv/bin/python" "$folder/sync.py" "$folder/$number.fs"; then
        exit 0
    fi
done
exit 1
