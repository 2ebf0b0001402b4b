"""What the fields of a request may be."""

PROCESS_ID_CHARS = 64
"""An id has 36 characters; what is longer is refused unread."""


def is_process_id(value):
    """Tell whether a form value can be an id: one short printable text."""
    return (
        isinstance(value, str)
        and value.isprintable()
        and 0 < len(value) <= PROCESS_ID_CHARS
    )
