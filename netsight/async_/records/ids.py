"""Ids of processes: unguessable, and in the order of the starts."""

import secrets
import time
import uuid
from functools import lru_cache
from itertools import count


VERSION, VARIANT = 7, 0b10
NANOSECONDS = 1_000_000
"""In a millisecond."""

ID_BYTES, ID_CHARS = 16, 36

SHARDS = 30
"""In so many mappings ids are kept; see `records.shards`."""

YOUNG_SECONDS = 60.0
"""So much may clocks differ; see docs/howto/run-it-in-production.rst."""

PACKED_MOST = 4096
"""So many ids are packed once only: a poll asks for the same ones again."""

OTHER = b"\xff"
"""Before what is no such id; those begin with it in the year 10895."""


_turns = count(secrets.randbelow(SHARDS))
"""Whose turn it is; other Zopes have their own."""


def new_process_id(now=None):
    """Return a new process id, a str of 36 characters.

    It is a UUID of version 7 (RFC 9562, 5.7, with the increased clock
    precision of 6.2): Unix time, `now` in nanoseconds, as 48 bits of
    milliseconds and 12 bits of their fraction, and random bits.  So whatever
    is kept by id is in the order of the starts.

    The last of these 62 bits are not all random: one id after the other comes
    into another mapping, so that starts at the same time do not meet in one.
    """
    milliseconds, rest = divmod(now or time.time_ns(), NANOSECONDS)
    number = milliseconds << 16 | VERSION << 12 | (rest << 12) // NANOSECONDS
    # All that is random is asked for at once.
    times, rest = divmod(secrets.randbelow(256 // SHARDS << 54), 1 << 54)
    number = number << 64 | VARIANT << 62 | rest << 8
    number |= next(_turns) % SHARDS + SHARDS * times
    return unpacked(number.to_bytes(ID_BYTES, "big"))


def shard_of(key):
    """Return the number (int) of the mapping that has a packed id."""
    return key[-1] % SHARDS


def lowest_id(when):
    """Return a text that sorts before the ids of POSIX time `when` and later.

    And behind all that are older by a millisecond or more.
    """
    return str(uuid.UUID(int=max(0, int(when * 1000)) << 80))


def is_young(process_id):
    """Tell whether a process with that id may have been started just now.

    That is within YOUNG_SECONDS, by the clock of this or another machine.
    """
    key = packed(process_id)
    if key.startswith(OTHER):
        return False
    started = int.from_bytes(key[:6], "big") / 1000
    return abs(time.time() - started) < YOUNG_SECONDS


def packed(process_id):
    """Return the bytes that are stored in place of an id (str).

    Of ids that `new_process_id` makes these are 16, in the same order; of any
    other text, its own behind a mark.
    """
    if len(process_id) == ID_CHARS:
        return _packed(process_id)
    # A visitor may ask for any text, however long: it is not kept.
    return _marked(process_id)


@lru_cache(PACKED_MOST)
def _packed(process_id):
    try:
        key = bytes.fromhex(process_id.replace("-", ""))
    except ValueError:
        key = b""
    if len(key) == ID_BYTES and unpacked(key) == process_id:
        return key
    return _marked(process_id)


def _marked(process_id):
    return OTHER + process_id.encode("utf-8", "surrogatepass")


def unpacked(key):
    """Return the id that `packed` has made these bytes of."""
    if key.startswith(OTHER):
        return key[1:].decode("utf-8", "surrogatepass")
    text = key.hex()
    return (
        f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    )  # fmt: skip
