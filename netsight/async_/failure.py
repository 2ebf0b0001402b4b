"""Of an exception in `__run__`: what is kept, and who is told."""

import traceback

from Acquisition import aq_acquire
from ZPublisher.BaseRequest import RequestContainer

from netsight.async_.config import TRACEBACK_CHARS
from netsight.async_.parts import Error


CUT_OFF = ("OperationalError", "InterfaceError", "ClientDisconnected")
"""What drivers of SQL databases raise whose connection was closed, and ZEO."""

STORAGES = ("relstorage.", "ZEO.")
"""Packages of the storages that are reached through a connection."""


def error_of(exc):
    """Return the Error to store for an exception."""
    text = "".join(traceback.format_exception(exc))[-TRACEBACK_CHARS:]
    return Error(type(exc).__name__, printable(exc), text)


def is_cut_off(exc):
    """Tell whether an exception says that a storage lost its database.

    RelStorage hands on the error of its driver, by a name of PEP 249, and a
    new transaction has a new connection.  A job may have such errors of its
    own.  ZEO has an error that Zope repeats a request for; but an outage may
    last longer than Zope's retries.
    """
    frames = traceback.walk_tb(exc.__traceback__)
    return type(exc).__name__ in CUT_OFF and any(
        frame.f_globals.get("__name__", "").startswith(STORAGES)
        for frame, _line in frames
    )


def context_of(root, view_path, request):
    """Return the context of a view, or the nearest parent that is left.

    `request` becomes its REQUEST; it is made to look as if it had traversed.
    """
    request["PARENTS"] = [root]
    request["URL"] = request["SERVER_URL"] + view_path
    context = root.__of__(RequestContainer(REQUEST=request))
    for name in view_path.split("/")[1:-1]:
        try:
            context = context.unrestrictedTraverse(name)
        except (AttributeError, LookupError):
            break
    return context


def printable(exc):
    """Return the text of an exception, whatever its ``__str__`` does."""
    try:
        return str(exc)
    except Exception:
        return f"<unprintable {type(exc).__name__}>"


def tell_error_log(context, exc_info):
    """Hand an exception to the error log of the nearest site, if any."""
    log = aq_acquire(context, "__error_log__", default=None, containment=1)
    if log is not None:
        log.raising(exc_info)
