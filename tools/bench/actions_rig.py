"""Plone's own actions on many objects: at once, and in the background."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs
from urllib.parse import urlsplit

from asking import Client
from checkout_paths import environ_for
from figures import Figure
from figures import ratio
from figures import table
from figures import write_json
from machines import SETTINGS
from machines import Worker
from machines import Zope

from netsight.async_.tests.browser.plone_server import CREATE_SITE
from netsight.async_.tests.browser.plone_server import FILL_SITE
from netsight.async_.tests.instance import plone_site
from netsight.async_.tests.instance import zconsole
from netsight.async_.tests.zeo_server import ZeoServer


LOGIN = ("admin", "admin")

ACTIONS = ("delete", "move", "workflow")

MODES = {"at once": 1_000_000, "background": 50}
"""The threshold of each."""

LOOK_SECONDS = 0.05
PAGE_PAUSE = 0.02
WARM_UP = 20
NICE = 10

THRESHOLD = "netsight.async.background.threshold"


class PloneZope(Zope):
    """A Plone site, in a Zope with threads for processes."""

    site_zcml = plone_site()


class PloneWorker(Worker):
    """One that lets pages go first, as docs/howto/run-workers.rst says."""

    site_zcml = plone_site()
    python = "nice"

    def arguments(self):
        return "-n", NICE, sys.executable, *super().arguments()


def add_arguments(parser):
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument(
        "--parts",
        default="work,pages",
        help="what to measure, with commas between them",
    )
    parser.add_argument("--idle-pages", type=int, default=300)


def run(options, packages):
    found = {}
    for part in options.parts.split(","):
        measure, show = PARTS[part]
        found[part] = measure(options, packages["this"])
        show(found[part])
    write_json(options.json, found)


def make_site(zope, package, folders):
    """Create the site in the database of a Zope that does not run."""
    for script, arguments in ((CREATE_SITE, ()), (FILL_SITE, folders)):
        subprocess.run(
            [*zconsole(zope.conf_path, script), *arguments],
            env=environ_for(package),
            cwd=zope.directory,
            check=True,
            stderr=subprocess.DEVNULL,
        )


class Manager(Client):
    """Does what a person does with the forms of the site."""

    def __init__(self, port):
        super().__init__(port, LOGIN)

    def set_threshold(self, number):
        self._ask(
            "PATCH",
            "/Plone/@registry",
            json.dumps({THRESHOLD: number}),
            {"Accept": "application/json", "Content-Type": "application/json"},
        )

    def token(self):
        page = self.get("/Plone/@@personal-preferences").decode()
        return re.search(r'name="_authenticator"[^>]*value="(\w+)"', page)[1]

    def do(self, action, folder, token=None):
        """Do it with what is in a folder; return when all is done.

        `token` is that of a form which was shown before.
        """
        token = token or self.token()
        location = getattr(self, f"_{action}")(folder, token)
        process_id = parse_qs(urlsplit(location).query).get("process_id")
        if process_id is not None:
            self.wait(process_id[0])

    def wait(self, process_id):
        path = f"/Plone/@@async-process/process-status?process_id={process_id}"
        state = "queued"
        while state in ("queued", "running"):
            time.sleep(LOOK_SECONDS)
            state = json.loads(self.get(path))["state"]
        if state != "completed":
            raise AssertionError(state)

    def _delete(self, folder, token):
        form = {"form.buttons.Delete": "Delete", "_authenticator": token}
        return self.post(f"/Plone/{folder}/full/delete_confirmation", **form)

    def _move(self, folder, token):
        base, query = f"/Plone/{folder}", f"_authenticator={token}"
        headers, _body = self._ask("GET", f"{base}/full/object_cut?{query}")
        cookies = headers.get_all("Set-Cookie")
        clipboard = next(each for each in cookies if each.startswith("__cp="))
        cookie = {"Cookie": clipboard.partition(";")[0]}
        path = f"{base}/other/object_paste?{query}"
        return self._ask("GET", path, headers=cookie)[0]["Location"]

    def _workflow(self, folder, token):
        form = {
            "workflow_action": "publish",
            "paths:list": f"/Plone/{folder}/full",
            "include_children:boolean": "1",
            "_authenticator": token,
        }
        return self.post(f"/Plone/{folder}/folder_publish", **form)


# Time and memory


def work(options, package):
    """Return a list of the rounds: {"action, mode": result}."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        zope = PloneZope(Path(folder) / "zope", package)
        make_site(
            zope,
            package,
            [f"{action}={options.objects}" for action in ACTIONS],
        )
        full = Path(folder) / "full"
        shutil.copytree(zope.directory / "var", full)
        return [
            one_round(zope, full, number) for number in range(options.rounds)
        ]


