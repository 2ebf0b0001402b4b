"""Views that the crash tests run, and traps that kill their Zope.

Each job writes what it did into the ZODB, so that what is there can be
compared with what its record says: `effects` has the claims under which a
process committed its one effect, `marks` what it committed at checkpoints.
"""

import ctypes
import hashlib
import json
import os
import signal
import socket
import threading
import time
from contextlib import suppress

import transaction
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from Products.Five import BrowserView
from ZODB.blob import Blob
from ZODB.Connection import Connection
from ZODB.POSException import ConflictError

from netsight.async_ import BaseAsyncView
from netsight.async_.actions import drop_held
from netsight.async_.actions import pause_queue
from netsight.async_.actions import release_held
from netsight.async_.actions import resume_queue
from netsight.async_.records import os_process
from netsight.async_.records.database import get_process
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import query_registry
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.lease import this_worker
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.records.parts import RequestSnapshot
from netsight.async_.records.process import Process
from netsight.async_.tests.local_http import HOST


EFFECTS = "crash effects"
MARKS = "crash marks"
UPLOADS = "crash uploads"
CHECKPOINTS = 4
UNSERVED = "unserved"
"""Name of a queue that the Zopes of a test do not run."""

ran_here = set()
"""Ids of the processes that this Zope has begun; a record forgets who did."""

TRAP = "CRASH_TRAP"
"""Environment variable: ``step:place:number``, see Trap."""

VOTING = "crash: the databases have voted"
"""What a SlowVote logs when it begins."""

MACHINE = "CRASH_MACHINE"
"""Environment variable: name of the machine that this is taken for."""

TRAP_SIGNAL = "CRASH_TRAP_SIGNAL"
TRAP_PID = "CRASH_TRAP_PID"
"""What the trap sends, and to whom: SIGKILL and this Zope if not set."""

TRAP_CALL = "CRASH_TRAP_CALL"
"""A port of this machine: the trap calls there instead, and goes on when the
other side has hung up."""

TRAP_ONCE = "CRASH_TRAP_ONCE"
"""Path of a file that is made when a trap springs, and is there once.

Of several processes with one environ, only the first springs then.
"""


class JobView(BaseAsyncView):
    """Does what its name says: ``crash-KIND``, lost when its worker dies."""

    def initial_page(self):
        return "the form"

    def __run__(self, process_id=None):
        self.process_id = process_id
        ran_here.add(process_id)
        kind = self.__name__.split("-")[1]
        answer = getattr(self, f"do_{kind}")()
        done = self.tree(EFFECTS)
        done[process_id] = (*done.get(process_id, ()), self.claim_number())
        return answer

    def do_quick(self):
        return "quick"

    def do_slow(self):
        """Sleep `seconds` in small steps."""
        seconds = float(self.request.form["seconds"])
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.set_progress(self.process_id, 100 * (1 - left / seconds))
            time.sleep(min(left, 0.05))
        return "slow"

    def do_upload(self):
        """Store a copy of the upload in a blob, and answer with all of it."""
        data = self.request.form["upload"].read()
        blob = Blob()
        with blob.open("w") as target:
            target.write(data)
        digest = hashlib.sha256(data).hexdigest()
        self.tree(UPLOADS)[self.process_id] = {"sha": digest, "blob": blob}
        return data

    def do_cpu(self):
        """Keep one processor busy for some `loops`."""
        for _loop in range(int(self.request.form["loops"])):
            pass
        return "cpu"

    def do_counting(self):
        """Keep one processor busy for `seconds`, and hold the GIL for that."""
        end = time.monotonic() + float(self.request.form["seconds"])
        self.set_progress(self.process_id, 1)
        while time.monotonic() < end:
            sum(range(10_000))
        return "counting"

    def do_holding(self):
        """Keep all threads of this Zope from running, for `seconds`."""
        self.set_progress(self.process_id, 1)
        # PyDLL does not let go of the GIL.
        ctypes.PyDLL(None).sleep(int(self.request.form["seconds"]))
        return "holding"

    def do_committing(self):
        """Commit for `seconds`, in which nobody else can commit."""
        self.set_progress(self.process_id, 1)
        seconds = float(self.request.form["seconds"])
        transaction.get().join(SlowVote(seconds))
        return "committing"

    def do_steps(self):
        """Commit midway, and go on where a dead worker has stopped."""
        marks = self.tree(MARKS)
        for step in range(len(marks.get(self.process_id, ())), CHECKPOINTS):
            time.sleep(float(self.request.form["seconds"]) / CHECKPOINTS)
            mark = (step, self.claim_number())
            marks[self.process_id] = (*marks.get(self.process_id, ()), mark)
            self.set_progress(self.process_id, 100 * step / CHECKPOINTS)
            self.checkpoint()
        return "steps"

    def do_large(self):
        """Answer with `size` bytes, after as many seconds as `do_slow`."""
        self.do_slow()
        return bytes(int(self.request.form["size"]))

    def do_echo(self):
        """Answer with the upload, read and written in pieces."""
        upload = self.request.form["upload"]
        while chunk := upload.read(1024 * 1024):
            self.request.response.write(chunk)

    def do_body(self):
        """Answer with the body that was sent."""
        return self.request.get("BODY")

    def do_failing(self):
        raise ValueError("failing")

    def do_deadly(self):
        die("killed by its job")

    def tree(self, name):
        """Return a BTree at the root of the database; makes it if needed."""
        root = self.context._p_jar.root()
        if name not in root:
            root[name] = OOBTree()
        return root[name]

    def claim_number(self):
        """Return the number of the claim that this run commits under."""
        app = self.context.getPhysicalRoot()
        return get_process(app, self.process_id).claim.number


