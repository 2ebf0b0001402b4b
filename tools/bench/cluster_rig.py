"""Several Zopes on one database, and what one would build without us."""

import random
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import transaction
from asking import client
from bench_site import effects
from figures import Figure
from figures import ratio
from figures import table
from figures import write_json
from machines import peers_are_installed
from picture import write_picture
from systems import MANY
from systems import OURS
from systems import PEERS
from systems import POSTGRESQL
from systems import running

from netsight.async_.tests.local_http import is_open


POSTERS = 4
WARM_UP = 40
LONGEST_SECONDS = 120
LOOK_SECONDS = 0.002
POSTGRESQL_PORT = 5432

HAND = "celery by hand"
"""What all are compared with."""

LOOPS = 30_000_000
"""Of a CPU-bound job."""

PARTS = ("web", "workers", "storage", "redis")
"""Whose CPU is counted."""

CPU_JOBS = 8
PAGES = 100
PAGE_PAUSE = 0.02


def add_arguments(parser):
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument(
        "--idle", type=int, default=15, help="jobs of which each is alone"
    )
    parser.add_argument(
        "--systems",
        help="which, with commas between them; else all "
        "but those that take long",
    )
    parser.add_argument(
        "--cpu",
        action="store_true",
        help="measure CPU-bound jobs, and a page beside them, too",
    )
    parser.add_argument(
        "--picture",
        metavar="FILE",
        help="draw whose CPU a small job takes, as SVG",
    )
    parser.add_argument(
        "--commits",
        action="store_true",
        help="measure how many commits a second the storages take, too",
    )


def run(options, packages):
    systems = chosen(options, packages)
    rounds = []
    for number in range(options.rounds):
        found = {}
        for name, (make, package) in systems.items():
            with running(make, package) as system:
                found[name] = measured(system, options)
            print(f"round {number + 1}: {name}: {line(found[name])}")
        rounds.append(found)
    print()
    show(rounds)
    if options.cpu:
        show_cpu(rounds)
    if options.commits:
        from storages import show_commits

        show_commits()
    if options.picture:
        write_picture(options.picture, rounds, {*OURS, *MANY, *POSTGRESQL})
    write_json(options.json, rounds)


def chosen(options, packages):
    """Return {name: (class of the System, package)}."""
    makes = dict(OURS)
    if is_open(POSTGRESQL_PORT):
        makes |= POSTGRESQL
    found = {
        name if which == "this" else f"{name} of base": (make, package)
        for name, make in makes.items()
        for which, package in packages.items()
    }
    if peers_are_installed():
        found |= {name: (make, None) for name, make in PEERS.items()}
    if shutil.which("redis-server") is None:
        for name in [
            n for n, (make, _path) in found.items() if make.has_broker
        ]:
            del found[name]
    if options.systems:
        found |= {n: (m, packages["this"]) for n, m in MANY.items()}
        names = options.systems.split(",")
        found = {
            name: each
            for name, each in found.items()
            if name.removesuffix(" of base") in names
        }
    return found


class Looker:
    """Sees what effects there are, without asking any of the servers."""

    def __init__(self, database):
        self._manager = transaction.TransactionManager(explicit=True)
        self._connection = database.open(self._manager)

    def close(self):
        self._connection.close()

    def wait(self, keys):
        """Wait until the effects of all keys are there."""
        missing = set(keys)
        end = time.monotonic() + LONGEST_SECONDS
        while missing:
            if time.monotonic() > end:
                raise AssertionError(f"{len(missing)} jobs were not done")
            time.sleep(LOOK_SECONDS)
            self._manager.begin()
            root = self._connection.root()
            missing = {k for k in missing if not effects.is_there(root, k)}
            self._manager.abort()


def new_keys(number):
    return [f"{random.getrandbits(64):016x}" for _number in range(number)]


def measured(system, options):
    looker = Looker(system.database)
    try:
        post_all(system, looker, WARM_UP)
        found = {"small": small(system, looker, options.jobs)}
        found["idle_ms"] = idle(system, looker, options.idle)
        if options.cpu:
            found["page_ms"] = pages(system)
            found |= cpu_bound(system, looker)
        return found
    finally:
        looker.close()


