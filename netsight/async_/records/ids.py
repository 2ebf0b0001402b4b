"""Ids of processes: unguessable, and in the order of the starts."""

import secrets
import time
import uuid


VERSION, VARIANT = 7, 0b10
NANOSECONDS = 1_000_000
"""In a millisecond."""


def new_process_id(now=None):
    """Return a new process id, a str of 36 characters.

    It is a UUID of version 7 (RFC 9562, 5.7, with the increased clock
    precision of 6.2): Unix time, `now` in nanoseconds, as 48 bits of
    milliseconds and 12 bits of their fraction, and 62 random bits.  So
    whatever is kept by id is in the order of the starts.
    """
    milliseconds, rest = divmod(now or time.time_ns(), NANOSECONDS)
    number = milliseconds << 16 | VERSION << 12 | (rest << 12) // NANOSECONDS
    number = number << 64 | VARIANT << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))


def lowest_id(when):
    """Return a text that sorts before the ids of POSIX time `when` and later.

    And behind all that are older by a millisecond or more.
    """
    return str(uuid.UUID(int=max(0, int(when * 1000)) << 80))


def newest_first(*trees, before=None):
    """Yield the keys that BTrees or TreeSets of ids share, the newest first.

    Lazily.  A step takes a time that grows with the logarithm of their size;
    of several trees, what the smallest does not have is stepped over.
    `before` is an id to begin behind.
    """
    bound = () if before is None else (_below(before),)
    while True:
        try:
            key = min(tree.maxKey(*bound) for tree in trees)
        except ValueError:
            # One of them has no more.
            return
        shared = all(key in tree for tree in trees)
        if shared:
            yield key
        bound = (_below(key) if shared else key,)


def _below(key):
    """Return a text that sorts before `key`, and behind all other ids."""
    return key[:-1] + chr(ord(key[-1]) - 1) + "\uffff"
