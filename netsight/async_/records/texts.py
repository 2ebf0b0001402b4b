"""Texts that code of others gives us to be stored."""


def plain_text(text, most):
    """Return a text (str) as a plain str of `most` characters, or None.

    What is longer is cut, and ends with an ellipsis.  A subclass may refer to
    whatever it was taken from, as that of lxml does.

    >>> plain_text("a long text", 6), plain_text(None, 6)
    ('a long…', None)
    """
    if text is None:
        return None
    text = str.__str__(text)
    return text if len(text) <= most else f"{text[:most]}…"
