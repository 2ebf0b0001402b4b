"""What may happen in each run of the model, and what must come of it."""

from typing import NamedTuple


HOLDS = "holds"


class Configuration(NamedTuple):
    """One run of spin."""

    name: str

    switches: str
    """Of the model, as its head explains them."""

    expected: str = HOLDS
    """Else the word at the assertion that must be violated."""

    file: str = "protocol.pml"
    is_short: bool = True
    """Whether it takes few seconds."""

    is_along_paths: bool = False
    """Whether it looks for endless paths, not only at states."""


def _long(name, switches):
    return Configuration(name, switches, is_short=False)


def _path(name, switches):
    """All paths, of runs that do not checkpoint for ever.

    Nor does the heart beat in every claim of its Zope.
    """
    switches = f"ENDS PATIENT_HEART CHECKPOINTS=0 {switches}"
    return Configuration(name, switches, is_along_paths=True)


def _sight(name, switches, expected=HOLDS):
    return Configuration(name, switches, expected, "lookout.pml")


TODAY = [
    _long("2 processes, crash", "PROCESSES=2 CRASHES=1"),
    _long("2 processes, lost answer", "PROCESSES=2 LOST_ANSWERS=1"),
    _long(
        "2 processes, crash, lost answer",
        "PROCESSES=2 CRASHES=1 LOST_ANSWERS=1",
    ),
    _long("2 processes, mistake", "PROCESSES=2 MISTAKES=1"),
    _long(
        "crash, lost answer, mistake",
        "CRASHES=1 LOST_ANSWERS=1 MISTAKES=1 FAILURES=1",
    ),
    _long("2 threads, crash, mistake", "RUNS=3 CRASHES=1 MISTAKES=1"),
    _long("cancel, mistake", "CANCELS=1 MISTAKES=1"),
    _long("unread, lost answer", "UNREAD=1 LOST_ANSWERS=1"),
    _long("unread, cancel", "UNREAD=1 CANCELS=1"),
    _long("retry, lost answer", "RETRIES=1 LOST_ANSWERS=1"),
    _long("retry, mistake", "RETRIES=1 MISTAKES=1"),
    Configuration("crash, mistake", "CRASHES=1 MISTAKES=1"),
    _long("2 mistakes", "MISTAKES=2"),
    _long("cancel, lost answer", "CANCELS=1 LOST_ANSWERS=1"),
    Configuration("stop", "STOPS=1"),
    Configuration("pause", "PAUSES=1"),
    _long("pause, lost answer", "PAUSES=1 LOST_ANSWERS=1"),
    _long("stop, mistake", "STOPS=1 MISTAKES=1"),
    Configuration("undo, failure", "UNDOS=1 FAILURES=1"),
    _long("undo, crash, failure", "UNDOS=1 FAILURES=1 CRASHES=1"),
    _long("undo, lost answer", "UNDOS=1 LOST_ANSWERS=1"),
    Configuration("refused, crash", "REFUSED=1 FAILURES=1 CRASHES=1"),
    Configuration("forgotten worker", "FORGETS=1 MISTAKES=1"),
    _long("2 processes, forgotten worker", "PROCESSES=2 FORGETS=1 MISTAKES=1"),
    _path("paths: crash", "CRASHES=1"),
    _path("paths: lost answer, failure", "LOST_ANSWERS=1 FAILURES=1"),
    _path("paths: mistake", "MISTAKES=1"),
    _sight("lookout: held up", "DEATHS=1"),
    _sight("lookout: held up, runs too", "DEATHS=1 RUNS_TOO=1"),
    _sight("lookout: outage", "DEATHS=1 OUTAGES=1"),
    _sight("lookout: outage, runs too", "DEATHS=1 OUTAGES=1 RUNS_TOO=1"),
]
"""The protocol as it is: no property is ever violated."""

WEAKENED = [
    Configuration("OLD_RECOVERY", "OLD_RECOVERY MISTAKES=1", "healthy"),
    Configuration("OLD_CLAIM", "OLD_CLAIM LOST_ANSWERS=1", "dropped"),
    Configuration("OLD_BACK", "OLD_BACK UNREAD=1 LOST_ANSWERS=1", "fenced"),
    Configuration("NO_PAUSE_GUARD", "NO_PAUSE_GUARD PAUSES=1", "paused"),
    Configuration("NO_FENCE", "NO_FENCE CRASHES=1 MISTAKES=1", "fenced"),
    Configuration("NO_TOKEN", "NO_TOKEN RUNS=3 MISTAKES=1", "fenced"),
    Configuration(
        "NO_OUTCOME_IN_FENCE", "NO_OUTCOME_IN_FENCE LOST_ANSWERS=1", "fenced"
    ),
    Configuration(
        "NO_OUTCOME_IN_RECOVERY", "NO_OUTCOME_IN_RECOVERY MISTAKES=1",
        "dropped",
    ),
    Configuration("NO_RECHECK", "NO_RECHECK LOST_ANSWERS=1", "fenced"),
    Configuration(
        "NO_BEAT_IN_CLAIM", "NO_BEAT_IN_CLAIM FORGETS=1 MISTAKES=1", "known"
    ),
    Configuration(
        "NO_TIME_IN_CLAIM",
        "NO_TIME_IN_CLAIM PROCESSES=2 FORGETS=1 MISTAKES=1",
        "dropped",
    ),
    Configuration("NO_WATCH_BEFORE_CLAIM", "NO_WATCH_BEFORE_CLAIM", "dropped"),
    Configuration("NO_LATE_HOLDS", "NO_LATE_HOLDS", "dropped"),
    Configuration("NO_CLOSE", "NO_CLOSE UNDOS=1", "ends"),
    _sight("OLD_SIGHT", "OLD_SIGHT", "shown"),
    _sight("NO_DOUBT", "NO_DOUBT", "shown"),
    _sight("NO_HELD_UP", "NO_HELD_UP", "shown"),
    _sight("NO_LATE_SIGHT", "NO_LATE_SIGHT", "shown"),
    _sight("NO_NEW_BEGINNING", "NO_NEW_BEGINNING OUTAGES=1", "shown"),
]  # fmt: skip
"""Protocols that lack something; the OLD_ ones are earlier ones of ours."""

CONFIGURATIONS = TODAY + WEAKENED
