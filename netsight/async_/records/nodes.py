"""Which objects of a database change when something is queued."""

from typing import NamedTuple


class Nodes(NamedTuple):
    """Oids of objects of which one changes whenever an id comes or goes."""

    leaves: frozenset
    """Each change is in one of these, or in one of the others."""

    inner: frozenset
    """When one of these changes, there may be others than before."""
