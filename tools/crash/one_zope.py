"""Rounds with one Zope on a FileStorage: it is killed, and started again.

In some of them its database is copied meanwhile, for another one.
"""

import time

from check import states_at_kill
from copied import CopiedZope
from databases import FileDatabase
from plan import draw_copy
from plan import draw_kills
from plan import draw_posts
from posting import Posting
from rounds import SETTLE_SECONDS
from rounds import STOP_SECONDS
from rounds import Rounds
from rounds import moment_of
from rounds import shown
from rounds import states_at
from rounds import states_if_it_answers
from rounds import trap_environ

from netsight.async_.tests.copies import copy_database
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zope_server import ZopeServer


ORIGINAL = {"NETSIGHT_ASYNC_DEPLOYMENT": "original"}


class OneZope(Rounds):
    """See above."""

    def __init__(self, directory, seed):
        self.directory = directory
        self.copied = None
        self.zope = ZopeServer(directory / "zope")
        super().__init__(seed, [self.zope], FileDatabase(self.zope))

    def play(self, rng, number):
        kills, posts = draw_kills(rng, number), draw_posts(rng)
        copy = draw_copy(rng)
        if copy is not None:
            self.copied = CopiedZope(self, self.directory / f"copy-{number}")
        told = [self.be_killed(kills[0], posts, copy)]
        told.extend(self.be_killed(kill, []) for kill in kills[1:])
        self.recover()
        self.fetch(self.zope, rng)
        self.stop(self.zope)
        if copy is not None:
            told.append(self.copied.play(copy))
        return "; then ".join(told)

    def kill_all(self):
        super().kill_all()
        if self.copied is not None:
            self.copied.zope.kill()

    def be_killed(self, kill, posts, copy=None):
        """Start Zope, post, and have it killed; return a text about it.

        Its database is copied before that, for a Copy.
        """
        self.boot(kill.trap)
        posting = Posting(self.zopes, posts)
        seconds = kill.seconds
        if copy is not None:
            wait_until(self.zope.has_ended, copy.seconds, step=0.005)
            copy_database(self.zope, self.copied.zope)
            seconds = max(0, seconds - copy.seconds)
        if not wait_until(self.zope.has_ended, seconds, step=0.005):
            if kill.by_sigterm:
                self.zope.terminate()
            else:
                self.zope.kill()
        self.zope.wait(STOP_SECONDS)
        posting.end()
        self.count(posting)
        return self.describe(kill)

    def describe(self, kill):
        """Count where the kill hit; return a text about it."""
        moment = moment_of(kill.trap, self.zope.new_log)
        if self.zope.os_process.returncode == 0:
            moment = "orderly stop"
        self.moments[moment] += 1
        states = states_at_kill(self.checker.database, self.old)
        self.at_kill.update(states)
        return f"{moment} at {shown(states)}"

    def boot(self, trap=""):
        """Start Zope; it may die before it answers."""
        self.launch(self.zope, **ORIGINAL, **trap_environ(trap))

    def recover(self):
        """Start Zope, again if a job kills it, until all have ended."""
        deadline = time.monotonic() + SETTLE_SECONDS
        self.boot()
        self.check_waiting()
        while not self.have_ended() and time.monotonic() < deadline:
            if self.zope.has_ended():
                self.moments["by its job"] += 1
                self.boot()
                self.check_waiting()
            time.sleep(0.05)

    def check_waiting(self):
        """No page may wait for a process of a Zope that is dead."""
        for process_id, record in states_at(self.zope).items():
            if record["state"] == "running" and not record["is_mine"]:
                self.checker.complain(f"{process_id} seems to run: {record}")

    def have_ended(self):
        """Tell whether all have; not if a job has killed it just now."""
        answered = states_if_it_answers(self.zope)
        return answered is not None and all(
            record["stored"] for record in answered.values()
        )
