"""Mappings by process id in which concurrent starts do not meet.

Ids are in the order of the starts, so all new ones would come into the last
bucket of one BTree.  Two transactions may change a bucket at the same time,
but not while one of them splits it; then the other conflicts, and its request
is done again.  So there are some BTrees; the ids that one Zope makes come into
one after the other, and those of several meet by chance.  Each tree is in the
order of the starts again.
"""

from heapq import merge
from itertools import chain

from BTrees.OOBTree import OOBTree

from netsight.async_.records.ids import ID_BYTES
from netsight.async_.records.ids import SHARDS
from netsight.async_.records.ids import packed
from netsight.async_.records.ids import shard_of
from netsight.async_.records.ids import unpacked
from netsight.async_.records.parts import Part


FIRST = b""
"""The first key of each tree, which is no id.

BTrees merges what two transactions have done to one bucket, but not if it is
empty before or after one of them.
"""

BEHIND_FIRST = b"\0"
"""Sorts behind it, and before all ids."""


class Tree(OOBTree):
    """A BTree that writes little for each key that is added.

    All of a bucket is stored again for one key, and all of the node above it
    when it is split.  Of those of BTrees itself, that is 30 and 250 keys.
    """

    max_leaf_size = 12
    max_internal_size = 32


class Shards(Part):
    """A mapping of ids (str) to values, in the order of the ids.

    With `is_large`, all of its trees are made at once: those that are made
    when they are needed first may conflict.
    """

    def __init__(self, is_large=False):
        self._trees = OOBTree()
        """{number: Tree}; a tree stays, also when it has no id any more."""
        for number in range(SHARDS if is_large else 0):
            self._trees[number] = _new_tree()

    def __setitem__(self, process_id, value):
        key = packed(process_id)
        number = shard_of(key)
        if number not in self._trees:
            self._trees[number] = _new_tree()
        self._trees[number][key] = value

    def __getitem__(self, process_id):
        key = packed(process_id)
        tree = self._trees.get(shard_of(key))
        if tree is None:
            raise KeyError(process_id)
        return tree[key]

    def get(self, process_id, default=None):
        """Return the value of an id, or `default`."""
        key = packed(process_id)
        tree = self._trees.get(shard_of(key))
        return default if tree is None else tree.get(key, default)

    def pop(self, process_id, *default):
        """Remove an id, and return its value, or the `default` if given.

        Raises KeyError without.
        """
        key = packed(process_id)
        tree = self._trees.get(shard_of(key), {})
        return tree.pop(key, *default)

    def __delitem__(self, process_id):
        self.pop(process_id)

    def __contains__(self, process_id):
        key = packed(process_id)
        tree = self._trees.get(shard_of(key))
        return tree is not None and key in tree

    def __iter__(self):
        return self.keys()

    def keys(self, after=None):
        """Yield the ids, the oldest first; without those before `after`.

        That is an id, or a text as `ids.lowest_id` makes it.
        """
        bound = BEHIND_FIRST if after is None else packed(after)
        runs = (tree.keys(bound) for tree in self._trees.values())
        return map(unpacked, merge(*runs))

    def ids(self):
        """Return a list of all ids, in their order.

        It is quicker than `keys`, which need not load all of them.
        """
        trees = self._trees.values()
        keys = chain.from_iterable(tree.keys(BEHIND_FIRST) for tree in trees)
        return [unpacked(key) for key in sorted(keys)]

    def items(self):
        """Yield ids with their values, in no order."""
        for tree in self._trees.values():
            for key, value in tree.items(BEHIND_FIRST):
                yield unpacked(key), value


def _new_tree():
    tree = Tree()
    tree[FIRST] = None
    return tree


def newest_first(*shards, before=None):
    """Yield the ids that some Shards share, the newest first.

    Lazily.  A step takes a time that grows with the logarithm of their size;
    of several, what the smallest does not have is stepped over.  `before` is
    an id to begin behind.
    """
    bound = () if before is None else (_below(packed(before)),)
    numbers = set.intersection(*(set(each._trees) for each in shards))
    runs = [
        _newest_of([each._trees[number] for each in shards], bound)
        for number in numbers
    ]
    return map(unpacked, merge(*runs, reverse=True))


def _newest_of(trees, bound):
    while True:
        key = min(tree.maxKey(*bound) for tree in trees)
        if key == FIRST:
            # One of them has no more.
            return
        shared = all(key in tree for tree in trees)
        if shared:
            yield key
        bound = (_below(key) if shared else key,)


def _below(key):
    """Return bytes that sort before a packed id, and behind all others."""
    if not key[-1]:
        return key[:-1]
    return key[:-1] + bytes([key[-1] - 1]) + 2 * ID_BYTES * b"\xff"
