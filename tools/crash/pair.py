"""Rounds with two Zopes on one database: the others go on meanwhile.

What was killed is started again only if nobody is left who could do its work.
"""

import signal
import time
from collections import Counter

from posting import Posting
from rounds import CONFLICTING
from rounds import SETTLE_SECONDS
from rounds import STOP_SECONDS
from rounds import Rounds
from rounds import has_sprung
from rounds import moment_of
from rounds import shown
from rounds import states_at
from rounds import trap_environ

from netsight.async_.tests.crash_views import TRAP_SIGNAL
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zope_server import QUICK


LEASE_SECONDS = int(QUICK["NETSIGHT_ASYNC_LEASE_SECONDS"])
BEAT_SECONDS = int(QUICK["NETSIGHT_ASYNC_BEAT_SECONDS"])
DEAD_SECONDS = LEASE_SECONDS + 2 * BEAT_SECONDS
"""From a death until nobody may say any more that its processes run."""


class Pair(Rounds):
    """Rounds of a Scene for each; a class below it has the database.

    A method ``strike_TARGET`` does what the scene says, with the Zope that it
    strikes, which is the victim, and with the other one.
    """

    expected_errors = (*Rounds.expected_errors, CONFLICTING)

    def __init__(self, seed, zopes, database):
        super().__init__(seed, zopes, database)
        self.dead = {}
        self.faultless = set()
        self.workers = {}

    # For classes below

    def draw(self, rng, number):
        """Return the Scene and the Posts of a round."""
        raise NotImplementedError

    def begin(self, number):
        """Have the database be there."""

    def end(self):
        """Do what is to be done when both Zopes have stopped."""

    def trap_target(self, scene, victim):
        """Return the environ that says what the trap of the victim does."""
        return {}

    def guilty(self, scene, victim, other):
        """Return the Zopes whose processes may be given up in a scene."""
        return [victim] if scene.target == "pause" else []

    # A round

    def play(self, rng, number):
        self.begin(number)
        scene, posts = self.draw(rng, number)
        victim, other = rng.sample(self.zopes, 2)
        self.dead = {}
        self.start_both(victim, other, scene)
        posting = Posting(self.zopes, posts)
        strike = getattr(self, f"strike_{scene.target}")
        strike(scene, victim, other)
        moment = f"{scene.target} {moment_of(scene.kill.trap, victim.new_log)}"
        self.moments[moment] += 1
        at_kill = self.states_at_kill()
        seconds = self.settle(posting)
        posting.end()
        self.count(posting)
        self.stop_all(rng)
        self.end()
        return f"{moment} at {shown(at_kill)}; settled in {seconds:.1f} s"

    def start_both(self, victim, other, scene):
        """Start the Zopes; the trap of the victim may spring at once."""
        environ = self.victim_environ(scene, victim)
        if scene.is_in_sweep:
            # Who begins sweeps what has expired since the last round.
            self.launch(victim, **environ)
            self.launch(other)
        else:
            self.launch(other)
            self.launch(victim, **environ)
        self.note_deaths()
        pids = {zope.os_process.pid for zope in self.zopes}
        guilty = self.guilty(scene, victim, other)
        self.faultless = pids - {zope.os_process.pid for zope in guilty}

    def victim_environ(self, scene, victim):
        """Return the environ of the victim."""
        more = (
            {TRAP_SIGNAL: "SIGSTOP"}
            if scene.target == "pause"
            else self.trap_target(scene, victim)
        )
        return trap_environ(scene.kill.trap, **more)

    # What happens

    def strike_zope(self, scene, victim, other):
        """Kill one Zope."""
        self.wait_struck(scene, victim.has_ended)
        if scene.kill.by_sigterm and not victim.has_ended():
            victim.terminate()
            victim.wait(STOP_SECONDS)
        victim.kill()
        self.note_deaths()

    def strike_both(self, scene, victim, other):
        """Kill both Zopes at once."""
        self.wait_struck(scene, victim.has_ended)
        victim.kill()
        other.kill()
        self.note_deaths()

    def strike_pause(self, scene, victim, other):
        """Let one Zope stand still past its lease."""
        self.wait_struck(scene, lambda: has_sprung(victim))
        if not victim.has_ended():
            victim.pause()
            # Others cannot commit then: nobody can know whether it is dead.
            holds_up = self.holds_up_commits(scene, victim)
            self.watch(other, victim, scene.seconds, not holds_up)
            victim.resume()
            self.disarm(victim)

    def holds_up_commits(self, scene, victim):
        """Tell whether a Zope stands still in the middle of a commit."""
        return has_sprung(victim) and scene.kill.is_in_commit

    def wait_struck(self, scene, condition):
        wait_until(condition, scene.kill.seconds, step=0.005)

    def watch(self, other, victim, seconds, passes_for_dead=True):
        """Let the other work meanwhile, and see what it says."""
        pid = victim.os_process.pid
        self.dead[pid] = time.monotonic() if passes_for_dead else float("inf")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check_states(states_at(other))
            time.sleep(0.1)
        del self.dead[pid]

    def disarm(self, zope):
        """Have a Zope not spring its trap any more, if it lives."""
        if not wait_until(
            lambda: zope.has_ended() or zope.is_answered("/crash-disarm"),
            SETTLE_SECONDS,
        ):
            self.checker.complain("Zope does not answer any more")

    # After it

    def living(self):
        return [zope for zope in self.zopes if not zope.has_ended()]

    def note_deaths(self):
        """Note when somebody was first seen dead."""
        for zope in self.zopes:
            if zope.has_ended() and zope.os_process is not None:
                self.dead.setdefault(zope.os_process.pid, time.monotonic())

    def states_at_kill(self):
        """Return how many new processes a Zope that lives shows in a state."""
        counter = Counter()
        for zope in self.living()[:1]:
            for process_id, record in states_at(zope).items():
                if process_id not in self.old:
                    counter[record["state"]] += 1
        self.at_kill.update(counter)
        return counter

    def look(self):
        """Return the states as a Zope that lives tells them."""
        self.note_deaths()
        if not self.living():
            self.revive()
        return states_at(self.living()[0]) if self.living() else {}

    def revive(self):
        """Start a Zope: from now on there is somebody who watches."""
        self.launch(self.zopes[0])
        self.dead = dict.fromkeys(self.dead, time.monotonic())

    def check_states(self, states):
        """No page may wait for a dead Zope, or give up one that lives.

        One that is guilty may be given up: it was paused, for example.
        """
        self.faultless -= self.dead.keys()
        now = time.monotonic()
        over = {p for p, t in self.dead.items() if now - t > DEAD_SECONDS}
        for process_id, record in states.items():
            if record["worker"] is not None:
                self.workers[process_id] = pid_of(record)
            # Who has given it up has left no name.
            pid = self.workers.get(process_id)
            if record["state"] == "running" and pid in over:
                self.checker.complain(f"{process_id} seems to run: {record}")
            if record["state"] == "lost" and pid in self.faultless:
                self.checker.complain(f"{process_id} was given up: {record}")

    def stop_all(self, rng):
        """Fetch some results, and stop whoever lives."""
        living = self.living()
        if not living:
            self.checker.complain("no Zope lives")
        for zope in living[:1]:
            self.fetch(zope, rng)
        for zope in living:
            self.stop(zope)
        for zope in self.zopes:
            was_killed = zope.os_process.returncode == -signal.SIGKILL
            if not was_killed and not self.has_stopped_in_order(zope):
                self.checker.complain("Zope died by itself")


def pid_of(record):
    """Return the process id of the Zope that holds a claim."""
    return int(record["worker"].split(":")[1])
