"""A PostgreSQL of its own, for tests that kill it."""

import glob
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress

from netsight.async_.tests.cluster.services import missing
from netsight.async_.tests.cluster.storages import RELSTORAGE
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import free_port
from netsight.async_.tests.waiting import READY_SECONDS
from netsight.async_.tests.waiting import wait_until


DEBIAN = "/usr/lib/postgresql/*/bin"
"""Where Debian hides the programs of the server, for each version."""

SYSTEM_USER = "postgres"
"""Who runs it when the tests are run by root, whom it refuses."""

DSN = "host={host} port={port} user={user}"


class OwnPostgresql:
    """A server that is started, killed, and started again, for RelStorage."""

    name = "postgres"
    """Of the database, which each server has."""

    def __init__(self, directory):
        self._programs = programs()
        self.blobs = f"{directory}/blobs"
        self.port = free_port()
        self._folder = None

    @property
    def storage(self):
        """The section of zope.conf by which a Zope uses it."""
        dsn = DSN.format(host=HOST, port=self.port, user=SYSTEM_USER)
        blobs = f"shared-blob-dir true\n    blob-dir {self.blobs}"
        return RELSTORAGE.format(blobs=blobs, dsn=dsn, name=self.name)

    def start(self):
        """Start it, the first time with an empty database."""
        if self._folder is None:
            self._make()
        # Until all that was killed is gone, it refuses.
        if not wait_until(self._is_started, READY_SECONDS):
            raise AssertionError("postgres did not start")

    def kill(self):
        """SIGKILL all of its processes, if it runs."""
        pids = self._pids()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def remove(self):
        """Kill it, and remove its data."""
        self.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None

    @property
    def _data(self):
        return f"{self._folder}/data"

    def _make(self):
        os.makedirs(self.blobs)
        # Not below the directory of the test, which belongs to its user only.
        self._folder = tempfile.mkdtemp(prefix="postgresql-")
        if os.geteuid() == 0:
            shutil.chown(self._folder, SYSTEM_USER)
        self._run("initdb", "--auth=trust", f"--username={SYSTEM_USER}")

    def _is_started(self):
        options = (
            f"-p {self.port} -c listen_addresses={HOST} "
            f"-c unix_socket_directories={self._folder}"
        )
        log = f"{self._folder}/log"
        done = self._run(
            *("pg_ctl", "start", "--wait", "--log", log, "--options", options),
            check=False,
        )
        return done.returncode == 0

    def _pids(self):
        """Return the process ids of the server and of its children."""
        if self._folder is None:
            return []
        try:
            with open(f"{self._data}/postmaster.pid") as file:
                pid = int(file.readline())
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                return [pid, *map(int, file.read().split())]
        except FileNotFoundError:
            return []

    def _run(self, program, *arguments, check=True):
        as_user = ("runuser", "-u", SYSTEM_USER, "--")
        return subprocess.run(
            [
                *(as_user if os.geteuid() == 0 else ()),
                *(f"{self._programs}/{program}", "--pgdata", self._data),
                *arguments,
            ],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=check,
        )


def programs():
    """Return the directory of initdb; see `services.missing`."""
    found = shutil.which("initdb")
    if found is not None:
        return os.path.dirname(found)
    directories = sorted(glob.glob(DEBIAN))
    if not directories:
        missing("the server of PostgreSQL is not installed")
    return directories[-1]
