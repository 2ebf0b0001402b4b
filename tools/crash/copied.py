"""A Zope of another deployment, on a copy of the database of a round.

Nothing of what waited or ran in the original may be run there, whatever kills
the Zope meanwhile, until it is released; and nothing may be left of what is
dropped.  What is started there works.
"""

import shutil
import time
from http.client import HTTPException

from check import Checker
from check import records
from check import stored_state
from databases import FileDatabase
from rounds import SETTLE_SECONDS
from rounds import moment_of
from rounds import states_at
from rounds import trap_environ

from netsight.async_ import interfaces
from netsight.async_.tests.crash_views import EFFECTS
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zope_server import ZopeServer


COPY = {"NETSIGHT_ASYNC_DEPLOYMENT": "copy"}

BOOTS_MOST = 10
"""So often the Zope is started again for one request."""

HELD_SECONDS = 2.5
"""What is held is watched for so long: some beats."""


class CopiedZope:
    """See above; `rounds` are those of the original."""

    def __init__(self, rounds, directory):
        self.rounds = rounds
        self.zope = ZopeServer(directory)
        self.checker = Checker(FileDatabase(self.zope))
        self.held = {}
        """Numbers of claims by id, of what had not ended in the original."""
        self.own = []
        self.killed_log = ""
        self.views = {}

    def play(self, copy):
        """Do all that happens with a Copy; return a text about it."""
        self._look_into_copy()
        self.rounds.totals["copies"] += 1
        self.rounds.totals["held"] += len(self.held)
        self.be_killed(copy)
        self.boot()
        # A decision that was cut off is made again, and changes nothing more.
        self.insist(self.decide, copy.decision)
        self.rounds.totals[f"held: {copy.decision}"] += len(self.held)
        self.settle()
        self.rounds.stop(self.zope)
        self._check(copy.decision)
        if not self.checker.problems:
            shutil.rmtree(self.zope.directory)
        moment = moment_of(copy.kill.trap, self.killed_log)
        self.rounds.moments[f"copy: {moment}"] += 1
        return f"copy with {len(self.held)} held, {moment}, {copy.decision}"

    def be_killed(self, copy):
        """Start the Zope, see that all is held, decide; it is killed."""
        self.boot(copy.kill.trap)
        try:
            self.check_held()
            self.start_one()
            self.decide(copy.decision)
            wait_until(self.zope.has_ended, copy.kill.seconds / 4, step=0.005)
        except (OSError, HTTPException):
            # The trap has sprung.
            self.zope.wait(SETTLE_SECONDS)
        self.zope.kill()
        self.killed_log = self.zope.new_log

    def boot(self, trap=""):
        self.rounds.launch(self.zope, **COPY, **trap_environ(trap))

    def start_one(self):
        """Start a job here; its POST may be cut off."""
        self.own.append(self.zope.start_job("crash-quick-again"))

    def decide(self, decision):
        self.zope.post(f"/crash-held?decision={decision}")

    def insist(self, function, *args):
        """Call a function, again if a job that was released kills the Zope."""
        for _again in range(BOOTS_MOST):
            try:
                function(*args)
            except (OSError, HTTPException):
                self.zope.wait(SETTLE_SECONDS)
                self.boot()
            else:
                return
        self.complain(f"{function.__name__} was cut off each time")

    def check_held(self):
        """Wait for some beats; nothing that is held may be touched."""
        end = time.monotonic() + HELD_SECONDS
        while time.monotonic() < end:
            states = self.zope.states()
            for process_id, claims in self.held.items():
                record = states.get(process_id)
                if (
                    record is None
                    or not record["held"]
                    or record["state"] != interfaces.QUEUED
                    or record["claims"] != claims
                    or record["effects"]
                ):
                    self.complain(f"{process_id} is not held: {record}")
            time.sleep(0.1)

    def settle(self):
        """Start a last job, and wait until all have ended."""
        self.insist(self.start_one)
        deadline = time.monotonic() + SETTLE_SECONDS
        while not self._have_ended() and time.monotonic() < deadline:
            if self.zope.has_ended():
                # By a job that was released.
                self.boot()
            time.sleep(0.05)

    def _have_ended(self):
        states = states_at(self.zope)
        return bool(states) and all(r["stored"] for r in states.values())

    def complain(self, text):
        self.rounds.checker.complain(f"copy: {text}")
        self.checker.complain(text)

    # The database

    def _look_into_copy(self):
        """Note what is held, and what has ended or expired before."""
        with self.checker.database.opened() as connection:
            done = set(connection.root().get(EFFECTS, ()))
            stored = records(connection)
            for process_id, process in stored.items():
                self.views[process_id] = process.view_name
                if stored_state(process) in interfaces.FINAL_STATES:
                    self.checker.known[process_id] = process.view_name
                else:
                    self.held[process_id] = process.claim.number
        # Results that were fetched before expire here, too.
        self.checker.fetched.update(self.rounds.checker.fetched)
        for process_id in done - stored.keys():
            self.checker.known[process_id] = "expired"
            self.checker.fetched.add(process_id)

    def _check(self, decision):
        if decision == "release":
            known = {each: self.views[each] for each in self.held}
            self.checker.known.update(known)
            self.checker.released.update(i for i in known if self.held[i])
        self.checker.known.update(dict.fromkeys(self.own, "crash-quick-again"))
        with self.checker.database.opened() as connection:
            left = self.held.keys() & records(connection).keys()
        if decision == "drop" and left:
            self.complain(f"not dropped: {left}")
        self.checker.check()
        self.rounds.check_log(self.zope)
        for text in self.checker.problems:
            self.rounds.checker.complain(f"copy: {text}")
