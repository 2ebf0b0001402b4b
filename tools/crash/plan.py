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
    "end": 1,
    "stop": 1,
}
"""Where a kill is aimed at, and up to which commit of that kind.

See `netsight.async_.tests.crash_views.Trap`.
"""

TURNS = (
    *("post", "job", "claim", "progress", "job", "heartbeat", "failed"),
    *("recovery", "job", "sweep", "end", "stop"),
)
"""The order in which the places take turns."""

PLACES_AGAIN = {"start": 1, "recovery": 2, "claim": 4, "job": 4}
"""The same for a kill that comes soon after the restart."""

PLACES_IN_COPY = {"recovery": 1, "held": 1, "claim": 4, "job": 4}
"""The same for a kill of a Zope on a copy of the database."""

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

COPIED = 0.5
"""Part of the rounds with one Zope in which its database is copied."""

COPIED_SECONDS = 3.0
"""A copy is made within that."""

DECISIONS = ("release", "drop")
"""What becomes of what is held in a copy."""

TARGETS = {"zope": 5, "pause": 2, "zeo": 2, "both": 1, "failover": 1}
"""What is killed or paused of two Zopes and a ZEO server, and how often."""

FAULTS = {
    "zope": 3,
    "both": 1,
    "pause": 1,
    "writer": 4,
    "readers": 2,
    "sessions": 2,
    "answer": 4,
    "cut": 1,
    "away": 2,
    "clock": 3,
}
"""What becomes of two Zopes on RelStorage, and how often.

The first three as above; or sessions in PostgreSQL are ended (that of a
commit, all others of a Zope, or all), the answer to a COMMIT is lost, one Zope
or both cannot reach it for some time (`cut`, `away`), or the clock of one is
set.
"""

SWEPT = ("zope", "writer", "readers", "sessions", "answer")
"""Those of them that may happen while only the victim runs."""

OUTAGES = {
    "child": 6,
    "pause": 2,
    "worker": 1,
    "cold": 1,
    "web": 1,
    "zeo": 1,
    "redis": 1,
    "flush": 1,
    "cut": 1,
    "readonly": 1,
    "rabbitmq": 1,
}
"""What is killed, paused or emptied of a cluster with Celery, how often.

That is a child of the worker, the worker itself (`cold` by a signal on which
it stops its children), the web Zope, the ZEO server or the broker.  Or the
broker ends all connections (`cut`, and `rabbitmq` that of another kind), or
refuses all messages for some time.
"""

IN_THE_WEB = ("post", "stop")
"""Places where no child of a worker ever is."""

PAUSED_SECONDS = 6.0
"""Past the lease, and until recovery has been done."""

AWAY_SECONDS = 6.0
"""A ZEO server is away for so long at most, with a lease of 3."""

FAILOVER_SECONDS = 45.0
"""A database is away for so long in a failover."""

PAUSE_SECONDS = 0.3
"""The longest pause between two posts of a poster."""

LATE_SECONDS = 45.0
"""The longest one before some of them, in a failover."""

LATE = 0.4
"""Part of the posts that come so late then."""

CLOCK_JUMP_SECONDS = 3600

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

    @property
    def is_in_commit(self):
        """Whether the victim holds the lock of all commits then."""
        return self.trap.startswith("vote:")


@dataclass(frozen=True)
class Scene:
    """What happens to two Zopes and their database.

    The `target` of the Kill is one Zope, which is killed (`zope`) or stands
    still for a while (`pause`), both Zopes, or the ZEO server (`zeo` and
    `failover`), which is away for some `seconds`; or one of FAULTS.  `choice`
    is a number that chooses what there is to choose.
    """

    target: str
    kill: Kill
    seconds: float
    choice: int = 0

    @property
    def is_in_sweep(self):
        """Whether the trap of the victim waits for a sweep."""
        return ":sweep:" in self.kill.trap

    @property
    def is_forth(self):
        """Whether a clock is set forth, not back."""
        return self.choice % 2

    @property
    def is_early(self):
        """Whether a clock is wrong from the start."""
        return self.choice % 4 < 2


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

    @property
    def is_of_rabbitmq(self):
        return self.target == "rabbitmq"


@dataclass(frozen=True)
class Copy:
    """A copy of the database, made `seconds` after the first post.

    There the Zope of another deployment is killed by `kill`, and what is held
    comes to the `decision`.
    """

    seconds: float
    decision: str
    kill: Kill


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


def draw_copy(rng):
    """Return the Copy of a round, or None."""
    if rng.random() > COPIED:
        return None
    place = rng.choice(list(PLACES_IN_COPY))
    return Copy(
        rng.uniform(0, COPIED_SECONDS),
        rng.choice(DECISIONS),
        _draw_kill(rng, place, PLACES_IN_COPY[place], AIM_SECONDS),
    )


def draw_scene(rng, number):
    """Return the scene of round `number`; the places take turns."""
    (target,) = rng.choices(list(TARGETS), TARGETS.values())
    kill = _draw_first_kill(rng, number)
    if kill.by_sigterm and target != "zope":
        kill = Kill("", kill.seconds)
    away = rng.uniform(0, AWAY_SECONDS)
    return Scene(target, kill, _seconds_of(target, away))


def draw_fault(rng, number):
    """Return the Scene of round `number` with RelStorage."""
    (target,) = rng.choices(list(FAULTS), FAULTS.values())
    place = TURNS[number % len(TURNS)]
    if target not in ("zope", "both") and place == "stop":
        place = "job"
    if target not in SWEPT and place == "sweep":
        place = "claim"
    # Half of what happens does so in the other Zope.
    count = rng.randint(1, (PLACES[place] + 1) // 2)
    # After a vote the COMMIT comes next, whose answer is to be lost.
    step = "vote" if target == "answer" else rng.choice(STEPS)
    kill = Kill(f"{step}:{place}:{count}", AIM_SECONDS)
    seconds = _seconds_of(target, PAUSED_SECONDS)
    return Scene(target, kill, seconds, rng.randrange(100))


def _seconds_of(target, away):
    if target in ("failover", "away"):
        return FAILOVER_SECONDS
    return PAUSED_SECONDS if target == "pause" else away


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


def draw_posts(rng, is_long=False):
    """Return the jobs of one round; a long one has some that come late."""
    late = LATE if is_long else 0
    posts = [_draw_post(rng, late) for _number in range(rng.randint(8, 16))]
    return sorted(posts, key=lambda post: post.pause) if is_long else posts


def _draw_post(rng, late):
    (kind,) = rng.choices(list(KINDS), KINDS.values())
    again = rng.random() < 0.5
    upload = kind == "upload"
    pause = LATE_SECONDS if rng.random() < late else PAUSE_SECONDS
    return Post(
        view=f"crash-{kind}-again" if again else f"crash-{kind}",
        pause=rng.uniform(0, pause),
        seconds=round(rng.uniform(0.1, 3.5), 2),
        # Some are stored in a blob, some beside the record.
        upload=rng.randbytes(rng.randint(1000, 300_000)) if upload else b"",
    )
