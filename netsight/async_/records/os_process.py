"""Which process of the operating system a worker is, and whether it is gone.

Who is on the same machine need not wait for a lease.  What cannot be known
for sure is unknown: the process is elsewhere, hidden, or the system tells
nothing of processes.
"""

import os
import socket
from functools import lru_cache
from typing import NamedTuple

from netsight.async_.forks import in_forked_child


DEAD = ("Z", "X")
"""States of a process of which only the number is left."""

STANDING = ("T", "t", *DEAD)
"""States of a process that does nothing, as it was told to stop."""

STATE, START_TIME = 0, 19
"""Where they are in /proc/PID/stat, counted behind the name in brackets."""


class OsProcess(NamedTuple):
    """A process of one machine; no other is ever equal."""

    machine: tuple
    pid: int
    start_time: str
    """In ticks of the clock since the machine was started."""


def this_os_process():
    """Return the OsProcess that this is; None if the system tells not."""
    machine, stat = this_machine(), _stat(os.getpid())
    if machine is None or stat is None:
        return None
    return OsProcess(machine, os.getpid(), stat[START_TIME])


def is_gone(process):
    """Tell whether an OsProcess, or None, is known to run no more."""
    if process is None or process.machine != this_machine():
        return False
    try:
        # Asks the system, and sends nothing.  /proc may be told to hide what
        # belongs to others.
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    stat = _stat(process.pid)
    if stat is None:
        return False
    return stat[STATE] in DEAD or stat[START_TIME] != process.start_time


def is_running(process):
    """Tell whether an OsProcess, or None, is known to run.

    One that was stopped by a signal or a debugger does not.
    """
    if process is None or process.machine != this_machine():
        return False
    stat = _stat(process.pid)
    if stat is None or stat[START_TIME] != process.start_time:
        return False
    return stat[STATE] not in STANDING


@lru_cache(maxsize=1)
def this_machine():
    """Return what tells apart this machine, as it runs, and its pids.

    None where there is no /proc, or one with other pids than ours.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot_id = file.read().strip()
        namespace = os.stat("/proc/self/ns/pid").st_ino
        seen_as = os.readlink("/proc/self")
    except OSError:
        return None
    if seen_as != str(os.getpid()):
        return None
    # Copies of a virtual machine may have one boot id.
    return socket.gethostname(), boot_id, namespace


in_forked_child(this_machine.cache_clear)


def _stat(pid):
    """Return the fields of /proc/PID/stat behind the name, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            # The name may have spaces and brackets.
            return file.read().rpartition(") ")[2].split()
    except OSError:
        return None