class SlowVote:
    """A data manager that votes last, and takes its time."""

    def __init__(self, seconds):
        self._seconds = seconds

    def sortKey(self):
        return "~~"

    def tpc_vote(self, txn):
        os.write(2, f"{VOTING}\n".encode())
        time.sleep(self._seconds)

    def abort(self, txn):
        """Nothing to do."""

    tpc_begin = commit = tpc_finish = tpc_abort = abort


class ReadingView(BaseAsyncView):
    """Writes nothing itself, and has a result of `size` bytes."""

    def initial_page(self):
        return "the form"

    def __run__(self, process_id=None):
        self.set_progress(process_id, 50)
        return b"\0" * int(self.request.form["size"])


class HeavyView(JobView):
    """``crash-KIND-heavy``: waits in a queue of its own."""

    queue = "heavy"


class AgainView(JobView):
    """``crash-KIND-again``: is run again when its worker died."""

    restart_after_crash = True


class CancellableView(JobView):
    """``crash-KIND-cancellable``: may be cancelled."""

    cancellable = True


class ConflictingView(JobView):
    """``crash-KIND-conflicting``: Zope has to repeat each request once."""

    def run_process(self):
        if self.request.retry_count == 0:
            raise ConflictError
        return super().run_process()


class ManyView(BrowserView):
    """Queues a `number` of processes that no Zope of the tests runs."""

    def __call__(self):
        registry = getProcessRegistry(self.context)
        for _number in range(int(self.request.form["number"])):
            registry.add(
                Process(
                    new_process_id(),
                    "/crash-quick",
                    "crash-quick",
                    "crash-quick",
                    ANONYMOUS,
                    RequestSnapshot({"PATH_INFO": "/crash-quick"}),
                    queue=UNSERVED,
                )
            )


class StatesView(BrowserView):
    """Records as JSON: what is stored, and what a poll says now.

    Those of the ids in the form, else all.
    """

    def __call__(self):
        registry = query_registry(self.context)
        ids = self.request.form.get("ids", "").split()
        ids = ids or registry.process_ids()
        done = self.context._p_jar.root().get(EFFECTS, {})
        return json.dumps(
            {i: described(registry[i], done.get(i, ())) for i in ids}
        )


class HeldView(BrowserView):
    """Does with what is held what the form says, and tells how many."""

    def __call__(self):
        decide = {"release": release_held, "drop": drop_held}
        return str(decide[self.request.form["decision"]]().count)


class QueueView(BrowserView):
    """Pauses or resumes the queue of that name in its form."""

    def __call__(self):
        registry = getProcessRegistry(self.context)
        form = self.request.form
        if "pause" in form:
            pause_queue(registry, form["pause"])
        else:
            resume_queue(registry, form["resume"])
        return "done"


class DisarmView(BrowserView):
    """Disarms the trap of this Zope."""

    def __call__(self):
        for trap in traps:
            trap.disarm()


