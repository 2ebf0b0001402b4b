"""Measure what is no step of a process, in one Python process; prints JSON.

python extras.py
"""

import json
import os
import tempfile
import tracemalloc
from statistics import median

from one_process import OneProcess


TIMES = 5
WAITING = 20_000


def progress_us(zope):
    """Return the microseconds of one `set_progress`, beside its loop."""
    found = []
    for _number in range(TIMES):
        process_id = zope.ended("bench-progress")
        path = f"/bench-progress/result?process_id={process_id}"
        found.append(float(zope.ask(path).body))
    return median(found)


def waiting_bytes():
    """Return the memory that the thread executor needs for what waits."""
    from netsight.async_.executors.thread import ThreadExecutor
    from netsight.async_.records.ids import new_process_id
    from netsight.async_.records.owners import ANONYMOUS

    executor = ThreadExecutor(run=None)
    return memory_of(
        lambda: executor.ring(new_process_id(), "default", 0, ANONYMOUS)
    )


def memory_of(function):
    """Return the bytes that stay allocated after a call."""
    function()
    tracemalloc.start()
    before, _peak = tracemalloc.get_traced_memory()
    for _number in range(WAITING):
        function()
    after, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / WAITING


def main():
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        zope = OneProcess(folder)
        found = {
            "set_progress_us": progress_us(zope),
            "waiting_bytes": waiting_bytes(),
        }
        print(json.dumps(found), flush=True)
    # A stop would wait for the threads that have never begun.
    os._exit(0)


if __name__ == "__main__":
    main()
