"""Measure each step of a process in one Python process; prints JSON.

    python steps.py [--repeat N] [--queued N] [--ended N] [--plone]
                    [--only STEP,...] [--cprofile STEP]

For each step: the CPU of its thread, and what it asks of the storage with
caches that have all (warm), that have what was there before another Zope did
what the step is for (other), and that have nothing (cold).  A run is also
parted into what is done before `__run__` and what is done after it.
"""

import argparse
import cProfile
import json
import os
import pstats
import sys
import tempfile
from collections import Counter
from contextlib import nullcontext
from itertools import pairwise

from bench_site.marks import mark
from bench_site.marks import marks
from one_process import USER
from one_process import OneProcess
from one_process import counts
from one_process import fill


class Steps:
    """The steps of a Zope: what is done before each, and what is measured.

    A method returns a function without arguments, which is to be measured.
    """

    def __init__(self, zope):
        self.zope = zope
        self._duty = None
        self._poll = None

    def page(self):
        return lambda: self.zope.ask("/bench-page")

    def html_page(self):
        return lambda: self.zope.ask("/bench-html")

    def site_page(self):
        """A plain page in the frame that the site gives its pages."""
        name = "bench-themed" if self.zope.base else "bench-html"
        return lambda: self.zope.ask(f"/{name}")

    def page_logged_in(self):
        return lambda: self.zope.ask("/bench-page", login=USER)

    def add(self):
        return lambda: self.zope.ask("/bench-add", "POST")

    def add_logged_in(self):
        return lambda: self.zope.ask("/bench-add", "POST", USER)

    def add_record(self):
        """What a start cannot do without: the objects of a record."""
        return lambda: self.zope.ask("/bench-add-record", "POST")

    def add_record_logged_in(self):
        return lambda: self.zope.ask("/bench-add-record", "POST", USER)

    def look_up(self):
        """What a poll cannot do without: to find a record, and tell of it."""
        added = self.zope.ask("/bench-add-record", "POST")
        query = added.headers["Location"].partition("?")[2]
        self.zope.settle()
        return lambda: self.zope.ask(f"/bench-look-up/record?{query}")

    def commits(self):
        """What a run cannot do without: a page, and two commits."""
        self.zope.ask("/bench-add", "POST")
        self.zope.settle()
        return lambda: self.zope.ask("/bench-commits")

    def start(self):
        return lambda: self.zope.ask("/bench-small", "POST")

    def start_logged_in(self):
        return lambda: self.zope.ask("/bench-small", "POST", USER)

    def start_keyed(self):
        """With an Idempotency-Key, as a program, logged in."""
        key = os.urandom(8).hex()
        return lambda: self.zope.ask(
            "/bench-small", "POST", USER,
            HTTP_IDEMPOTENCY_KEY=f'"{key}"', HTTP_ACCEPT="application/json",
        )  # fmt: skip

    def run(self):
        process_id = self.zope.started()
        self.zope.settle()
        return lambda: self.zope.run(process_id)

    def run_logged_in(self):
        process_id = self.zope.started(login=USER)
        self.zope.settle()
        return lambda: self.zope.run(process_id)

    def run_effect(self):
        body = b"key=" + os.urandom(8).hex().encode()
        answer = self.zope.ask("/bench-effect", "POST", body=body)
        self.zope.settle()
        return lambda: self.zope.run(answer.process_id)

    def run_ended(self):
        """Of a process that another worker has run: the claim is in vain."""
        process_id = self.zope.ended()
        return lambda: self.zope.run(process_id)

    def status_queued(self):
        return self._sub_view("process-status", self._queued())

    def status_ended(self):
        return self._sub_view("process-status", self._ended())

    def status_ended_logged_in(self):
        process_id = self.zope.ended(login=USER)
        return self._sub_view("process-status", process_id, USER)

    def waiting_page(self):
        return self._sub_view("processing", self._queued())

    def result(self):
        """Fetched for the first time: the monitor writes it down later."""
        return self._sub_view("result", self._ended())

    def list_own(self):
        return lambda: self.zope.ask("/@@my-processes", login=USER)

    def list_all(self):
        return lambda: self.zope.ask("/@@async-processes", login=USER)

    def health(self):
        return lambda: self.zope.ask("/@@async-health", login=USER)

    def duty(self):
        """What an idle server does each beat, when nothing has changed."""
        from netsight.async_.serving.server import Duty

        if self._duty is None:
            self._duty = Duty()
            self._all_rounds()
        return self._duty

    def duty_after_job(self):
        """The same when a process has ended since the last beat."""
        self.duty()
        self._all_rounds()
        self._ended()
        return self._duty

    def poll(self):
        """Looking for what others have queued, when nothing has changed."""
        from netsight.async_.serving.polling import Poll

        if self._poll is None:
            self._poll = Poll()
            self._poll()
        return self._poll

    def poll_new(self):
        """The same when one process is new."""
        self.poll()()
        self._queued()
        return self._poll

    def heartbeat(self):
        from netsight.async_.running.monitor import monitor

        return monitor.beat

    def cancel_look(self):
        """What a running process that may be cancelled costs each second."""
        from netsight.async_.running.monitor import monitor

        return monitor.look

    def _all_rounds(self):
        while self._duty():
            pass

    def _queued(self):
        process_id = self.zope.started()
        self.zope.settle()
        return process_id

    def _ended(self):
        process_id = self.zope.ended()
        self.zope.settle()
        return process_id

    def _sub_view(self, name, process_id, login=None):
        path = f"/bench-small/{name}?process_id={process_id}"
        return lambda: self.zope.ask(path, login=login)


