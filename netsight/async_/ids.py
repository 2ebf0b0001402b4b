"""Ids of processes: unguessable, and in the order of the starts."""

import secrets
import time
import uuid


def new_process_id(now=None):
    """Return a new process id, a str of 36 characters.

    It is a UUID of version 7 (RFC 9562, 5.7): 48 bits of Unix time in
    milliseconds, `now` in seconds, and 74 random bits.  So whatever is kept
    by id is in the order of the starts.
    """
    milliseconds = int(1000 * (time.time() if now is None else now))
    number = milliseconds << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    number = number & ~(0x3 << 62) | 2 << 62
    return str(uuid.UUID(int=number))


def newest_first(tree, before=None):
    """Yield the keys of a BTree or TreeSet of ids, the newest first.

    Lazily, each in a time that grows with the logarithm of their number;
    `before` is an id to begin behind.
    """
    while tree:
        try:
            key = tree.maxKey(*(() if before is None else (_below(before),)))
        except ValueError:
            return
        yield key
        before = key


def _below(key):
    """Return a text that sorts before `key`, and behind all other ids."""
    return key[:-1] + chr(ord(key[-1]) - 1) + "\uffff"
