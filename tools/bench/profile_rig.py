"""What each step of a process costs; see `steps`."""

from statistics import median

from checkout_paths import ask_child
from checkout_paths import run_child
from figures import Figure
from figures import ratio
from figures import table
from figures import write_json


FLOORS = {
    "add": "page",
    "add_logged_in": "page_logged_in",
    "add_record": "add",
    "add_record_logged_in": "add_logged_in",
    "start": "add_record",
    "start_logged_in": "add_record_logged_in",
    "start_keyed": "add_record_logged_in",
    "commits": "page",
    "run": "commits",
    "run_logged_in": "commits",
    "run_effect": "commits",
    "look_up": "page",
    "status_queued": "look_up",
    "status_ended": "look_up",
    "status_ended_logged_in": "page_logged_in",
    "waiting_page": "site_page",
    "result": "page",
}
"""What each step is compared with."""

ASKED = ("commits", "empty", "aborted", "stores", "bytes")

COMPARED = (
    ("warm", "commits"),
    ("warm", "stores"),
    ("warm", "bytes"),
    ("other", "loads"),
    ("cold", "loads"),
)

CACHES = ("warm", "other", "cold")


def add_arguments(parser):
    parser.add_argument(
        "--steps", help="which steps, with commas between them; else all"
    )
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--queued", type=int, default=0)
    parser.add_argument("--ended", type=int, default=0)
    parser.add_argument("--plone", action="store_true")
    parser.add_argument(
        "--cprofile", metavar="STEP", help="print where a step spends its time"
    )
    parser.add_argument(
        "--objects", action="store_true", help="print what is stored, loaded"
    )


def run(options, packages):
    arguments = ["--repeat", options.repeat, "--queued", options.queued]
    arguments += ["--ended", options.ended]
    if options.plone:
        arguments.append("--plone")
    if options.cprofile:
        for package in packages.values():
            run_child(
                package, "steps.py", *arguments, "--cprofile", options.cprofile
            )
        return
    if options.steps:
        arguments += ["--only", options.steps]
    rounds = [
        {
            name: ask_child(package, "steps.py", *arguments)
            for name, package in packages.items()
        }
        for _number in range(options.rounds)
    ]
    for name in packages:
        print(f"{name}: {packages[name]}\n")
        show([each[name] for each in rounds], options.objects)
    if len(packages) > 1:
        compare(rounds, *packages)
    write_json(options.json, rounds)


def cpu(steps, name):
    """Return the CPU of a step in a round, in ms; None if it is not there."""
    return median(steps[name]["cpu_ms"]) if name in steps else None


def show(rounds, with_objects):
    rows = []
    for name, step in rounds[0].items():
        warm = step["warm"]
        ms = [cpu(each, name) for each in rounds]
        floor = FLOORS.get(name)
        times = "-"
        if floor in rounds[0]:
            times = ratio(ms, [cpu(each, floor) for each in rounds])
        rows.append(
            [name, Figure(ms), times, floor or ""]
            + [warm[asked] for asked in ASKED]
            + [step[caches]["loads"] for caches in CACHES]
        )
        rows += parts_of(name, rounds)
    heads = ["step", "CPU ms", "times", "that of", *ASKED]
    table([*heads, "loads: warm", "other", "cold"], rows)
    if with_objects:
        objects(rounds[0])


def parts_of(name, rounds):
    """Return rows about what a run does before, in and after `__run__`."""
    if not rounds[0][name]["parts_ms"]:
        return []
    step = rounds[0][name]
    columns = [
        [median(part) for part in zip(*each[name]["parts_ms"], strict=True)]
        for each in rounds
    ]
    before, _inside, after = (
        Figure(values) for values in zip(*columns, strict=True)
    )
    rows = []
    written = {
        "before": [w for w in step["warm"]["written"] if "claim" in w[0]],
        "after": [w for w in step["warm"]["written"] if "claim" not in w[0]],
    }
    for part, ms in (("before", before), ("after", after)):
        commits = written[part]
        stores = sum(sum(each[3].values()) for each in commits)
        size = sum(each[1] for each in commits)
        rows.append(
            [f"  {part} __run__", ms, "", "", len(commits), "", ""]
            + [stores, size, "", "", ""]
        )
    return rows


def objects(steps):
    """Print which objects each step stores and loads."""
    for name, step in steps.items():
        print(name)
        for note, size, _loads, classes in step["warm"]["written"]:
            print(f"  commit {note!r}: {size} bytes, {counted(classes)}")
        for caches in CACHES:
            print(f"  loads {caches}: {counted(step[caches]['loaded'])}")
    print()


def counted(classes):
    return ", ".join(
        name if number == 1 else f"{number} {name}"
        for name, number in classes.items()
    )


def compare(rounds, this, base):
    print(f"{this} : {base}\n")
    rows = []
    for name in rounds[0][this]:
        if name not in rounds[0][base]:
            continue
        here = [cpu(each[this], name) for each in rounds]
        there = [cpu(each[base], name) for each in rounds]
        asked = (
            [rounds[0][which][name][caches][each] for which in (this, base)]
            for caches, each in COMPARED
        )
        rows.append(
            [name, ratio(here, there)] + [f"{a} : {b}" for a, b in asked]
        )
    heads = ["step", "CPU", "commits", "stores", "bytes"]
    table([*heads, "loads: other", "cold"], rows)
