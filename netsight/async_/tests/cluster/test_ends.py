"""Each end of a run whose site has left the memory, with RelStorage."""

from relstorage.adapters.postgresql import PostgreSQLAdapter
from relstorage.options import Options
from relstorage.storage import RelStorage
from ZODB.DB import DB

from netsight.async_.running import patience
from netsight.async_.running.tests.plone_ends_support import Ends
from netsight.async_.running.tests.plone_ends_support import (
    PloneFileStorageTesting,
)
from netsight.async_.tests.cluster.services import POSTGRESQL
from netsight.async_.tests.cluster.storages import Postgresql
from netsight.async_.tests.cluster.storages import administer
from netsight.async_.tests.plone_support import PLONE_FUNCTIONAL
from netsight.async_.tests.plone_support import PloneTestCase


class PlonePostgresqlTesting(PloneFileStorageTesting):
    """A Plone site in PostgreSQL, in a database for each test."""

    def _copy(self, database, name):
        copied = super()._copy(database, name)
        self.server = Postgresql(f"{self._folder.name}/postgresql")
        self.server.start()
        storage = self._relstorage()
        storage.copyTransactionsFrom(copied.storage)
        copied.close()
        return DB(storage)

    def _relstorage(self):
        options = Options(
            driver="psycopg2", blob_dir=self.server.blobs, shared_blob_dir=True
        )
        adapter = PostgreSQLAdapter(
            f"{POSTGRESQL} dbname='{self.server.name}'", options=options
        )
        return RelStorage(adapter, options=options)

    def testTearDown(self):
        super().testTearDown()
        self.server.kill()


PLONE_POSTGRESQL = PlonePostgresqlTesting(
    bases=PLONE_FUNCTIONAL.__bases__, name="AsyncViews:PlonePostgresql"
)


class PostgresqlEndsTests(Ends, PloneTestCase):
    level = 2

    layer = PLONE_POSTGRESQL

    def end_sessions(self):
        """Have the server close all connections to the database."""
        administer(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{self.layer.server.name}'"
        )

    def test_its_session_is_ended_once(self):
        def end(view):
            if self.calls == 1:
                self.end_sessions()
            return str(view.context.portal_catalog.Indexes.keys())

        with self.assertLogs(patience.logger, "WARNING"):
            _process, change = self.check("completed", end, attempts=2)
        self.assertEqual(change, "+")
