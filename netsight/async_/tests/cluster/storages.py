"""Databases that several Zopes share, with one directory of blobs or more."""

import os

from netsight.async_.tests.cluster.services import POSTGRESQL
from netsight.async_.tests.cluster.services import fresh_name
from netsight.async_.tests.cluster.services import need
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.zeo_server import ZeoServer


PRIVATE_ZEO = """\
  %import ZEO
  <clientstorage>
    server {host}:{port}
    shared-blob-dir false
    blob-dir $INSTANCE/var/blobs-of-this-client
    blob-cache-size 100MB
    server-sync true
  </clientstorage>
"""

RELSTORAGE = """\
  %import relstorage
  <relstorage>
    {blobs}
    <postgresql>
      driver psycopg2
      dsn {dsn} dbname='{name}'
    </postgresql>
  </relstorage>
"""


class PrivateBlobsZeo(ZeoServer):
    """A ZEO server that sends each client the blobs that it reads."""

    @property
    def storage(self):
        return PRIVATE_ZEO.format(host=HOST, port=self.port)


class Postgresql:
    """A database in the PostgreSQL of this machine, for RelStorage."""

    blob_settings = "shared-blob-dir true\n    blob-dir {blobs}"

    def __init__(self, directory):
        need("PostgreSQL")
        self.name = fresh_name()
        self.blobs = f"{directory}/blobs"

    @property
    def storage(self):
        """The section of zope.conf by which a Zope uses it."""
        return self.section(POSTGRESQL)

    def section(self, dsn):
        """Return the section that has another `dsn`, without the name."""
        blobs = self.blob_settings.format(blobs=self.blobs)
        return RELSTORAGE.format(blobs=blobs, dsn=dsn, name=self.name)

    def start(self):
        """Make the database, empty."""
        os.makedirs(self.blobs)
        administer(f'CREATE DATABASE "{self.name}"')

    def kill(self):
        """Drop the database, whoever uses it."""
        administer(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


class PrivateBlobsPostgresql(Postgresql):
    """One that has the blobs in the database; each client has a cache."""

    blob_settings = (
        "shared-blob-dir false\n"
        "    blob-dir $INSTANCE/var/blobs-of-this-client\n"
        "    blob-cache-size 100MB"
    )


def administer(statement):
    """Execute a statement of SQL outside of a transaction.

    Returns a list of the rows that it has as result.
    """
    import psycopg2

    connection = psycopg2.connect(f"{POSTGRESQL} dbname=postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
