"""How far a process is, and how long it will take.

The second is told only when it can be trusted.
"""

import math
from numbers import Complex
from numbers import Number
from numbers import Real

from zope.i18nmessageid import Message

from netsight.async_.records.texts import plain_text


MESSAGE_CHARS = 1_000
"""What is kept of a text in a message."""

VALUES_MOST = 50
"""So many values a message may have."""

MOST_SAMPLES = 9
LEAST_SAMPLES = 5
LEAST_SECONDS = 5.0
"""What is watched for less says nothing about what is to come."""

STEADY = 2.0
"""The later half may be faster or slower than the earlier by this factor."""


def checked_percentage(value):
    """Return `value` as progress is shown: 0..100, one decimal, int if whole.

    Raises ValueError for anything but a real, finite number.

    >>> checked_percentage(33.333), checked_percentage(50.04)
    (33.3, 50)
    >>> checked_percentage(-3), checked_percentage(1000)
    (0, 100)
    """
    if isinstance(value, bool) or not _is_real(value):
        raise ValueError(f"{value!r} is no percentage")
    try:
        number = float(value)
    except OverflowError as exc:
        raise ValueError("too large for a percentage") from exc
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no percentage")
    number = round(min(max(number, 0.0), 100.0), 1)
    return int(number) if number.is_integer() else number


def checked_message(value):
    """Return a message of progress as it is stored: None, a str or a Message.

    Raises TypeError for anything else, and for a Message with values in its
    mapping that are no str, real number or Message; ValueError for more than
    VALUES_MOST of them.  Numbers become texts; what is longer than
    MESSAGE_CHARS is cut.

    >>> checked_message("x" * 2000) == "x" * 1000 + "…"
    True
    """
    if isinstance(value, Message):
        return _checked_message_id(value)
    if value is None or isinstance(value, str):
        return _cut(value)
    raise TypeError(f"{type(value).__name__} is no text and no message id")


def checked_line(value):
    """Return a line of a log as it is stored, as `checked_message` does.

    Raises TypeError also for None.
    """
    if value is None:
        raise TypeError("None is no line")
    return checked_message(value)


def _checked_message_id(message):
    mapping = message.mapping or {}
    if len(mapping) > VALUES_MOST:
        raise ValueError(f"{len(mapping)} values are too many for a message")
    return Message(
        _cut(message),
        domain=_cut(message.domain),
        default=_cut(message.default),
        mapping={_cut(key): _checked_value(mapping[key]) for key in mapping},
        msgid_plural=_cut(message.msgid_plural),
        default_plural=_cut(message.default_plural),
        number=message.number,
    )


def _checked_value(value):
    if _is_real(value):
        value = str(value)
    if value is None:
        raise TypeError("None is no text, number or message id")
    return checked_message(value)


def _is_real(value):
    """Tell whether a value is a real number, be it a Decimal.

    That is a Number and no more than that, as it does not mix with float.
    """
    if isinstance(value, Real):
        return True
    return isinstance(value, Number) and not isinstance(value, Complex)


def _cut(text):
    return plain_text(text, MESSAGE_CHARS)


def with_sample(samples, when, number):
    """Return a tuple of samples, (POSIX time, percentage), with one more.

    At most MOST_SAMPLES, spread over the whole time: of more, the one goes
    whose neighbours are nearest to each other.
    """
    samples = [*samples, (when, number)]
    if len(samples) > MOST_SAMPLES:
        inner = range(1, len(samples) - 1)
        del samples[min(inner, key=lambda i: _gap(samples[i - 1 : i + 2]))]
    return tuple(samples)


def seconds_left(samples, now):
    """Return how many seconds (int) are left at POSIX time `now`, or None.

    None for less than LEAST_SAMPLES or LEAST_SECONDS, when the process has
    stood still for long, or when it was much faster or slower at first.
    """
    if len(samples) < LEAST_SAMPLES:
        return None
    first, last = samples[0], samples[-1]
    if _gap(samples) < LEAST_SECONDS:
        return None
    half = (first[0] + last[0]) / 2
    middle = min(samples, key=lambda sample: abs(sample[0] - half))
    early, late = _speed(first, middle), _speed(middle, last)
    if not early or not late or not 1 / STEADY <= late / early <= STEADY:
        return None
    left = (100 - last[1]) / late - (now - last[0])
    return round(left) if left >= 0 else None


def _gap(samples):
    return samples[-1][0] - samples[0][0]


def _speed(earlier, later):
    """Return percent per second; 0 for backwards or at once."""
    seconds = later[0] - earlier[0]
    return max(0.0, (later[1] - earlier[1]) / seconds) if seconds > 0 else 0.0
