"""Servers of databases that end the sessions of long processes."""

import logging


logger = logging.getLogger(__name__)

POSTGRESQL = "relstorage.adapters.postgresql"
"""What the modules of RelStorage's adapters for it begin with."""

LIMITS = """
    SELECT name, setting || ' ' || unit FROM pg_settings
    WHERE setting <> '0' AND name IN (
        'idle_in_transaction_session_timeout', 'idle_session_timeout',
        'statement_timeout', 'transaction_timeout'
    )
"""
"""These that are there, and are not off; the last is new in PostgreSQL 17."""


def warn_of_limits(storage):
    """Log once what limits PostgreSQL sets to the sessions of a storage.

    Does nothing for other storages.  What goes wrong is logged; never raises.
    """
    try:
        limits = session_limits(storage)
    except Exception:
        logger.warning(
            "the limits of the database are not known", exc_info=True
        )
        return
    if limits:
        logger.warning(
            "PostgreSQL ends sessions by its limits: %s; a process that waits "
            "for longer fails, see docs/howto/cluster",
            ", ".join(f"{name} = {value}" for name, value in limits),
        )


def session_limits(storage):
    """Return a list of (name, value with its unit) of PostgreSQL."""
    adapter = getattr(storage, "_adapter", None)
    if not type(adapter).__module__.startswith(POSTGRESQL):
        return []
    return adapter.connmanager.open_and_call(_ask)


def _ask(connection, cursor):
    cursor.execute(LIMITS)
    return sorted(cursor.fetchall())