def one_round(zope, full, number):
    found = {}
    modes = list(MODES)
    for mode in modes if number % 2 else reversed(modes):
        shutil.rmtree(zope.directory / "var")
        shutil.copytree(full, zope.directory / "var")
        for action, result in one_mode(zope, MODES[mode]).items():
            found[f"{action}, {mode}"] = result
            seconds, bytes_ = result["seconds"], result["bytes"]
            print(
                f"round {number + 1}: {action}, {mode}: {seconds:.1f} s, "
                f"{bytes_ / 1e6:.0f} MB",
                flush=True,
            )
    return found


def one_mode(zope, threshold):
    """Return {action: result} of a new Zope that does each once."""
    found = {}
    try:
        zope.start(**SETTINGS, NETSIGHT_ASYNC_EXECUTOR="thread")
        manager = Manager(zope.port)
        manager.set_threshold(threshold)
        for action in ACTIONS:
            began, cpu = time.monotonic(), zope.cpu()
            manager.do(action, action)
            found[action] = {
                "seconds": time.monotonic() - began,
                "cpu": zope.cpu() - cpu,
                "bytes": zope.memory(),
            }
        manager.close()
    finally:
        zope.kill()
    return found


def show_work(rounds):
    rows = []
    for action in ACTIONS:
        at_once, later = (
            [each[f"{action}, {mode}"] for each in rounds] for mode in MODES
        )
        rows.append([action])
        for what in ("seconds", "cpu", "bytes"):
            pair = [[each[what] for each in side] for side in (at_once, later)]
            rows[-1] += [Figure(pair[0]), Figure(pair[1]), ratio(*pair[::-1])]
    heads = [
        *("action", "s at once", "s background", "ratio"),
        *("CPU s", "background", "ratio"),
        *("bytes", "background", "ratio"),
    ]
    table(heads, rows)


# A page beside it


def pages(options, package):
    """Return a list of the rounds: {beside what: seconds of each page}."""
    folders = [
        f"{beside.replace(' ', '-')}{number}={options.objects}"
        for number in range(options.rounds)
        for beside in MODES
    ]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        storage = ZeoServer(Path(folder) / "storage")
        servers = [
            make(Path(folder) / make.__name__, package, storage.storage)
            for make in (PloneZope, PloneWorker)
        ]
        try:
            storage.start(**environ_for(package))
            make_site(servers[0], package, folders)
            for server in servers:
                server.start(**SETTINGS, NETSIGHT_ASYNC_EXECUTOR="none")
            return [
                pages_of(servers[0].port, options.idle_pages, number)
                for number in range(options.rounds)
            ]
        finally:
            for server in (*servers, storage):
                server.kill()


def pages_of(port, idle, number):
    manager = Manager(port)
    ask_pages(port, lambda count: count < WARM_UP)
    found = {"idle": ask_pages(port, lambda count: count < idle)}
    for mode in MODES:
        found[mode] = pages_beside(manager, port, mode, number)
    manager.close()
    for beside, seconds in found.items():
        print(
            f"round {number + 1}: {beside}: {len(seconds)} pages, "
            f"p95 {1000 * p95(seconds):.0f} ms",
            flush=True,
        )
    return found


def pages_beside(manager, port, mode, number):
    """Return the seconds of pages, as long as a folder is being deleted."""
    manager.set_threshold(MODES[mode])
    name = f"{mode.replace(' ', '-')}{number}"
    # The page with the form is not of the action.
    arguments = ("delete", name, manager.token())
    action = threading.Thread(target=manager.do, args=arguments)
    action.start()
    seconds = ask_pages(port, lambda count: action.is_alive())
    action.join()
    return seconds


def ask_pages(port, is_more):
    """Return the seconds of pages that one visitor asks for, one by one."""
    visitor, seconds = Client(port), []
    while is_more(len(seconds)):
        began = time.monotonic()
        visitor.get("/Plone/sitemap")
        seconds.append(time.monotonic() - began)
        time.sleep(PAGE_PAUSE)
    visitor.close()
    return seconds


def p95(seconds):
    return sorted(seconds)[int(0.95 * len(seconds))]


def show_pages(rounds):
    idle = [p95(each["idle"]) for each in rounds]
    rows = []
    for beside in ("idle", *MODES):
        values = [p95(each[beside]) for each in rounds]
        milliseconds = Figure(1000 * value for value in values)
        rows.append([beside, milliseconds, ratio(values, idle)])
    table(["delete", "p95 of a page, ms", "to idle"], rows)


PARTS = {"work": (work, show_work), "pages": (pages, show_pages)}
"""How each is measured, and shown."""
