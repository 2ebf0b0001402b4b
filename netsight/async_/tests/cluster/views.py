"""Jobs that show what a process gets and gives, on each kind of worker."""

import os
import socket
import time
from multiprocessing import get_context

import transaction
import Zope2
from AccessControl import getSecurityManager
from BTrees.OOBTree import OOBTree
from Products.Five import BrowserView
from transaction.interfaces import IDataManager
from zope.interface import implementer

from netsight.async_.tests.crash_views import JobView
from netsight.async_.tests.crash_views import die


COUNTER = "cluster counter"
SLOW = "cluster slow commits"
DEATHS = "CLUSTER_DEATHS"
"""Environment variable: a directory of notes that survive their writers."""

conflicted = set()
"""Ids of processes that have met their conflict; Zope retries in the same."""

BIG = 300_000
"""Bytes of a body that becomes a blob."""


class UsersView(BrowserView):
    """Adds a user to the root, with the name and password of the form."""

    def __call__(self):
        form = self.request.form
        self.context.acl_users.userFolderAddUser(
            form["user"], form["password"], ["Owner"], []
        )


class ClusterView(JobView):
    """``cluster-KIND``: does what its name says."""

    restart_after_crash = True

    def do_answer(self):
        response = self.request.response
        response.setStatus(202)
        response.setHeader("X-Made-By", "the process")
        response.setHeader("Content-Type", "text/x-answer; charset=utf-8")
        return f"got {self.request.form['text']}"

    def do_user(self):
        user = getSecurityManager().getUser()
        return f"{user.getId()} {' '.join(sorted(user.getRoles()))}"

    def do_big(self):
        return os.urandom(16) * (BIG // 16)

    def do_stream(self):
        for _piece in range(10):
            self.request.response.write(b"0123456789" * 10_000)

    def do_redirect(self):
        return self.request.response.redirect("http://elsewhere.example/")

    def do_conflict(self):
        """Add one to a counter; another does it at the same time, once."""
        tree = self.tree(COUNTER)
        tree["count"] = tree.get("count", 0) + 1
        if self.process_id not in conflicted:
            conflicted.add(self.process_id)
            add_elsewhere()
        return str(tree["count"])

    def do_fatal(self):
        """Kill the process that runs this, for the first time only."""
        note = os.path.join(os.environ[DEATHS], self.process_id)
        try:
            os.close(os.open(note, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return "survived"
        die("killed by its job, once")

    def do_turn(self):
        """Fail unless it runs alone; return how many ran before."""
        folder = os.environ[DEATHS]
        alone = os.path.join(folder, "alone")
        os.close(os.open(alone, os.O_CREAT | os.O_EXCL))
        time.sleep(0.2)
        with open(os.path.join(folder, "turns"), "a+") as turns:
            turns.seek(0)
            before = len(turns.readlines())
            turns.write(f"{self.process_id}\n")
        os.unlink(alone)
        return str(before)

    def do_hang(self):
        """Wait for ever for what another system says."""
        ours, _theirs = socket.socketpair()
        self.set_progress(self.process_id, 50)
        return ours.recv(1)

    def do_commit(self):
        """Write what takes `seconds` to commit."""
        self.slow_commit("at the end")

    def do_commits(self):
        """Commit that midway, and go on for long."""
        self.slow_commit("midway")
        self.checkpoint()
        time.sleep(600)

    def do_vote(self):
        """Write what takes `seconds` to vote about."""
        self.slow_commit("at the end", "tpc_vote")

    def slow_commit(self, what, *step):
        """Have the next commit take `seconds`."""
        self.tree(SLOW)[self.process_id] = what
        self.set_progress(self.process_id, 50)
        seconds = float(self.request.form["seconds"])
        transaction.get().join(SlowCommit(seconds, *step))

    def do_worker(self):
        return str(os.getpid())

    def do_children(self):
        """Have the work done by a process of our own."""
        child = get_context("spawn").Process(target=os.getpid)
        child.start()
        child.join()
        return str(child.exitcode)


class OnceView(ClusterView):
    """``cluster-KIND``: is not run again after a crash."""

    restart_after_crash = False

    def do_waiting(self):
        """Wait `seconds` for something else, and go on with the database."""
        time.sleep(float(self.request.form["seconds"]))
        self.context._p_jar.cacheMinimize()
        return self.context.title


class SlowView(BrowserView):
    """How many slow commits were done."""

    def __call__(self):
        return str(len(self.context._p_jar.root().get(SLOW, ())))


@implementer(IDataManager)
class SlowCommit:
    """Takes `seconds` for a step of a commit, before the databases do it.

    A client of ZEO commits one after the other, its heartbeat too, from its
    `tpc_begin` on.
    """

    def __init__(self, seconds, step="tpc_begin"):
        setattr(self, step, lambda txn: sleep_in_steps(seconds))

    def sortKey(self):
        return ""

    def abort(self, txn):
        """Nothing to do."""

    tpc_begin = commit = tpc_vote = tpc_finish = tpc_abort = abort


def sleep_in_steps(seconds):
    """Sleep, so that signals are handled meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


class CancellableView(ClusterView):
    """``cluster-KIND-cancellable``."""

    cancellable = True


class LimitedView(ClusterView):
    """``cluster-KIND-limited``: has two seconds."""

    time_limit = 2


class InTurnView(ClusterView):
    """``cluster-KIND-in-turn``: one at a time."""

    in_turn = "view"


def add_elsewhere():
    """Add one to the counter, in a connection of its own."""
    manager = transaction.TransactionManager()
    connection = Zope2.DB.open(manager)
    try:
        root = connection.root()
        tree = root.setdefault(COUNTER, OOBTree())
        tree["count"] = tree.get("count", 0) + 1
        manager.commit()
    finally:
        connection.close()
