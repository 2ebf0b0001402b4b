"""What a job does to the database: the same for all that are compared.

One object is loaded and one is changed: a bucket of the tree of effects.
There are many trees, so that two jobs rarely conflict.
"""

from zlib import crc32

from BTrees.OOBTree import OOBTree


NAME = "bench effects"
TREES = 64


def make(root):
    """Make the trees below the root of a database."""
    root[NAME] = OOBTree({number: OOBTree() for number in range(TREES)})


def tree_of(root, key):
    """Return the tree that a key is kept in."""
    return root[NAME][crc32(key.encode()) % TREES]


def have(root, key):
    """Have the effect that a job is to have."""
    tree_of(root, key)[key] = 1


def is_there(root, key):
    return key in tree_of(root, key)


def count(root):
    return sum(len(tree) for tree in root[NAME].values())
