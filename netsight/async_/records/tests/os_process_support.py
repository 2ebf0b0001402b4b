"""Processes of the operating system that wait, and are killed."""

import os
import signal
import subprocess
import sys
from ast import literal_eval

from netsight.async_.records.os_process import OsProcess


TELL = """
from netsight.async_.records.os_process import this_os_process
print(repr(tuple(this_os_process())), flush=True)
input()
"""


def launched():
    """Start a Python that waits; return (its Popen, its OsProcess)."""
    child = subprocess.Popen(
        [sys.executable, "-c", TELL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    fields = literal_eval(child.stdout.readline())
    return child, OsProcess(*fields)


def end(child):
    """Kill a child, and have the system forget it."""
    child.kill()
    child.communicate()


def killed_process():
    """Return the OsProcess of a Python that was killed."""
    child, os_process = launched()
    end(child)
    return os_process


def stopped_process(test):
    """Return the OsProcess of a Python that stands still during a test."""
    child, os_process = launched()
    test.addCleanup(end, child)
    stand_still(child)
    return os_process


def stand_still(child):
    """SIGSTOP a child; returns when it stands still."""
    child.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED)
