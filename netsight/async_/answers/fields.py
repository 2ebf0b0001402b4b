"""What the fields of a request may be."""

import uuid


PROCESS_ID_CHARS = 64
"""An id has 36 characters; what is longer is refused unread."""


NUMBER_CHARS = 9
"""What has more digits is no number of a row; Python refuses thousands."""


def number_of(value):
    """Return a form value as an int; 0 for what is no short whole number."""
    text = str(value)
    is_number = text.isdecimal() and len(text) <= NUMBER_CHARS
    return int(text) if is_number else 0


def uuid_of(value):
    """Return a form value that is an id as we make them; None for others.

    So a link cannot have our page say what its author likes.
    """
    try:
        return value if str(uuid.UUID(value)) == value else None
    except (AttributeError, TypeError, ValueError):
        return None


def is_process_id(value):
    """Tell whether a form value can be an id: one short printable text."""
    return (
        isinstance(value, str)
        and value.isprintable()
        and 0 < len(value) <= PROCESS_ID_CHARS
    )
