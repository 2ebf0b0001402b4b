"""Which processes of a site somebody sees, the newest first."""

from itertools import islice
from typing import NamedTuple

from netsight.async_.identity import Owner
from netsight.async_.interfaces import QUEUED
from netsight.async_.interfaces import RUNNING


SCAN_MOST = 1000
"""A list looks at so many records; another request goes on behind them."""

ACTIVE = (QUEUED, RUNNING)


class Query(NamedTuple):
    """What is looked for; None stands for anything."""

    site_path: str
    owner: Owner | None = None
    state: str | None = None
    user: str | None = None
    view: str | None = None
    before: str | None = None
    """Only processes that are older than the one with this id."""

    def matches(self, process):
        """Tell whether a process is looked for."""
        return (
            is_below(process, self.site_path)
            and self.owner in (None, process.owner)
            and self.user in (None, process.owner.user_id)
            and self.view in (None, process.view_name)
            # The last, because it loads most.
            and self.state in (None, process.state)
        )


def is_below(process, path):
    """Tell whether the view of a process is at or below a physical path."""
    return process.view_path.startswith(f"{path}/")


def find(registry, query):
    """Return (processes, id) for a Query: a list, and where to go on.

    The id is that of the last record that was looked at, if there are more.
    """
    ids = list(islice(_candidates(registry, query), SCAN_MOST + 1))
    looked_at = [registry.get(each) for each in ids[:SCAN_MOST]]
    found = [p for p in looked_at if p is not None and query.matches(p)]
    return found, ids[SCAN_MOST - 1] if len(ids) > SCAN_MOST else None


def _candidates(registry, query):
    if registry is None:
        return ()
    if query.state not in ACTIVE:
        return registry.newest_ids(query.owner, query.before)
    ids = reversed(registry.active_ids())
    before = query.before
    return (each for each in ids if before is None or each < before)
