"""Kill real Zopes again and again, and look whether all is right.

    .venv/bin/python tools/crash ROUNDS SEED [STORAGE]

STORAGE is `file`, one Zope on a FileStorage (see one_zope.py), `zeo`, two
Zopes with a ZEO server (see two_zopes.py), `postgresql`, two Zopes on
RelStorage (see postgresql.py), or `celery`, a Zope and a Celery worker with a
ZEO server and a Redis (see celery_cluster.py). In each round jobs are posted,
and something is killed, stopped or cut off: by the clock, or in a chosen step
of a chosen commit. When all jobs have ended the database is checked: see
check.py. SEED decides about jobs and faults; what runs when is up to the
machine.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from celery_cluster import CeleryCluster
from one_zope import OneZope
from postgresql import Postgres
from two_zopes import TwoZopes


STORAGES = {
    "file": OneZope,
    "zeo": TwoZopes,
    "postgresql": Postgres,
    "celery": CeleryCluster,
}


def main(rounds, seed, storage="file"):
    directory = Path(tempfile.mkdtemp(prefix="crash-"))
    began = time.monotonic()
    work = STORAGES[storage](directory, seed)
    try:
        for number in range(1, int(rounds) + 1):
            if not work.run(number):
                break
    finally:
        work.kill_all()
        if not work.checker.problems:
            work.remove()
    work.print_totals(number, time.monotonic() - began)
    if not work.checker.problems and not work.totals["completed"]:
        work.checker.complain("nothing was completed, so nothing is shown")
    if work.checker.problems:
        return "\n".join(
            [
                f"\nWRONG in round {number}; again: "
                f"make crash ROUNDS={number} SEED={seed} STORAGE={storage}",
                *work.checker.problems,
                f"The instance is kept in {directory}.",
            ]
        )
    shutil.rmtree(directory)
    print(f"All is right ({storage}).")
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
