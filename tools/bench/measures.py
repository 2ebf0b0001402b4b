"""What is measured of a cluster; each returns a line of text."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

from clusters import CLUSTERS


LOOPS = 100_000_000
"""Of a CPU-bound job; about a second of one processor."""

CPU_JOBS = 8
LONG_JOBS = 4
"""CPU-bound jobs that run while pages are asked for."""

LONG_LOOPS = 30 * LOOPS
PAGES = 150
PAGE_PAUSE = 0.02
SMALL_JOBS = 300
POSTERS = 4
LONGEST_SECONDS = 300


def cpu_jobs(cluster):
    """How many CPU-bound jobs end in a second."""
    web = cluster.web
    # Everybody is warm.
    run(web, 4, lambda: web.start_job("crash-cpu", loops=1000))
    seconds = run(
        web, CPU_JOBS, lambda: web.start_job("crash-cpu", loops=LOOPS)
    )
    return f"{CPU_JOBS / seconds:6.2f} jobs a second"


def pages(cluster):
    """How long a page takes while nothing runs, and beside CPU-bound jobs."""
    web = cluster.web
    run(web, 4, lambda: web.start_job("crash-cpu", loops=1000))
    idle = quantiles(times_of_pages(web), n=100)
    for _number in range(LONG_JOBS):
        web.start_job("crash-cpu", loops=LONG_LOOPS)
    busy = quantiles(times_of_pages(web), n=100)
    if all(r["stored"] for r in web.states().values()):
        raise AssertionError("the jobs ended while pages were asked for")
    return "; ".join(
        f"{name}: median {1000 * q[49]:6.1f} ms, 95 % {1000 * q[94]:6.1f} ms"
        for name, q in (("idle", idle), ("busy", busy))
    )


def small_jobs(cluster):
    """How many jobs that do nothing go through, from POST to outcome."""
    web = cluster.web
    run(web, 4, lambda: web.start_job("crash-quick"))
    seconds = run(web, SMALL_JOBS, lambda: web.start_job("crash-quick"))
    return f"{SMALL_JOBS / seconds:6.1f} jobs a second"


def run(web, number, start):
    """Start jobs from some threads; return the seconds until all are done."""
    before = len(web.states())
    began = time.monotonic()
    with ThreadPoolExecutor(POSTERS) as pool:
        ids = list(pool.map(lambda _number: start(), range(number)))
    if None in ids:
        raise AssertionError("a start was refused")
    while not is_done(web.states(), before + number):
        if time.monotonic() - began > LONGEST_SECONDS:
            raise AssertionError("the jobs do not end")
        # The question itself costs the Zope that answers it.
        time.sleep(0.05 * (1 + number // 50))
    return time.monotonic() - began


def is_done(states, number):
    completed = [r["stored"] for r in states.values()].count("completed")
    return completed == number


def times_of_pages(web):
    """Return the seconds of each of PAGES requests, one after the other."""
    times = []
    pause = threading.Event()
    for _number in range(PAGES):
        began = time.perf_counter()
        status, _text = web.get("/crash-quick")
        times.append(time.perf_counter() - began)
        if status != 200:
            raise AssertionError(status)
        pause.wait(PAGE_PAUSE)
    return times


MEASURES = (
    ("CPU-bound jobs", cpu_jobs, tuple(CLUSTERS)),
    (
        f"A plain page, with {LONG_JOBS} CPU-bound jobs beside it",
        pages,
        tuple(CLUSTERS),
    ),
    ("Jobs that do nothing, end to end", small_jobs, tuple(CLUSTERS)),
)
