"""Rounds with a web Zope that rings a Celery worker, over a ZEO server.

Anything dies or stands still; it is started again soon, as a supervisor does.
"""

import os
import signal
import time
from contextlib import suppress

from databases import FileDatabase
from plan import draw_outage
from plan import draw_posts
from posting import Posting
from rabbitmq import RabbitMQ
from rounds import CONFLICTING
from rounds import STOP_SECONDS
from rounds import Rounds
from rounds import has_sprung
from rounds import moment_of
from rounds import states_at
from rounds import trap_environ

from netsight.async_.tests.cluster.celery_worker import CeleryWorker
from netsight.async_.tests.cluster.services import RedisServer
from netsight.async_.tests.crash_views import TRAP_ONCE
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zeo_server import ZeoServer
from netsight.async_.tests.zope_server import QUICK
from netsight.async_.tests.zope_server import ZopeServer


LEASE_SECONDS = int(QUICK["NETSIGHT_ASYNC_LEASE_SECONDS"])
BEAT_SECONDS = int(QUICK["NETSIGHT_ASYNC_BEAT_SECONDS"])
DEAD_SECONDS = LEASE_SECONDS + 2 * BEAT_SECONDS
"""From a death until nobody may say any more that its processes run."""

WORKER_STOP_SECONDS = 30
"""A warm shutdown waits for what runs."""

CUTS = 3
"""A broker ends all connections so often."""

BROKER_ERRORS = (
    "consumer: Cannot connect",
    "Connection to broker lost",
    # Celery closes what is closed, and connects again.
    "Error cleaning up after event loop: RecoverableConnectionError",
)

AWAY_ERRORS = {
    "zeo": ("Couldn't load state for",),
    **dict.fromkeys(("redis", "cut", "rabbitmq", "readonly"), BROKER_ERRORS),
}
"""What may be logged when a server is away."""


class CeleryCluster(Rounds):
    """See above."""

    expected_errors = (
        *Rounds.expected_errors,
        # Of the parent, about its children.
        "exited with 'signal 9 (SIGKILL)'",
        "Worker exited prematurely",
        CONFLICTING,
    )

    def __init__(self, directory, seed):
        self.zeo = ZeoServer(directory / "zeo")
        self.redis = RedisServer()
        self.rabbitmq = RabbitMQ()
        self.broker = self.redis
        self.web = ZopeServer(directory / "web", self.zeo)
        self.worker = CeleryWorker(directory / "worker", self.zeo)
        servers = [self.web, self.worker]
        super().__init__(seed, servers, FileDatabase(self.zeo))
        self.once = directory / "sprung"
        self.environ = {
            **QUICK,
            "NETSIGHT_ASYNC_EXECUTOR": "celery",
            TRAP_ONCE: str(self.once),
        }
        self.gone = {}

    def kill_all(self):
        super().kill_all()
        self.broker.kill()
        self.zeo.kill()

    def play(self, rng, number):
        outage, posts = draw_outage(rng, number), draw_posts(rng)
        self.expected_errors = (
            *type(self).expected_errors,
            *AWAY_ERRORS.get(outage.target, ()),
        )
        self.gone = {}
        self.once.unlink(missing_ok=True)
        self.zeo.start()
        self.start_broker(outage)
        # The first one of all makes the application.
        self.launch(self.web, **self.environ)
        trap = trap_environ(outage.kill.trap)
        self.launch(self.worker, **self.environ, **trap)
        posting = Posting([self.web], posts)
        self.strike(outage)
        moment = f"{outage.target} {self.moment(outage)}"
        self.moments[moment] += 1
        seconds = self.settle(posting)
        posting.end()
        self.count(posting)
        self.stop_all(rng)
        return f"{moment}; settled in {seconds:.1f} s"

    def start_broker(self, outage):
        self.broker = self.rabbitmq if outage.is_of_rabbitmq else self.redis
        self.broker.start()
        self.environ["NETSIGHT_ASYNC_CELERY_BROKER"] = self.broker.url

    def moment(self, outage):
        return moment_of(outage.kill.trap, self.worker.new_log)

    # What happens

    def strike(self, outage):
        wait_until(
            lambda: self.web.has_ended() or has_sprung(self.worker),
            outage.kill.seconds,
            step=0.005,
        )
        getattr(self, f"strike_{outage.target}")(outage)

    def strike_child(self, outage):
        """Kill a child, unless its trap has done so."""
        if not has_sprung(self.worker):
            self.signal_child(outage, signal.SIGKILL)

    def strike_pause(self, outage):
        """Let a child stand still past its lease."""
        pid = self.signal_child(outage, signal.SIGSTOP)
        time.sleep(outage.seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def strike_worker(self, outage):
        """Kill the parent: the children have nobody who watches them."""
        self.worker.kill()

    def strike_cold(self, outage):
        """Have the parent stop its children in the middle of their work."""
        self.worker.os_process.send_signal(signal.SIGQUIT)
        self.worker.wait(WORKER_STOP_SECONDS)

    def strike_web(self, outage):
        self.web.kill()

    def strike_zeo(self, outage):
        self.zeo.kill()
        time.sleep(outage.seconds)
        self.zeo.start()

    def strike_redis(self, outage):
        """Kill the broker, with all messages that it has."""
        self.redis.kill()
        time.sleep(outage.seconds)
        self.redis.start()

    def strike_flush(self, outage):
        """Have the broker forget all messages."""
        self.redis.flush()

    def strike_cut(self, outage):
        """Have the broker end all connections, again and again."""
        for _again in range(CUTS):
            self.broker.cut()
            time.sleep(1)

    strike_rabbitmq = strike_cut

    def strike_readonly(self, outage):
        """Have the broker refuse all messages for some time."""
        self.redis.set_read_only(True)
        time.sleep(outage.seconds)
        self.redis.set_read_only(False)

    def signal_child(self, outage, number):
        """Send a signal to one of the children; return its process id."""
        pids = self.worker.child_pids()
        if not pids:
            self.checker.complain("the worker has no children")
            return 0
        pid = pids[outage.choice % len(pids)]
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        return pid

    # After it

    def look(self):
        """Return the states, after starting again what has died."""
        for server in (self.web, self.worker):
            if server.has_ended():
                self.launch(server, **self.environ)
        return states_at(self.web)

    def check_states(self, states):
        """No page may wait for a child that is dead."""
        now = time.monotonic()
        for process_id, record in states.items():
            pid = record["worker"] and int(record["worker"].split(":")[1])
            if record["state"] != "running" or is_there(pid):
                self.gone.pop(process_id, None)
            elif now - self.gone.setdefault(process_id, now) > DEAD_SECONDS:
                self.checker.complain(f"{process_id} seems to run: {record}")

    def stop_all(self, rng):
        """Fetch some results, and stop everything in order."""
        self.fetch(self.web, rng)
        self.stop(self.web)
        self.worker.terminate()
        if self.worker.wait(WORKER_STOP_SECONDS) != 0:
            self.checker.complain("the worker did not stop in order")
        self.worker.kill()
        self.zeo.terminate()
        self.zeo.wait(STOP_SECONDS)
        self.broker.kill()


def is_there(pid):
    """Tell whether a process runs, or stands still."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
