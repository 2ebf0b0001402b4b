"""One Zope with a FileStorage, whose threads run the jobs."""

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from asking import client
from checkout_paths import BENCH
from checkout_paths import ask_child
from checkout_paths import environ_for
from figures import Figure
from figures import ratio
from figures import short
from figures import table
from figures import write_json
from machines import SETTINGS
from machines import FirstZope
from machines import OldZope
from machines import Zope
from machines import cpu_of
from machines import memory_of
from machines import peers_are_installed
from systems import OneWorker
from systems import running
from systems import zodb_of
from ZODB.FileStorage import FileIterator
from ZODB.FileStorage.FileStorage import FileStorageFormatError

from netsight.async_.tests.zeo_server import ZeoServer


LONGEST_SECONDS = 180
LOOK_SECONDS = 0.05
WARM_UP = 40
OTHERS_MOST = 1000
"""So many records at most are made where each is a job that has run."""

BEAT_SECONDS, LEASE_SECONDS = (
    int(SETTINGS[f"NETSIGHT_ASYNC_{name}_SECONDS"])
    for name in ("BEAT", "LEASE")
)

IDLE_AFTER = {
    "soon after a job": BEAT_SECONDS + 1,
    "later": LEASE_SECONDS + BEAT_SECONDS,
}
"""Seconds to wait before it is measured what is done while nothing is done.

Soon after a job others look whether its worker is still there.
"""

FLOORS = (
    ("start", "add"),
    ("start_logged_in", "add_logged_in"),
    ("run", "page"),
    ("status_queued", "page"),
    ("waiting_page", "html_page"),
    ("status_ended", "page"),
)
"""Steps of `steps`, and what each is compared with."""

QUEUED_BEFORE = 3000


def add_arguments(parser):
    parser.add_argument("--jobs", type=int, default=750)
    parser.add_argument("--clients", default="1,4,16")
    parser.add_argument(
        "--records",
        default="0,1000,10000",
        help="how many ended processes there are, whose result is unfetched",
    )
    parser.add_argument(
        "--many",
        type=int,
        default=0,
        help="compare starts and polls with so many ended processes, too",
    )
    parser.add_argument(
        "--python2",
        type=Path,
        help="a Python 2.7 with netsight.async 1.1.1, see peers/zope213",
    )
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--plone", action="store_true")
    parser.add_argument("--idle-seconds", type=int, default=30)
    parser.add_argument(
        "--parts",
        default="jobs,floors,extras,conflict,idle",
        help="what to measure, with commas between them",
    )


def run(options, packages):
    parts = options.parts.split(",")
    found = {}
    for name in parts:
        measure, show = PARTS[name]
        found[name] = measure(options, packages)
        show(found[name], packages)
    write_json(options.json, found)


# Jobs a second


def jobs(options, packages):
    """Return a list of the rounds: {(what, records, clients): result}."""
    zopes = {name: (Zope, path) for name, path in packages.items()}
    if peers_are_installed() and not options.no_peers:
        zopes |= {"as 1.1.1": (OldZope, "as_1_1")}
        zopes |= {"in memory": (OldZope, "in_memory")}
    if options.python2:
        zopes |= {"1.1.1": (FirstZope, options.python2)}
    rounds = []
    for number in range(options.rounds):
        found = {}
        for records in map(int, options.records.split(",")):
            for name, (make, which) in zopes.items():
                if records > OTHERS_MOST and make is not Zope:
                    continue
                for clients in map(int, options.clients.split(",")):
                    one = one_run(make, which, records, clients, options.jobs)
                    found[f"{name}, {records}, {clients}"] = one
                    print(
                        f"round {number + 1}: {name}, {records} records, "
                        f"{clients} clients: {one['jobs_a_second']:.0f} jobs/s"
                    )
        rounds.append(found)
    print()
    return rounds