NAMES = tuple(n for n in vars(Steps) if not n.startswith("_"))

WARM_UP = 35
"""Each id comes into another of 30 trees: all of them are loaded then."""


def measured(zope, steps, name, repeat):
    """Return what a step takes, as plain values."""
    zope.drain()
    make = getattr(steps, name)
    for _number in range(WARM_UP):
        make()()
    found = {}
    for caches in ("warm", "other", "cold"):
        with zope.others() if caches == "other" else nullcontext():
            step = make()
        if caches == "cold":
            zope.cool()
        with counts.counted() as counted:
            check(name, step())
        found[caches] = {
            **counted.summary(),
            "written": [
                [each.note, each.bytes, each.loads, Counter(each.classes)]
                for each in counted.commits
            ],
            "loaded": Counter(counted.loaded),
        }
    found["cpu_ms"], found["parts_ms"] = [], []
    for _number in range(repeat):
        step = make()
        marks.clear()
        mark()
        step()
        mark()
        found["cpu_ms"].append(1000 * (marks[-1] - marks[0]))
        if len(marks) > 2:
            # Before `__run__`, in it, and after it.
            found["parts_ms"].append(
                [1000 * (b - a) for a, b in pairwise(marks)]
            )
    return found


def check(name, answer):
    status = getattr(answer, "status", 200)
    if status >= 400:
        raise SystemExit(f"{name}: {status} {answer.body[:500]}")


def profiled(steps, name, repeat):
    """Print the functions in which a step is for the longest time."""
    make = getattr(steps, name)
    for _number in range(WARM_UP):
        make()()
    profile = cProfile.Profile()
    for _number in range(repeat):
        step = make()
        profile.enable()
        step()
        profile.disable()
    for order in ("tottime", "cumtime"):
        stats = pstats.Stats(profile, stream=sys.stdout)
        stats.strip_dirs().sort_stats(order).print_stats(45)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--queued", type=int, default=0)
    parser.add_argument("--ended", type=int, default=0)
    parser.add_argument("--plone", action="store_true")
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--cprofile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        zope = OneProcess(folder, options.plone)
        fill(zope, options.ended, ended=True)
        fill(zope, options.queued, ended=False)
        steps = Steps(zope)
        if options.cprofile:
            profiled(steps, options.cprofile, options.repeat)
        else:
            names = options.only.split(",")
            answer = {
                name: measured(zope, steps, name, options.repeat)
                for name in names
            }
            print(json.dumps(answer), flush=True)
        sys.stdout.flush()
    # A stop would wait for the threads that have never begun.
    os._exit(0)


if __name__ == "__main__":
    main()
