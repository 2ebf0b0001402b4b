"""What is kept of an exception in `__run__`, and what it means."""

import traceback
from contextlib import suppress
from itertools import islice

from zope.i18n import interpolate
from zope.i18nmessageid import Message

from netsight.async_.exceptions import ProcessFailed
from netsight.async_.records.database import STORAGES
from netsight.async_.records.parts import Error
from netsight.async_.records.progress import checked_message
from netsight.async_.records.texts import plain_text


ERROR_CHARS = 5_000
"""What is kept of the text of an error, there and in the traceback."""

TRACEBACK_CHARS = 20_000
"""What is kept of a failed process's traceback; the log has all of it."""

CUT_OFF = ("OperationalError", "InterfaceError", "ClientDisconnected")
"""What drivers of SQL databases raise whose connection was closed, and ZEO."""

SAME_OID = "A different object already has the same oid"
"""What ZODB raises a ValueError with."""

STORAGE_MODULES = tuple(f"{name}." for name in STORAGES)


def error_of(exc):
    """Return the Error to store for an exception."""
    # Not `format_exception`: zope.testrunner has its own, without the causes.
    lines = traceback.TracebackException.from_exception(exc).format()
    # A long text must not leave no room for the lines that lead to it.
    told = "".join(map(_cut, lines))[-TRACEBACK_CHARS:]
    reason = reason_of(exc)
    text = _as_text(reason) or printable(exc) or _cause_of(exc)
    return Error(_cut(type(exc).__name__), _cut(text), told, reason)


def _as_text(reason):
    """Return a reason as its author has written it, for managers."""
    if not isinstance(reason, Message):
        return reason
    return interpolate(reason.default or str(reason), reason.mapping)


def reason_of(exc):
    """Return what an exception tells the user of its process, or None.

    It is a text or message id, as it is stored.  What cannot be stored is
    none: the process fails as by any other exception.
    """
    if not isinstance(exc, ProcessFailed):
        return None
    with suppress(TypeError, ValueError):
        return checked_message(getattr(exc, "reason", None))
    return None


def _cut(text):
    return plain_text(text, ERROR_CHARS)


def _cause_of(exc):
    """Return kind and text of what has caused an exception without text."""
    for cause in islice(_chain(exc), 1, None):
        text = printable(cause)
        if text:
            return f"{type(cause).__name__}: {text}"
    return ""


def is_cut_off(exc):
    """Tell whether an exception says that a storage lost its database.

    Also when that is the cause of another: ZODB raises a StateLoadError for
    what an object meets that loads a second one while it is loaded itself.

    Or if it has lost it before: a client of ZEO may have ids for new objects
    that its server, restarted since, has given to others.
    """
    return any(
        _says_cut_off(each) or _says_same_oid(each) for each in _chain(exc)
    )


def _says_same_oid(exc):
    return isinstance(exc, ValueError) and exc.args == (SAME_OID,)


def _says_cut_off(exc):
    """Tell whether an exception itself says so.

    RelStorage hands on the error of its driver, by a name of PEP 249, and a
    new transaction has a new connection.  A job may have such errors of its
    own.  ZEO has an error that Zope repeats a request for; but an outage may
    last longer than Zope's retries.
    """
    frames = traceback.walk_tb(exc.__traceback__)
    # Drivers have classes of their own below those of PEP 249.
    names = {each.__name__ for each in type(exc).__mro__}
    return not names.isdisjoint(CUT_OFF) and any(
        frame.f_globals.get("__name__", "").startswith(STORAGE_MODULES)
        for frame, _line in frames
    )


def _chain(exc):
    """Yield an exception, its cause, the cause of that, and so on."""
    seen = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        exc = exc.__cause__


def printable(exc):
    """Return the text of an exception, whatever its ``__str__`` does."""
    try:
        return str(exc)
    except Exception:
        return f"<unprintable {type(exc).__name__}>"
