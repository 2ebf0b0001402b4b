"""Processes whose request cannot be read for a while."""

import os
import resource
from contextlib import contextmanager
from unittest import mock

from netsight.async_ import actions
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import this_worker
from netsight.async_.records.parts import Error
from netsight.async_.running import outcomes
from netsight.async_.running import runner
from netsight.async_.running import stored_request
from netsight.async_.running.monitor import monitor
from netsight.async_.running.runner import run
from netsight.async_.running.tests.told import told_states
from netsight.async_.running.unread import Unread
from netsight.async_.serving.server import Duty
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.faults import LostAnswers
from netsight.async_.tests.storage_support import FileStorageTestCase
from netsight.async_.tests.support import Never


LOGGER = "netsight.async_.running"

FORM = {"data": "x" * 100_000}
"""Is stored as a blob."""


@contextmanager
def no_files_left():
    """Let this process open no file more, in a block."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull) as file:
        # Files get the lowest number that is free.
        resource.setrlimit(resource.RLIMIT_NOFILE, (file.fileno(), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


class UnreadTests(FileStorageTestCase):
    def setUp(self):
        super().setUp()
        self.calls = []
        patcher = mock.patch.object(stored_request, "unread", Unread())
        patcher.start()
        self.addCleanup(patcher.stop)
        self.job(self.work)
        with processes_run_by(Never()):
            view = "/cancellable-job"
            self.process_id = self.client().start(view, FORM)
        self.blobs = self.layer["folder"] / "blobs"
        self.away = self.layer["folder"] / "away"

    def work(self, view, process_id):
        self.calls.append(len(view.request.form["data"]))

    def stored(self):
        """Return what is stored of the process."""
        process = self.process(self.process_id)
        claim = process.claim
        return process.state, claim.worker, claim.number, claim.deaths

    def assert_waits(self):
        self.assertEqual(self.stored(), ("queued", None, 0, 0))
        self.assertEqual(self.calls, [])

    def assert_runs(self):
        """Fail unless it runs at the next beat."""
        Duty()()
        self.assertEqual(self.process(self.process_id).state, "completed")
        self.assertEqual(self.calls, [len(FORM["data"])])

    @contextmanager
    def no_blobs(self):
        """Have the blob directory away, in a block."""
        self.blobs.rename(self.away)
        try:
            yield
        finally:
            self.away.rename(self.blobs)

    def run_in_vain(self):
        with self.assertLogs(LOGGER, "ERROR") as logs:
            run(self.process_id)
        (self.record,) = logs.records
        self.assertIn(self.process_id, self.record.getMessage())

    def test_one_that_can_be_read_is_read_with_the_claim(self):
        with mock.patch.object(stored_request, "transact") as transact:
            run(self.process_id)
        transact.assert_not_called()
        self.assertEqual(self.calls, [len(FORM["data"])])

    def test_it_waits_while_the_blob_directory_is_away(self):
        with self.no_blobs():
            self.run_in_vain()
            self.assertIn(str(self.blobs), str(self.record.exc_info[1]))
            self.assert_waits()
        self.assert_runs()

    def test_it_waits_while_no_file_system_is_mounted_there(self):
        with self.no_blobs():
            self.blobs.mkdir()
            self.run_in_vain()
            self.blobs.rmdir()
        self.assert_waits()
        self.assert_runs()

    def test_it_waits_while_no_file_can_be_opened(self):
        def starved(request):
            with no_files_left():
                return open_environ(request)

        open_environ = stored_request.open_environ
        with mock.patch.object(stored_request, "open_environ", starved):
            self.run_in_vain()
        self.assert_waits()
        self.assert_runs()

    def test_nothing_more_is_logged_or_written_while_that_lasts(self):
        with self.no_blobs():
            self.run_in_vain()
            before = self.database.lastTransaction()
            with self.assertNoLogs(level="INFO"):
                for _beat in range(3):
                    Duty()()
            self.assertEqual(self.database.lastTransaction(), before)
        self.assert_runs()

    def test_it_is_logged_again_if_it_happens_again(self):
        with self.no_blobs():
            self.run_in_vain()
        with mock.patch.object(runner.Run, "_publish", self.be_cut_off):
            self.run_in_vain()
        self.assert_waits()

    def be_cut_off(self):
        """Stand in for a publication, after which the blobs are away."""
        self.blobs.rename(self.away)
        self.addCleanup(self.away.rename, self.blobs)
        return False

    def test_it_fails_if_the_blob_is_gone(self):
        (blob,) = self.blobs.rglob("*.blob")
        blob.unlink()
        self.run_in_vain()
        process = self.process(self.process_id)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.kind, "POSKeyError")

    def test_it_fails_if_the_blob_is_gone_when_the_directory_is_back(self):
        (blob,) = self.blobs.rglob("*.blob")
        blob.unlink()
        with self.no_blobs():
            self.run_in_vain()
        self.run_in_vain()
        self.assertEqual(self.process(self.process_id).state, "failed")

    def test_it_can_be_cancelled(self):
        with self.no_blobs():
            self.run_in_vain()
            self.cancel()
            self.assertEqual(self.stored()[0], "cancelled")
            run(self.process_id)
        self.assertEqual(self.calls, [])

    @contextmanager
    def unreadable(self, function):
        """Have the request not be readable, in a block.

        The function is called when that is found after the claim.
        """

        def find(request):
            if self.process(self.process_id).state == "running":
                function()
            raise OSError("it cannot be read")

        with mock.patch.object(stored_request, "open_environ", find):
            yield

    def cancel(self):
        transact(
            "test",
            lambda root: actions.cancel(get_process(root, self.process_id)),
        )

    def test_it_is_cancelled_if_somebody_wants_that_while_it_is_claimed(self):
        ended = told_states(self)
        with self.unreadable(self.cancel):
            self.run_in_vain()
        self.assertEqual(self.process(self.process_id).state, "cancelled")
        self.assertEqual(ended, ["cancelled"])

    def test_one_that_has_ended_is_not_put_back(self):
        """A client of ZEO does not know yet that its last commit was done."""

        def end():
            (hold,) = monitor.holds()
            transact("test", outcomes.fail, hold, 1, Error("Why", "", ""))

        with self.unreadable(end):
            self.run_in_vain()
        state, worker, number, _deaths = self.stored()
        self.assertEqual((state, number), ("failed", 1))
        self.assertEqual(worker.name, this_worker())

    def test_one_that_ends_meanwhile_is_not_put_back(self):
        def end_meanwhile(root, hold):
            transact("test", outcomes.fail, hold, 1, Error("Why", "", ""))
            return put_back(root, hold)

        put_back = outcomes.put_back
        with (
            self.no_blobs(),
            mock.patch.object(outcomes, "put_back", end_meanwhile),
        ):
            self.run_in_vain()
        self.assertEqual(self.process(self.process_id).claim.number, 1)

    def test_one_whose_record_was_removed_meanwhile_is_none_of_these(self):
        def remove(root):
            query_registry(root).remove(self.process_id)

        # Others had it, ended it and swept it, while the database was away.
        claimed = LostAnswers("claim", lambda: transact("test", remove))
        with claimed.watched(), self.assertNoLogs(LOGGER, "WARNING"):
            run(self.process_id)
        self.assertEqual(claimed.lost, 1)
        self.assertNotIn(self.process_id, stored_request.unread)