class OldRegistryView(BrowserView):
    """Leaves a registry as 1.x has stored it, and with what 1.x left in it."""

    def __call__(self):
        registry = getProcessRegistry(self.context)
        registry.__dict__.clear()
        registry._process_registry = PersistentMapping(a={})


def described(process, effects):
    """Return what the tests want to know of an IProcess, as plain values.

    `effects` are the claims under which it was done.
    """
    worker = process.claim.worker and process.claim.worker.name
    return {
        "view": process.view_name,
        "state": process.state,
        "held": process.is_held,
        "stored": process.outcome.state,
        "progress": process.progress,
        "claims": process.claim.number,
        "deaths": process.claim.deaths,
        "effects": list(effects),
        "worker": worker,
        "is_mine": worker == this_worker(),
        "ran_here": process.id in ran_here,
        "error": process.error and process.error.kind,
    }


class Trap:
    """Kills somebody in a step of the `number`-th commit at a place.

    That is this process; or it sends another signal, or to another process,
    or has somebody else do what is to be done.

    The steps are `begin` (the storage has got the data, and the blobs are in
    place), `vote` (the transaction is in the file, but not valid yet), and
    `finish` (it is valid, nobody has been told).  Places are the word behind
    ``netsight.async:`` in the description of a transaction of our own, `job`
    for those of a running process and `post` for those of web requests.
    """

    def __init__(self, text):
        self.text = text
        self.step, self.place, number = text.split(":")
        self._left = int(number)
        self._armed = None
        self._lock = threading.Lock()

    def set(self):
        """Look at all commits from now on, in all connections."""
        vote, finish = Connection.tpc_vote, Connection.tpc_finish

        def tpc_vote(connection, transaction):
            if self._is_here(transaction):
                self._armed = transaction
            self._spring_in("begin", transaction)
            vote(connection, transaction)
            self._spring_in("vote", transaction)

        def tpc_finish(connection, transaction):
            finish(connection, transaction)
            self._spring_in("finish", transaction)

        Connection.tpc_vote = tpc_vote
        Connection.tpc_finish = tpc_finish

    def disarm(self):
        """Spring no more."""
        self._left = 0

    def _spring_in(self, step, transaction):
        here = (step, transaction) == (self.step, self._armed)
        if here and is_first(os.environ.get(TRAP_ONCE)):
            self._spring()

    def _spring(self):
        reason = f"sprang the trap {self.text}"
        if TRAP_CALL in os.environ:
            call(reason, int(os.environ[TRAP_CALL]))
        else:
            strike(
                reason,
                int(os.environ.get(TRAP_PID, os.getpid())),
                signal.Signals[os.environ.get(TRAP_SIGNAL, "SIGKILL")],
            )

    def _is_here(self, transaction):
        if place_of(transaction) != self.place:
            return False
        with self._lock:
            self._left -= 1
            return self._left == 0


def is_first(path):
    """Make a file; tell whether it was not there.  True without a path."""
    if not path:
        return True
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def place_of(transaction):
    """Return the place of a commit; see Trap."""
    note = transaction.description
    _before, colon, place = note.partition("netsight.async: ")
    if colon:
        return place
    thread = threading.current_thread().name
    return "job" if thread.startswith("netsight.async") else "post"


def die(reason):
    """End as by ``kill -9``: nothing else is run in this process."""
    strike(reason, os.getpid(), signal.SIGKILL)


def call(reason, port):
    """Call a port of this machine, and wait until it hangs up."""
    os.write(2, f"{reason}\n".encode())
    with socket.create_connection((HOST, port)) as caller:
        caller.recv(1)


def strike(reason, pid, number):
    """Send a process a signal; returns unless it kills this one."""
    os.write(2, f"{reason}\n".encode())
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    if (pid, number) == (os.getpid(), signal.SIGKILL):
        threading.Event().wait()


traps = []
"""That of the environment, if any."""


def set_trap(event):
    """Set the trap of the environment, if any, when Zope has a database.

    And have this Zope be on another machine, if MACHINE is set.
    """
    if MACHINE in os.environ:
        machine = (os.environ[MACHINE],)
        os_process.this_machine = lambda: machine
    if TRAP in os.environ:
        traps.append(Trap(os.environ[TRAP]))
        traps[0].set()