def one_run(make, which, records, clients, number):
    """Return what one new Zope does with some jobs."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        zope = make(Path(folder) / "zope", which)
        warm_up = WARM_UP
        if make is Zope:
            fill(zope, records)
        else:
            # They have no other way to get there: nobody fetches these.
            warm_up += records
        try:
            zope.start(**SETTINGS, NETSIGHT_ASYNC_EXECUTOR="thread")
            with client(zope.port) as asking:
                counters(asking)
                post_all(zope, asking, warm_up, 1)
                before = counters(asking), zope.cpu(), size_of(zope)
                seconds, errors = post_all(zope, asking, number, clients)
                after = counters(asking), zope.cpu(), size_of(zope)
        finally:
            zope.kill()
    was, now = before[0], after[0]
    return {
        "jobs_a_second": number / seconds,
        "cpu_ms": 1000 * (after[1] - before[1]) / number,
        "bytes": (after[2][0] - before[2][0]) / number,
        "commits": (after[2][1] - before[2][1]) / number,
        "retried_requests": now.get("requests", 0) - was.get("requests", 0),
        "retried_runs": now.get("runs", 0) - was.get("runs", 0),
        "errors": errors,
    }


def fill(zope, records):
    """Make ended records, in the database of a Zope that does not run."""
    if not records:
        return
    subprocess.run(
        [sys.executable, BENCH / "fill.py", zope.directory, str(records)],
        env=environ_for(zope.package),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def counters(asking):
    return json.loads(asking.get("/bench-counters"))


def size_of(zope):
    """Return the bytes and the number of transactions of Data.fs."""
    path = str(zope.data)
    try:
        transactions = sum(1 for _txn in FileIterator(path))
    except FileStorageFormatError:
        # It is of Python 2.
        transactions = 0
    return Path(path).stat().st_size, transactions


def post_all(zope, asking, number, clients):
    """Start jobs from some clients, until all are done.

    Returns the seconds, and how many POSTs were answered by an error and done
    again.
    """
    target = counters(asking)["effects"] + number

    def post(numbers):
        with client(zope.port) as posting:
            return sum(
                posting.post_until("/bench-effect", key=f"{target}-{each}")
                for each in numbers
            )

    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        parts = [range(n, number, clients) for n in range(clients)]
        errors = sum(pool.map(post, parts))
    while counters(asking)["effects"] < target:
        if time.monotonic() - began > LONGEST_SECONDS:
            raise AssertionError("the jobs do not end")
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began, errors


def show_jobs(rounds, packages):
    rows = []
    for name in rounds[0]:
        what, records, clients = name.split(", ")
        rows.append(
            [f"{what}, {clients} clients, {records} records"]
            + [Figure(each[name][key] for each in rounds) for key in JOB_KEYS]
        )
    heads = ["", "jobs/s", "CPU ms a job", "bytes a job", "commits a job"]
    table([*heads, "POSTs anew", "runs anew", "errors"], rows)


JOB_KEYS = (
    "jobs_a_second",
    "cpu_ms",
    "bytes",
    "commits",
    "retried_requests",
    "retried_runs",
    "errors",
)


# CPU in one process


def floors(options, packages):
    """Return {what: rounds of {which: steps}}."""
    names = sorted({name for pair in FLOORS for name in pair})
    kinds = {
        "": ["--only", ",".join(names)],
        f"{QUEUED_BEFORE} queued before": [
            *("--queued", QUEUED_BEFORE),
            *("--only", "page,html_page,add,start,status_queued,waiting_page"),
        ],
    }
    if options.many:
        kinds[f"{options.many} ended"] = [
            *("--ended", options.many),
            *("--only", "page,add,start,poll,duty,status_queued"),
        ]
        kinds["0 ended"] = [
            *("--only", "page,add,start,poll,duty,status_queued"),
        ]
    if options.plone:
        kinds["Plone"] = ["--plone", "--only", "page,add,run,start"]
    return {
        kind: [
            {
                which: ask_child(package, "steps.py", *arguments)
                for which, package in packages.items()
            }
            for _number in range(options.rounds)
        ]
        for kind, arguments in kinds.items()
    }


def show_floors(kinds, packages):
    rows = []
    for kind, rounds in kinds.items():
        for which in packages:
            for name, floor in FLOORS:
                some = [each[which] for each in rounds]
                if name in some[0] and floor in some[0]:
                    rows.append(floor_row(which, kind, name, floor, some))
            for name in ("poll", "duty"):
                if name in rounds[0][which]:
                    ms = cpu([each[which] for each in rounds], name)
                    rows.append([f"{which}: {name}", kind, Figure(ms), "", ""])
    table(["CPU in one process", "", "ms", "times", "that of"], rows)


def floor_row(which, kind, name, floor, some):
    mine, other = cpu(some, name), cpu(some, floor)
    return [f"{which}: {name}", kind, Figure(mine), ratio(mine, other), floor]


def cpu(some, name):
    return [median(each[name]["cpu_ms"]) for each in some]


# What is no step


def extras(options, packages):
    return [
        {
            which: ask_child(path, "extras.py")
            for which, path in packages.items()
        }
        for _number in range(options.rounds)
    ]


def show_extras(rounds, packages):
    rows = [
        [f"{which}: {name}", Figure(each[which][name] for each in rounds)]
        for which in packages
        for name in rounds[0][which]
    ]
    table(["In one process", ""], rows)


# A conflict in a ZEO server


def conflict(options, packages):
    return [
        {which: one_conflict(path) for which, path in packages.items()}
        for _number in range(options.rounds)
    ]


def one_conflict(package):
    """Return [CPU ms, memory in MB] of the first and the second conflict."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        zeo = ZeoServer(Path(folder) / "zeo")
        zeo.start(**environ_for(package))
        starter = subprocess.Popen(
            [sys.executable, BENCH / "conflict.py", zodb_of(zeo)],
            env=environ_for(package),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            return [each_conflict(zeo, starter) for _number in range(2)]
        finally:
            starter.kill()
            starter.communicate()
            zeo.kill()


def each_conflict(zeo, starter):
    pid = zeo.os_process.pid
    if starter.stdout.readline() != "ready\n":
        raise AssertionError("the starts have failed")
    before = cpu_of(pid), memory_of(pid)
    starter.stdin.write("\n")
    starter.stdin.flush()
    time.sleep(2)
    return [
        1000 * (cpu_of(pid) - before[0]),
        (memory_of(pid) - before[1]) / 1e6,
    ]


def show_conflict(rounds, packages):
    rows = [
        [
            f"{which}: {word}",
            Figure(each[which][number][0] for each in rounds),
            Figure(each[which][number][1] for each in rounds),
        ]
        for which in packages
        for number, word in enumerate(("first", "second"))
    ]
    table(["Two starts at once, in a ZEO server", "CPU ms", "MB"], rows)


# While nothing is done


def idle(options, packages):
    return {
        f"{which}: {what}": measure(path, options.idle_seconds)
        for which, path in packages.items()
        for what, measure in IDLE.items()
    }


def idle_zope(package, seconds):
    """Return what a Zope does that has nothing to do, in some seconds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        zope = Zope(Path(folder) / "zope", package)
        try:
            zope.start(**SETTINGS, NETSIGHT_ASYNC_EXECUTOR="thread")
            with client(zope.port) as asking:
                counters(asking)
                post_all(zope, asking, WARM_UP, 1)
            return idle_of(zope.cpu, zope, seconds)
        finally:
            zope.kill()


def idle_worker(package, seconds):
    """Return the same of a web Zope, a worker and a ZEO server."""
    with running(OneWorker, package) as system:
        with client(system.web.port) as asking:
            post_all(system.web, asking, WARM_UP, 1)
        return idle_of(
            lambda: sum(system.cpu().values()), system.storage, seconds
        )


def idle_of(cpu, server, seconds):
    """Return what is done soon after the last job, and much later."""
    found = {}
    for when, pause in IDLE_AFTER.items():
        time.sleep(pause)
        before = cpu(), size_of(server)
        time.sleep(seconds)
        after = cpu(), size_of(server)
        found[when] = {
            "cpu_ms": 1000 * (after[0] - before[0]),
            "commits": after[1][1] - before[1][1],
            "seconds": seconds,
        }
    return found


def show_idle(found, packages):
    rows = [
        [f"{name}, {when}", each["seconds"], short(each["cpu_ms"])]
        + [each["commits"]]
        for name, times in found.items()
        for when, each in times.items()
    ]
    table(["While nothing is done", "seconds", "CPU ms", "commits"], rows)


IDLE = {"one Zope": idle_zope, "web, worker and ZEO": idle_worker}

PARTS = {
    "jobs": (jobs, show_jobs),
    "floors": (floors, show_floors),
    "extras": (extras, show_extras),
    "conflict": (conflict, show_conflict),
    "idle": (idle, show_idle),
}
"""What is measured by which name: two functions, one measures, one prints."""
