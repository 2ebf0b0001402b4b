"""Rounds with two Zopes and a ZEO server; see pair.py."""

import time

from databases import FileDatabase
from pair import Pair
from plan import draw_posts
from plan import draw_scene
from rounds import STOP_SECONDS

from netsight.async_.tests.crash_views import TRAP_PID
from netsight.async_.tests.zeo_server import ZeoServer
from netsight.async_.tests.zope_server import ZopeServer


AWAY = ("zeo", "failover")
"""Targets that are the ZEO server."""

AWAY_ERRORS = (
    "Couldn't load state for",
    "was not stored",
    "Exception while serving",
)
"""What may be logged when the ZEO server is killed."""


class TwoZopes(Pair):
    """The ZEO server is killed, too, and started again some time later."""

    def __init__(self, directory, seed):
        self.zeo = ZeoServer(directory / "zeo")
        zopes = [ZopeServer(directory / name, self.zeo) for name in "ab"]
        super().__init__(seed, zopes, FileDatabase(self.zeo))

    def kill_all(self):
        super().kill_all()
        self.zeo.kill()

    def draw(self, rng, number):
        scene = draw_scene(rng, number)
        self.expected_errors = type(self).expected_errors
        self.expected_errors += AWAY_ERRORS if scene.target in AWAY else ()
        return scene, draw_posts(rng, is_long=scene.target == "failover")

    def begin(self, number):
        self.zeo.start()

    def end(self):
        self.zeo.terminate()
        self.zeo.wait(STOP_SECONDS)

    def trap_target(self, scene, victim):
        if scene.target in AWAY:
            return {TRAP_PID: str(self.zeo.os_process.pid)}
        return {}

    def strike_zeo(self, scene, victim, other):
        """Kill the ZEO server, and start it again some time later."""
        self.wait_struck(scene, self.zeo.has_ended)
        self.zeo.kill()
        time.sleep(scene.seconds)
        self.zeo.start()
        self.disarm(victim)

    strike_failover = strike_zeo
