"""What code hands to a process, in the place of what a browser sends.

It is the body of the stored request.  That it is so, a key in the environ
says: no header of a request from outside can have its name, and of the environ
of a request only what `records.requests` lists is stored.
"""

from io import BytesIO

from netsight.async_.records.body import take_body
from netsight.async_.records.parts import RequestSnapshot
from netsight.async_.records.requests import input_of


HANDED = "netsight.async.handed"
"""Key in the environ."""

FORM = "form"
"""Its value if the body has the fields of a form."""

CALL = "call"
"""Its value if the body names a function, and has its arguments."""


def hand_over(environ, kind, text, connection):
    """Return a RequestSnapshot with a text of `records.plain`.

    `environ` has strings only; `kind` is FORM or CALL.  `connection` is the
    ZODB connection that will store it.
    """
    body = take_body(BytesIO(text.encode("ascii")), connection)
    return RequestSnapshot(
        {
            **environ,
            "CONTENT_TYPE": "application/json",
            "REQUEST_METHOD": "POST",
            HANDED: kind,
        },
        body,
    )


def handed(request, kind):
    """Return the text that was handed to the process of a request, or None.

    That is if there is one of this kind.
    """
    if request.environ.get(HANDED) != kind:
        return None
    with input_of(request) as stream:
        return stream.read().decode("ascii")
