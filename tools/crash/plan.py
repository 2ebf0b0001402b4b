"""What happens in a round, drawn from a seed: the jobs and the kills."""

from dataclasses import dataclass


PLACES = {
    "post": 8,
    "claim": 8,
    "job": 10,
    "progress": 5,
    "heartbeat": 3,
    "recovery": 3,
    "sweep": 1,
    "failed": 1,
    "failure told": 1,
    "stop": 1,
}
"""Where a kill is aimed at, and up to which commit of that kind.

See `netsight.async_.tests.crash_views.Trap`.
"""

TURNS = (
    *("post", "job", "claim", "progress", "job", "heartbeat", "failed"),
    *("recovery", "job", "sweep", "failure told", "stop"),
)
"""The order in which the places take turns."""

PLACES_AGAIN = {"start": 1, "recovery": 2, "claim": 4, "job": 4}
"""The same for a kill that comes soon after the restart."""

STEPS = ("begin", "vote", "finish")
KINDS = {
    "quick": 5,
    "slow": 6,
    "upload": 5,
    "steps": 5,
    "failing": 2,
    "deadly": 0.2,
}
"""Kinds of jobs, and how often; see `crash_views`."""

AIMED = 0.75
AGAIN = 0.4
"""Parts of the rounds with an aimed kill, and with a second kill."""

TARGETS = {"zope": 5, "pause": 2, "zeo": 2, "both": 1}
"""What is killed or paused of two Zopes and a ZEO server, and how often."""

OUTAGES = {
    "child": 6,
    "pause": 2,
    "worker": 1,
    "cold": 1,
    "web": 1,
    "zeo": 1,
    "redis": 1,
    "flush": 1,
}
"""What is killed, paused or emptied of a cluster with Celery, how often.

That is a child of the worker, the worker itself (`cold` by a signal on which
it stops its children), the web Zope, the ZEO server or the broker.
"""

IN_THE_WEB = ("post", "stop")
"""Places where no child of a worker ever is."""

PAUSED_SECONDS = 6.0
"""Past the lease, and until recovery has been done."""

AWAY_SECONDS = 6.0
"""A ZEO server is away for so long at most, with a lease of 3."""

CLOCK_SECONDS = 2.5
AIM_SECONDS = 4.0
"""A kill by the clock comes within that; an aimed one that misses, then."""


@dataclass(frozen=True)
class Kill:
    """SIGKILL, or SIGTERM for a kill in the stop, after `seconds`.

    `trap` is where Zope kills itself before, an empty str for nowhere.
    """

    trap: str
    seconds: float

    @property
    def by_sigterm(self):
        return ":stop:" in self.trap


@dataclass(frozen=True)
class Scene:
    """What happens to two Zopes and their ZEO server.

    The `target` of the Kill is one Zope, which is killed (`zope`) or stands
    still for a while (`pause`), both Zopes, or the ZEO server (`zeo`), which
    is away for some `seconds`.
    """

    target: str
    kill: Kill
    seconds: float


@dataclass(frozen=True)
class Outage:
    """What happens to a web Zope, a Celery worker, and their servers.

    The `target` is one of OUTAGES.  What is away or stands still does so for
    some `seconds`; `choice` is a number that chooses one of the children.
    """

    target: str
    kill: Kill
    seconds: float
    choice: int


@dataclass(frozen=True)
class Post:
    """One job to start, `pause` seconds after the one before."""

    view: str
    pause: float
    seconds: float
    upload: bytes


def draw_kills(rng, number):
    """Return the kills of round `number`; the places take turns."""
    kills = [_draw_first_kill(rng, number)]
    if rng.random() < AGAIN:
        place = rng.choice(list(PLACES_AGAIN))
        most, seconds = PLACES_AGAIN[place], AIM_SECONDS / 2
        kills.append(_draw_kill(rng, place, most, seconds))
    return kills


def draw_scene(rng, number):
    """Return the scene of round `number`; the places take turns."""
    (target,) = rng.choices(list(TARGETS), TARGETS.values())
    kill = _draw_first_kill(rng, number)
    if kill.by_sigterm and target != "zope":
        kill = Kill("", kill.seconds)
    away = rng.uniform(0, AWAY_SECONDS)
    return Scene(target, kill, PAUSED_SECONDS if target == "pause" else away)


def draw_outage(rng, number):
    """Return the Outage of round `number`; the places take turns."""
    (target,) = rng.choices(list(OUTAGES), OUTAGES.values())
    kill = _draw_first_kill(rng, number)
    away = rng.uniform(0, AWAY_SECONDS)
    place = kill.trap.split(":")[1] if kill.trap else None
    if target != "child" or place in IN_THE_WEB:
        kill = Kill("", rng.uniform(0, CLOCK_SECONDS))
    seconds = PAUSED_SECONDS if target == "pause" else away
    return Outage(target, kill, seconds, rng.randrange(100))


def _draw_first_kill(rng, number):
    place = TURNS[number % len(TURNS)]
    seconds = CLOCK_SECONDS / 2 if place == "stop" else AIM_SECONDS
    return _draw_kill(rng, place, PLACES[place], seconds)


def _draw_kill(rng, place, most, seconds):
    if rng.random() > AIMED:
        return Kill("", rng.uniform(0, CLOCK_SECONDS))
    step, number = rng.choice(STEPS), rng.randint(1, most)
    return Kill(f"{step}:{place}:{number}", seconds)


def draw_posts(rng):
    """Return the jobs of one round."""
    return [_draw_post(rng) for _number in range(rng.randint(8, 16))]


def _draw_post(rng):
    (kind,) = rng.choices(list(KINDS), KINDS.values())
    again = rng.random() < 0.5
    upload = kind == "upload"
    return Post(
        view=f"crash-{kind}-again" if again else f"crash-{kind}",
        pause=rng.uniform(0, 0.3),
        seconds=round(rng.uniform(0.1, 3.5), 2),
        # Some are stored in a blob, some beside the record.
        upload=rng.randbytes(rng.randint(1000, 300_000)) if upload else b"",
    )