def post_all(system, looker, number, view="bench-effect", **form):
    """Start jobs from some clients; return the seconds until all are done."""
    keys = new_keys(number)

    def post(some):
        with client(system.web.port) as asking:
            for key in some:
                asking.post(f"/{view}", key=key, **form)

    began = time.monotonic()
    with ThreadPoolExecutor(POSTERS) as pool:
        list(pool.map(post, [keys[n::POSTERS] for n in range(POSTERS)]))
    looker.wait(keys)
    return time.monotonic() - began


def small(system, looker, number):
    """Return jobs a second, and the CPU of each part for one job, in ms."""
    before = system.cpu()
    seconds = post_all(system, looker, number)
    after = system.cpu()
    return {
        "jobs_a_second": number / seconds,
        "cpu_ms": {
            part: 1000 * (after[part] - before[part]) / number
            for part in after
        },
    }


def idle(system, looker, number):
    """Return the ms from each POST to its effect, if there is no other."""
    times = []
    with client(system.web.port) as asking:
        for key in new_keys(number):
            # Whoever looks each second must not always have just looked.
            time.sleep(random.uniform(0.2, 1.2))
            began = time.monotonic()
            asking.post("/bench-effect", key=key)
            looker.wait([key])
            times.append(1000 * (time.monotonic() - began))
    return times


def cpu_bound(system, looker):
    """Return jobs a second that count, and the ms of pages beside them."""
    seconds = post_all(system, looker, CPU_JOBS, "bench-cpu", loops=LOOPS)
    keys = new_keys(POSTERS)
    with client(system.web.port) as asking:
        for key in keys:
            asking.post("/bench-cpu", key=key, loops=20 * LOOPS)
    busy = pages(system)
    looker.wait(keys)
    return {"cpu_jobs_a_second": CPU_JOBS / seconds, "busy_page_ms": busy}


def pages(system):
    """Return the ms of each of some requests, one after the other."""
    times = []
    with client(system.web.port) as asking:
        for _number in range(PAGES):
            began = time.perf_counter()
            asking.get("/bench-page")
            times.append(1000 * (time.perf_counter() - began))
            time.sleep(PAGE_PAUSE)
    return times


def line(found):
    return (
        f"{found['small']['jobs_a_second']:.0f} jobs/s, "
        f"{cpu_of_zodb(found['small']['cpu_ms']):.2f} ms CPU, "
        f"{median(found['idle_ms']):.0f} ms idle"
    )


def show(rounds):
    rows = []
    hand = HAND if HAND in rounds[0] else next(iter(rounds[0]))
    for name in rounds[0]:
        some = [each[name] for each in rounds]
        base = [each[hand] for each in rounds]
        rows.append([
            name,
            Figure(each["small"]["jobs_a_second"] for each in some),
            ratio(jobs(some), jobs(base)),
            Figure(cpu(some)),
            ratio(cpu(some), cpu(base)),
            *(parts(some, part) for part in PARTS),
            Figure(median(each["idle_ms"]) for each in some),
            ratio(latencies(some), latencies(base)),
        ])  # fmt: skip
    heads = ["", "jobs/s", f": {hand}", "CPU ms a job", f": {hand}"]
    heads += [*PARTS, "idle: ms to effect", f": {hand}"]
    table(heads, rows)


def jobs(some):
    return [each["small"]["jobs_a_second"] for each in some]


def cpu(some):
    """Return the CPU of each round without Redis, which not all have."""
    return [cpu_of_zodb(each["small"]["cpu_ms"]) for each in some]


def cpu_of_zodb(parts):
    return sum(parts.get(name, 0) for name in PARTS if name != "redis")


def parts(some, part):
    return Figure(each["small"]["cpu_ms"].get(part) for each in some)


def latencies(some):
    return [median(each["idle_ms"]) for each in some]


def show_cpu(rounds):
    rows = [
        [
            name,
            Figure(each[name]["cpu_jobs_a_second"] for each in rounds),
            Figure(median(each[name]["page_ms"]) for each in rounds),
            Figure(median(each[name]["busy_page_ms"]) for each in rounds),
        ]
        for name in rounds[0]
    ]
    heads = ["", "CPU-bound jobs/s", "page: ms", f"beside {POSTERS} of them"]
    table(heads, rows)
