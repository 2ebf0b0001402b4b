"""The servers of a rig, and what the kernel says of their CPU."""

import os
import subprocess
import sys
from pathlib import Path

import checkout_paths

from netsight.async_.tests.instance import FILE_STORAGE
from netsight.async_.tests.instance import include
from netsight.async_.tests.instance import write_instance
from netsight.async_.tests.instance import zope_site
from netsight.async_.tests.local_http import is_open
from netsight.async_.tests.server_process import ServerProcess


PEERS = checkout_paths.BENCH / "peers"
FIRST = PEERS / "zope213"
PEERS_PYTHON = checkout_paths.THIS / ".venv-bench" / "bin" / "python"

PEERS_SITE = """\
<configure xmlns="http://namespaces.zope.org/zope">
  <include package="Zope2.App" />
  <include package="bench_peers" />
</configure>
"""

SETTINGS = {
    # As in production.
    "NETSIGHT_ASYNC_BEAT_SECONDS": "15",
    "NETSIGHT_ASYNC_LEASE_SECONDS": "60",
    # Much is started at once.
    "NETSIGHT_ASYNC_MAX_QUEUED": "0",
    "NETSIGHT_ASYNC_MAX_QUEUED_USER": "0",
    "NETSIGHT_ASYNC_MAX_QUEUED_ANONYMOUS": "0",
}

TICKS = os.sysconf("SC_CLK_TCK")


class Program(ServerProcess):
    """One program with the package of a checkout, or one of a peer."""

    python = sys.executable
    command = ()
    package = None
    is_peer = False

    def launch(self, **environ):
        with self.log_path.open("ab") as log:
            self._log_start = len(self.log)
            self.os_process = subprocess.Popen(
                [self.python, *map(str, self.arguments())],
                cwd=self.directory,
                env=self.environ(**environ),
                stdout=log,
                stderr=log,
            )

    def environ(self, **environ):
        if not self.is_peer:
            return {**checkout_paths.environ_for(self.package), **environ}
        paths = (str(checkout_paths.SITE), str(PEERS))
        return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environ}

    def cpu(self):
        """Return the CPU seconds of it, and of what it has started."""
        return cpu_of(self.os_process.pid)

    def memory(self):
        """Return its resident memory in bytes, without what it shares."""
        return memory_of(self.os_process.pid)


class Zope(Program):
    """A Zope that answers requests."""

    name = "zope"
    site_zcml = zope_site(include("bench_site"))

    def __init__(self, directory, package, storage=FILE_STORAGE):
        super().__init__(directory)
        self.package = package
        write_instance(self.directory, self.port, self.site_zcml, storage)

    @property
    def conf_path(self):
        return self.directory / "etc" / "zope.conf"

    def arguments(self):
        ini = self.directory / "etc" / "zope.ini"
        return "-m", "Zope2.Startup.serve", ini

    def answers(self):
        return is_open(self.port)


class PeerZope(Zope):
    """A Zope without netsight.async."""

    python = PEERS_PYTHON
    site_zcml = PEERS_SITE
    is_peer = True


class OldZope(PeerZope):
    """A Zope with what stands in for netsight.async 1.1.1."""

    site_zcml = PEERS_SITE.replace(
        'package="bench_peers"', 'package="bench_peers" file="old.zcml"'
    )

    def __init__(self, directory, kind):
        super().__init__(directory, None)
        self.kind = kind

    def environ(self, **environ):
        nothing = {"BENCH_REDIS": "", "BENCH_NAME": "", "BENCH_ZODB": ""}
        return super().environ(BENCH_KIND=self.kind, **nothing, **environ)


class FirstZope(Program):
    """A Zope 2.13 with netsight.async 1.1.1 itself; needs Python 2.7."""

    name = "zope213"

    def __init__(self, directory, python):
        super().__init__(directory)
        self.python = str(python)
        (self.directory / "log").mkdir()

    def arguments(self):
        return FIRST / "serve.py", self.directory, self.port

    def environ(self, **environ):
        paths = (str(checkout_paths.SITE), str(FIRST))
        return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}

    def answers(self):
        return is_open(self.port)


class Worker(Zope):
    """A `netsight-async-worker`."""

    name = "worker"

    def arguments(self):
        return "-m", "netsight.async_.serving.worker", self.conf_path

    def answers(self):
        return "netsight.async_.serving.worker" in self.new_log


class CeleryWorker(Zope):
    """One with one child, that has a Zope."""

    name = "celery"

    def arguments(self):
        return (
            *("-m", "celery", "-A", "netsight.async_.executors.celery"),
            *("worker", "--loglevel", "INFO", "--without-mingle"),
            *("--concurrency", "1", "--hostname", f"{os.getpid()}@%h"),
        )

    def environ(self, **environ):
        conf = {"NETSIGHT_ASYNC_ZOPE_CONF": str(self.conf_path)}
        return super().environ(**conf, **environ)

    def answers(self):
        log = self.new_log
        return "Ready to handle requests" in log and " ready." in log


class PeerProgram(Program):
    """A worker of a peer."""

    python = PEERS_PYTHON
    is_peer = True

    def __init__(self, directory, command, ready):
        super().__init__(directory)
        self.name = command[1]
        self._command = command
        self._ready = ready

    def arguments(self):
        return self._command

    def answers(self):
        return self._ready in self.new_log


def peers_are_installed():
    return PEERS_PYTHON.exists()


def cpu_of(pid):
    """Return the CPU seconds of a process, its children, and their dead."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # utime, stime, and those of children that were waited for: proc(5).
    seconds = sum(map(int, stat[11:15])) / TICKS
    return seconds + sum(cpu_of(child) for child in children_of(pid))


def children_of(pid):
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def memory_of(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _colon, value = line.partition(":")
        if name == "Private_Dirty":
            return 1024 * int(value.split()[0])
    raise AssertionError("the kernel does not tell")
