#!/usr/bin/env bash
# A client of ZEO fetches 100 ids for new objects at once, and keeps what it
# has not used when it is connected again.  The server remembers only ids that
# were stored: started again, it gives the same ones to others.  So after an
# orderly restart of the server, with no client restarted, two clients give one
# id to two new objects; who commits second gets a ConflictError for an object
# that nobody else has ever seen, and no retry helps while such ids last.
#
# Seen: ZEO 6.2, ZODB 6.4, Python 3.11.
# Needs: Python 3.10 or newer, pip, a free port of localhost.  Ends with 0 as
# long as this is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    ZEO==6.2 ZODB==6.4

cat > "$folder/restart.py" <<'PYTHON'
import logging
import socket
import subprocess
import sys
import time

import transaction
from persistent.mapping import PersistentMapping
from ZEO.ClientStorage import ClientStorage
from ZODB.DB import DB


logging.disable(logging.CRITICAL)

with socket.socket() as found:
    found.bind(("127.0.0.1", 0))
    address = found.getsockname()


def serve():
    where = f"{address[0]}:{address[1]}"
    command = [sys.executable, "-m", "ZEO.runzeo", "-a", where, "-f", "Data.fs"]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def connect():
    return DB(ClientStorage(address, wait_timeout=30))


def wait_connected(db):
    while not db.storage.is_connected():
        time.sleep(0.05)


server = serve()
one, other = connect(), connect()
# Each has fetched its ids, and none of them is stored.
fetched = [db.storage.new_oid() for db in (one, other)]
print("before the restart, the same id twice:", fetched[0] == fetched[1])

server.terminate()
server.wait()
while one.storage.is_connected() or other.storage.is_connected():
    time.sleep(0.05)
server = serve()
new = connect()
wait_connected(one)

ids = [{db.storage.new_oid() for _each in range(20)} for db in (one, new)]
print("after it, of 20 ids each, the same:", len(ids[0] & ids[1]))

for name, db in (("old", one), ("new", new)):
    connection = db.open(transaction.TransactionManager())
    objects = [PersistentMapping() for _each in range(5)]
    for each in objects:
        connection.add(each)
    mine = {each._p_oid for each in objects}
    try:
        connection.transaction_manager.commit()
    except Exception as exc:
        said = type(exc).__name__, "of a new object:", exc.oid in mine
    else:
        said = ("stored",)
    print(f"five new objects of the {name} client:", *said)
server.kill()
PYTHON
cd "$folder"
venv/bin/python restart.py | tee seen
diff seen - <<'EXPECTED'
before the restart, the same id twice: False
after it, of 20 ids each, the same: 19
five new objects of the old client: stored
five new objects of the new client: ConflictError of a new object: True
EXPECTED
echo "as described"
