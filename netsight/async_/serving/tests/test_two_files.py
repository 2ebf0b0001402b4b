"""A real server whose records are in a FileStorage of their own."""

import ZODB
from ZODB.blob import BlobStorage
from ZODB.FileStorage import FileStorage

from netsight.async_.tests.crash_views import EFFECTS
from netsight.async_.tests.crash_views import TRAP
from netsight.async_.tests.server_support import EXIT_SECONDS
from netsight.async_.tests.server_support import STOP_SECONDS
from netsight.async_.tests.server_support import ServerTestCase
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


OWN_DATABASE = """
<zodb_db async>
  <blobstorage>
    blob-dir $INSTANCE/var/{name}-blobs
    <filestorage>
      path $INSTANCE/var/{name}.fs
    </filestorage>
  </blobstorage>
  mount-point /netsight_async
</zodb_db>

<product-config netsight.async>
  database async
</product-config>
"""

LARGE = 1_000_000
"""Bytes that become a blob."""

BETWEEN_THE_TWO = "finish:job:1"
"""A trap: one of the databases has finished the commit of a process."""


class TwoFilesTestCase(ServerTestCase):
    level = 2

    name = "async"

    def setUp(self):
        super().setUp()
        var = self.zope.directory / "var"
        self.records = var / f"{self.name}.fs"
        self.record_blobs = var / f"{self.name}-blobs"
        self.record_blobs.mkdir(mode=0o700)
        with self.zope.conf_path.open("a") as stream:
            stream.write(OWN_DATABASE.format(name=self.name))

    def completed(self, view, **form):
        """Return the id of a job after it has completed."""
        process_id = self.zope.start_job(view, **form)
        self.wait_for(process_id, "completed")
        return process_id

    def effects(self):
        """Return the ids of the processes that a stopped Zope has done."""
        storage = FileStorage(str(self.zope.data), read_only=True)
        database = ZODB.DB(storage)
        with database.transaction() as connection:
            effects = set(connection.root().get(EFFECTS, ()))
        database.close()
        return effects


class RecordsTests(TwoFilesTestCase):
    def test_jobs_without_effects_leave_data_fs_as_it_is(self):
        self.zope.start()
        before = self.zope.data.read_bytes()
        process_id = self.completed("crash-reading", size=LARGE)
        self.completed("crash-reading", size=1)
        lost = self.running("crash-slow")
        status, text = self.zope.get(
            f"/crash-reading/result?process_id={process_id}"
        )
        self.assertEqual((status, len(text)), (200, LARGE))
        self.kill_and_start()
        self.assertEqual(self.zope.state(lost), "lost")
        self.assertEqual(self.zope.data.read_bytes(), before)
        self.assertEqual(files(self.zope.blobs), [])
        self.assertNotEqual(files(self.record_blobs), [])

    def test_a_kill_loses_or_repeats_as_with_one_database(self):
        self.zope.start()
        lost = self.running("crash-slow")
        again = self.running("crash-slow-again", seconds="5")
        self.kill_and_start()
        self.assertEqual(self.zope.state(lost), "lost")
        self.wait_for(again, "completed")
        self.assertEqual(self.zope.states()[again]["claims"], 2)
        self.stop(within=STOP_SECONDS + EXIT_SECONDS)
        self.assertEqual(self.effects(), {again})

    def test_sigterm_hands_back_what_runs(self):
        self.zope.start(NETSIGHT_ASYNC_STOP_SECONDS="1")
        lost = self.running("crash-slow")
        again = self.running("crash-slow-again")
        self.stop(within=1 + EXIT_SECONDS)
        self.zope.start(NETSIGHT_ASYNC_STOP_SECONDS="0")
        self.assertEqual(self.zope.states()[lost]["stored"], "lost")
        self.assertIsNone(self.zope.states()[again]["stored"])

    def test_sweep_and_pack_give_the_space_back(self):
        self.zope.start(NETSIGHT_ASYNC_KEEP_RESULT="0")
        for process_id in [
            self.completed("crash-reading", size=size)
            for size in (50_000, 50_000, LARGE)
        ]:
            self.zope.get(f"/crash-reading/result?process_id={process_id}")
        self.assertTrue(
            wait_until(lambda: not self.zope.states(), WAIT_SECONDS)
        )
        self.stop()
        self.pack()
        # The bodies were more; what is left are empty indexes.
        self.assertLess(self.records.stat().st_size, 20_000)
        self.assertEqual(files(self.record_blobs), [])

    def pack(self):
        storage = FileStorage(str(self.records), pack_keep_old=False)
        database = ZODB.DB(BlobStorage(str(self.record_blobs), storage))
        database.pack()
        database.close()


class KilledBetweenTests(TwoFilesTestCase):
    """What two phases cannot prevent: see docs/explanation/failures.rst."""

    def kill_between(self, view):
        """Return the id of a job whose Zope died between the two commits."""
        self.zope.start()
        # The databases have what the first start writes.
        self.completed("crash-quick")
        self.kill_and_start(**{TRAP: BETWEEN_THE_TWO})
        process_id = self.zope.start_job(view)
        self.zope.wait(WAIT_SECONDS)
        return process_id

    def test_effects_may_be_there_without_an_outcome(self):
        process_id = self.kill_between("crash-quick")
        self.assertIn(process_id, self.effects())
        self.zope.start()
        self.assertEqual(self.zope.state(process_id), "lost")


class RecordsFirstTests(TwoFilesTestCase):
    """Storages finish in the order of their paths."""

    name = "A-records"

    kill_between = KilledBetweenTests.kill_between

    def test_an_outcome_may_be_there_without_effects(self):
        process_id = self.kill_between("crash-quick")
        self.assertNotIn(process_id, self.effects())
        self.zope.start()
        self.assertEqual(self.zope.state(process_id), "completed")


def files(folder):
    """Return the blobs in a blob directory."""
    return list(folder.rglob("*.blob"))
