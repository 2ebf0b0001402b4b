"""Which processes have expired lately: what is left of them for their owner.

A little more than the id is kept, of GONE_MOST at most; of more, those that
were started first are forgotten.
"""

from zlib import crc32

from BTrees.Length import Length
from BTrees.OOBTree import OOBTree

from netsight.async_.exceptions import ExpiredError
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.records.ids import packed
from netsight.async_.records.owners import current_owner
from netsight.async_.records.parts import Part


GONE_MOST = 10_000
"""Of so many it is known; 50 bytes each are half a megabyte."""

ANYBODYS = 0
"""Stands for the owner of a process of an anonymous visitor."""


class Expired(Part):
    """When which processes have expired."""

    def __init__(self):
        self._gone = OOBTree()
        self._count = Length()

    def note(self, process, when):
        """Keep that a process has expired at a POSIX time."""
        key = packed(process.id)
        if key not in self._gone:
            self._count.change(1)
        self._gone[key] = round(when), _mark_of(process.owner)
        while self._count() > GONE_MOST:
            del self._gone[self._gone.minKey()]
            self._count.change(-1)

    def when(self, process_id, owner):
        """Return when a process of an Owner has expired, or None."""
        when, mark = self._gone.get(packed(process_id), (None, None))
        return when if mark in (ANYBODYS, _mark_of(owner)) else None


def _mark_of(owner):
    if owner.is_anonymous:
        return ANYBODYS
    text = "\n".join([owner.user_id, owner.folder_path])
    return crc32(text.encode("utf-8", "replace")) or 1


def note_expired(registry, process, when):
    """Keep that a process of a stored registry has expired."""
    if registry.expired is None:
        registry.expired = Expired()
    registry.expired.note(process, when)


def missing(registry, process_id):
    """Return the error that says that there is no such process.

    Its owner, and whoever knows the id of an anonymous visitor's, are told
    that it has expired.
    """
    expired = registry.expired
    when = expired and expired.when(process_id, current_owner())
    if when:
        return ExpiredError(process_id, when)
    return NoSuchProcessError(process_id)
