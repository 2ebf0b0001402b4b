"""Storages that lose their database."""

from transaction.interfaces import TransientError


class OperationalError(Exception):
    """What drivers of SQL databases raise, by PEP 249."""


class AdminShutdown(OperationalError):
    """What psycopg2 raises when the server ends a session."""


class ClientDisconnected(TransientError):
    """What ZEO raises when its server is away for too long."""


def cut_off(error=OperationalError, module="relstorage.storage.load"):
    """Raise an error from the code of a storage."""
    code = "def load(error): raise error"
    storage = {"__name__": module}
    exec(code, storage)
    storage["load"](error("the server closed the connection"))
