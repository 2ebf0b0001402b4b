"""Two Zopes on RelStorage in PostgreSQL, whose sessions can be ended."""

from check import Checker
from databases import SqlDatabase
from way import Way

from netsight.async_.tests.cluster.services import PORTS
from netsight.async_.tests.cluster.services import POSTGRESQL
from netsight.async_.tests.cluster.storages import administer
from netsight.async_.tests.zope_server import ZopeServer


SESSIONS = """\
SELECT {what} FROM pg_stat_activity
WHERE datname = '{database}' AND application_name = '{zope}' AND {which}
"""

WRITES = "backend_xid IS NOT NULL"
READS = "backend_xid IS NULL"

END = "pg_terminate_backend(pid, 5000)"
"""Ends a session, and waits milliseconds until it is gone."""


class SqlZope(ZopeServer):
    """A Zope with a Way of its own to a database."""

    def __init__(self, directory, postgresql):
        self.postgresql = postgresql
        self.session_name = directory.name
        self.way = Way(PORTS["PostgreSQL"])
        super().__init__(directory, self)

    @property
    def storage(self):
        dsn = f"{POSTGRESQL} port={self.way.port}"
        return self.postgresql.section(
            f"{dsn} application_name={self.session_name}"
        )

    def sessions(self, which, what="pid"):
        """Return a list of `what` of the sessions of this Zope."""
        rows = administer(
            SESSIONS.format(
                what=what,
                database=self.postgresql.name,
                zope=self.session_name,
                which=which,
            )
        )
        return [value for (value,) in rows]


class SqlPair:
    """A database in PostgreSQL, and the two Zopes that use it."""

    def __init__(self, directory, postgresql_class):
        self.postgresql = postgresql_class(directory)
        self.zopes = [
            SqlZope(directory / name, self.postgresql) for name in "ab"
        ]
        section = self.postgresql.storage
        self.checker = Checker(SqlDatabase(section, directory))
        self.postgresql.start()
