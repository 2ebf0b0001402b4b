"""Progress as it is shown."""

import math
from decimal import Decimal
from numbers import Real


def checked_percentage(value):
    """Return `value` as progress is shown: 0..100, one decimal, int if whole.

    Raises ValueError for anything but a real, finite number.

    >>> checked_percentage(33.333), checked_percentage(50.04)
    (33.3, 50)
    >>> checked_percentage(-3), checked_percentage(1000)
    (0, 100)
    """
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        raise ValueError(f"{value!r} is no percentage")
    try:
        number = float(value)
    except OverflowError as exc:
        raise ValueError("too large for a percentage") from exc
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no percentage")
    number = round(min(max(number, 0.0), 100.0), 1)
    return int(number) if number.is_integer() else number
