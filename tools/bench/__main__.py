"""Measure clusters side by side: threads, workers of Zope, workers of Celery.

    .venv/bin/python tools/bench [BROKER]

BROKER is the URL of a broker for Celery; without it, Celery is left out.  All
servers run on this machine and share its processors with the one that
measures, so what counts are the ratios within one run.
"""

import os
import sys

from clusters import CLUSTERS
from clusters import running
from measures import MEASURES
from storages import STORAGES
from storages import commits


CLIENTS = (1, 4)
"""Numbers of clients that commit at once."""


def main(broker=None):
    print(f"{os.cpu_count()} processors\n")
    for name, measure, cluster_names in MEASURES:
        print(name)
        for cluster_name in cluster_names:
            make = CLUSTERS[cluster_name]
            if make.needs_broker and broker is None:
                continue
            with running(make, broker) as cluster:
                print(f"  {cluster_name:<28} {measure(cluster)}", flush=True)
        print()
    print("Commits of one small object")
    for storage_name, make in STORAGES.items():
        for clients in CLIENTS:
            name = f"{storage_name}, {clients}"
            print(f"  {name:<28} {commits(make, clients)}", flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
