"""How many processes may wait: of a user, of a view, and in all."""

import logging
import time
from collections import Counter
from typing import NamedTuple

from netsight.async_ import config
from netsight.async_.exceptions import QueueFullError
from netsight.async_.exceptions import UserQueueFullError
from netsight.async_.interfaces import QUEUED
from netsight.async_.records.owners import Owner


logger = logging.getLogger(__name__)

WAITING_MOST = 500
"""How many active processes of a limit are looked at; those behind count."""

LOG_SECONDS = 60


class Limit(NamedTuple):
    """How many processes of a kind may wait."""

    name: str
    """Of the setting, or the attribute of the view."""

    most: int | None
    """0 and None: any number."""

    owner: Owner | None = None
    """Only theirs count."""

    view_name: str | None = None
    """Only those of this view count."""

    def counts(self, process):
        """Tell whether a process is of this kind, and waits."""
        return (
            self.owner in (None, process.owner)
            and self.view_name in (None, process.view_name)
            and process.state == QUEUED
            and not process.is_held
        )


def check_limits(registry, owner, view_name, max_queued):
    """Raise a QueueFullError if one more process would exceed a limit.

    It would be of an Owner and of the view of that name, which allows
    `max_queued` (int, None for any number).  Two starts at the same time do
    not see each other.
    """
    # Those that wait are some of these.
    active = registry.active_count()
    for limit in _limits_for(owner, view_name, max_queued):
        if (
            limit.most
            and active >= limit.most
            and _is_reached(registry, limit)
        ):
            _tell(limit, owner, view_name)
            raise _error_of(limit)(limit.name)


def _limits_for(owner, view_name, max_queued):
    kind = "anonymous" if owner.is_anonymous else "user"
    name = f"max-queued-{kind}"
    return (
        Limit(name, config.get(name), owner=owner),
        Limit("max_queued", max_queued, view_name=view_name),
        Limit("max-queued", config.get("max-queued")),
    )


def _is_reached(registry, limit):
    """Tell whether as many processes wait as a Limit allows, or more.

    Of those that are active, the WAITING_MOST oldest are looked at, until it
    does not matter any more which of the others wait; all behind them count.
    """
    held = set(registry.held_ids())
    active = registry.active_like(limit.owner, limit.view_name)
    ids = [each for each in active if each not in held]
    most = len(ids)
    least = most - len(ids[:WAITING_MOST])
    for process in registry.readable(ids[:WAITING_MOST]):
        if most < limit.most or least >= limit.most:
            break
        waits = limit.counts(process)
        most, least = most - (not waits), least + waits
    return most >= limit.most


def _error_of(limit):
    owner = limit.owner
    if owner is None or owner.is_anonymous:
        return QueueFullError
    return UserQueueFullError


# What is told

_next = {}
"""When a limit may be logged again, by its name."""

_unlogged = Counter()
"""How many were refused since it was."""


def _tell(limit, owner, view_name):
    """Log that a start was refused: once in LOG_SECONDS for each limit.

    Whoever floods the queue shall not flood the log.
    """
    now = time.monotonic()
    if now < _next.get(limit.name, now):
        _unlogged[limit.name] += 1
        return
    _next[limit.name] = now + LOG_SECONDS
    logger.warning(
        "%s = %s is reached: the start of %s by %s is refused, and so were %s "
        "others since this was logged last",
        limit.name, limit.most, view_name, _name_of(owner),
        _unlogged.pop(limit.name, 0),
    )  # fmt: skip


def _name_of(owner):
    if owner.is_anonymous:
        return "an anonymous visitor"
    return f"{owner.user_id} of {owner.folder_path}"
