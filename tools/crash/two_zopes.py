"""Rounds with two Zopes and a ZEO server: the others go on meanwhile.

What was killed is started again only if nobody is left who could do its work.
"""

import signal
import time
from collections import Counter

from plan import draw_posts
from plan import draw_scene
from posting import Posting
from rounds import SETTLE_SECONDS
from rounds import STOP_SECONDS
from rounds import Rounds
from rounds import has_sprung
from rounds import moment_of
from rounds import shown
from rounds import states_at
from rounds import trap_environ

from netsight.async_.tests.crash_views import TRAP_PID
from netsight.async_.tests.crash_views import TRAP_SIGNAL
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zeo_server import ZeoServer
from netsight.async_.tests.zope_server import QUICK
from netsight.async_.tests.zope_server import ZopeServer


LEASE_SECONDS = int(QUICK["NETSIGHT_ASYNC_LEASE_SECONDS"])
BEAT_SECONDS = int(QUICK["NETSIGHT_ASYNC_BEAT_SECONDS"])
DEAD_SECONDS = LEASE_SECONDS + 2 * BEAT_SECONDS
"""From a death until nobody may say any more that its processes run."""


AWAY_ERRORS = ("Couldn't load state for", "_task failed and is tried again")
"""What may be logged when the ZEO server is killed."""


class TwoZopes(Rounds):
    """See above."""

    def __init__(self, directory, seed):
        self.zeo = ZeoServer(directory / "zeo")
        zopes = [ZopeServer(directory / name, self.zeo) for name in "ab"]
        super().__init__(seed, zopes, self.zeo)
        self.dead = {}
        self.faultless = set()
        self.workers = {}

    def kill_all(self):
        super().kill_all()
        self.zeo.kill()

    def play(self, rng, number):
        scene, posts = draw_scene(rng, number), draw_posts(rng)
        victim, other = rng.sample(self.zopes, 2)
        self.expected_errors = Rounds.expected_errors
        if scene.target == "zeo":
            self.expected_errors += AWAY_ERRORS
        self.zeo.start()
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
        return f"{moment} at {shown(at_kill)}; settled in {seconds:.1f} s"

    def start_both(self, victim, other, scene):
        """Start the Zopes; the trap of the victim may spring at once."""
        self.launch(other)
        self.launch(victim, **self.trap_of(scene))
        self.note_deaths()
        pids = {zope.os_process.pid for zope in (victim, other)}
        guilty = {"pause": {victim.os_process.pid}, "zeo": pids}
        self.faultless = pids - guilty.get(scene.target, set())

    def trap_of(self, scene):
        """Return the environ of the victim."""
        more = {
            "pause": {TRAP_SIGNAL: "SIGSTOP"},
            "zeo": {TRAP_PID: str(self.zeo.os_process.pid)},
        }
        return trap_environ(scene.kill.trap, **more.get(scene.target, {}))

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

    def strike_zeo(self, scene, victim, other):
        """Kill the ZEO server, and start it again some time later."""
        self.wait_struck(scene, self.zeo.has_ended)
        self.zeo.kill()
        time.sleep(scene.seconds)
        self.zeo.start()
        self.disarm(victim)

    def strike_pause(self, scene, victim, other):
        """Let one Zope stand still past its lease."""
        self.wait_struck(scene, lambda: has_sprung(victim))
        if not victim.has_ended():
            victim.pause()
            self.watch(other, victim, scene.seconds)
            victim.resume()
            self.disarm(victim)

    def wait_struck(self, scene, condition):
        wait_until(condition, scene.kill.seconds, step=0.005)

    def watch(self, other, paused, seconds):
        """Let the other work meanwhile, and see what it says."""
        pid = paused.os_process.pid
        self.dead[pid] = time.monotonic()
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

        A Zope that was paused may be given up; so may all, where the answer
        to a claim was lost with the ZEO server.
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
            if zope.os_process.returncode not in (0, -signal.SIGKILL):
                self.checker.complain("Zope died by itself")
        self.zeo.terminate()
        self.zeo.wait(STOP_SECONDS)


def pid_of(record):
    """Return the process id of the Zope that holds a claim."""
    return int(record["worker"].split(":")[1])
