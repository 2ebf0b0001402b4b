"""What has ended of whom, and was not seen by them: for the line on each page.

An end is noted here when recovery comes by, and not in the transaction of the
process, which must not conflict.  It is forgotten when its owner has had the
result, or the page or list that tells of it, and with the record.
"""

from netsight.async_.interfaces import COMPLETED
from netsight.async_.records.ids import packed
from netsight.async_.records.parts import Part
from netsight.async_.records.shards import Tree


class Unseen(Part):
    """By owner and id."""

    def __init__(self):
        self._owners = Tree()

    def note(self, process):
        """Keep that a process has ended."""
        # A storage server need not know the class.
        key = tuple(process.owner)
        if key not in self._owners:
            self._owners[key] = Tree()
        is_done = process.state == COMPLETED
        self._owners[key][packed(process.id)] = is_done, process.view_path

    def forget(self, process):
        """Note that it is seen, or gone."""
        self._owners.get(tuple(process.owner), {}).pop(
            packed(process.id), None
        )

    def of(self, owner, besides=None):
        """Yield (whether it has a result, path of the view) of an Owner's.

        But of that with the id `besides`.
        """
        besides = besides and packed(besides)
        for key, ended in self._owners.get(tuple(owner), {}).items():
            if key != besides:
                yield ended


def note_ended(registry, process):
    """Keep that a process of a stored registry has ended, if it is unseen."""
    if process.owner.is_anonymous or process.fetched is not None:
        return
    if registry.unseen is None:
        registry.unseen = Unseen()
    registry.unseen.note(process)


def note_seen(registry, process):
    """Note that an owner has seen the end of a process, or it is gone."""
    if registry.unseen is not None and not process.owner.is_anonymous:
        registry.unseen.forget(process)
