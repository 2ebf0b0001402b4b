"""Each end of a run whose site is not in memory any more is what it is.

The cache of ZODB is small, and a job may free it itself.  Then the component
registry of the current site has to be loaded again, which is too late when the
connection of the run is closed.
"""

from unittest import mock

from AccessControl import getSecurityManager
from ZEO.ClientStorage import ClientStorage
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from zope.component.hooks import getSite
from zope.globalrequest import getRequest

from netsight.async_.running import runner
from netsight.async_.running.tests.plone_ends_support import Ends
from netsight.async_.running.tests.plone_ends_support import (
    PloneFileStorageTesting,
)
from netsight.async_.running.tests.plone_ends_support import free_memory
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.plone_support import PLONE_FUNCTIONAL
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.zeo_server import ZeoServer


class PloneZeoTesting(PloneFileStorageTesting):
    """A Plone site on a ZEO server, which is started for each test."""

    def make_storage(self, folder):
        self._server = ZeoServer(f"{folder}/zeo")
        return FileStorage(
            str(self._server.data), blob_dir=str(self._server.blobs)
        )

    def _copy(self, database, name):
        super()._copy(database, name).close()
        self._server.start()
        address = HOST, self._server.port
        blobs = str(self._server.blobs)
        return DB(ClientStorage(address, blob_dir=blobs, shared_blob_dir=True))

    def testTearDown(self):
        super().testTearDown()
        self._server.kill()


PLONE_FILE_STORAGE = PloneFileStorageTesting(
    bases=PLONE_FUNCTIONAL.__bases__, name="AsyncViews:PloneFileStorage"
)

PLONE_ZEO = PloneZeoTesting(
    bases=PLONE_FUNCTIONAL.__bases__, name="AsyncViews:PloneZeo"
)


class EndsTests(Ends, PloneTestCase):
    """On the storage of the test layer."""


class FileStorageEndsTests(Ends, PloneTestCase):
    layer = PLONE_FILE_STORAGE


class ZeoEndsTests(Ends, PloneTestCase):
    layer = PLONE_ZEO


class InOrderTests(PloneTestCase):
    """Nothing of a run is left in its thread when its end is stored."""

    def test_there_is_no_site_no_request_and_no_user(self):
        seen = []
        fail = runner.outcomes.fail

        def look(*args):
            user = getSecurityManager().getUser()
            seen.append((getSite(), getRequest(), user.getId()))
            return fail(*args)

        def work(view, process_id):
            free_memory(view)
            raise ValueError("no")

        with (
            mock.patch.object(runner.outcomes, "fail", look),
            self.assertLogs("netsight.async_", "ERROR"),
        ):
            self.run_job(work, MANAGER)
        self.assertEqual(seen, [(None, None, None)])
