"""How many commits a second a storage takes, from some clients at once."""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from contextlib import contextmanager
from pathlib import Path

from netsight.async_.tests.cluster.storages import Postgresql
from netsight.async_.tests.local_http import is_open
from netsight.async_.tests.zeo_server import ZeoServer
from netsight.async_.tests.zope_server import ZopeServer


SECONDS = 5
COMMITTER = Path(__file__).with_name("committer.py")
POSTGRESQL_PORT = 5432

STORAGES = {"ZEO, FileStorage": ZeoServer}
if is_open(POSTGRESQL_PORT):
    STORAGES["RelStorage, PostgreSQL"] = Postgresql

CLIENTS = (1, 4)
"""Numbers of clients that commit at once."""


def show_commits():
    """Print how many commits each storage takes, for each of CLIENTS."""
    print("Commits of one small object")
    for storage_name, make in STORAGES.items():
        for clients in CLIENTS:
            name = f"{storage_name}, {clients}"
            print(f"  {name:<28} {commits(make, clients)}", flush=True)


def commits(make, clients):
    """Return a line about the commits of some clients."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        storage = make(f"{folder}/storage")
        try:
            storage.start()
            conf = ZopeServer(f"{folder}/zope", storage).conf_path
            count = commit(conf, clients)
        finally:
            storage.kill()
    return f"{count / SECONDS:6.0f} commits a second"


def commit(conf, clients):
    """Return how many commits some clients do in SECONDS."""
    with ExitStack() as stack:
        # One after the other: the first makes the database.
        committers = [
            stack.enter_context(committer(conf, number))
            for number in range(clients)
        ]
        for each in committers:
            each.stdin.write("\n")
            each.stdin.flush()
        return sum(int(each.stdout.readline()) for each in committers)


@contextmanager
def committer(conf, number):
    """Have a client that is ready, in a block."""
    os_process = subprocess.Popen(
        [sys.executable, COMMITTER, conf, str(number), str(SECONDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        if os_process.stdout.readline() != "ready\n":
            raise AssertionError("a client did not start")
        yield os_process
    finally:
        os_process.kill()
        os_process.communicate()
