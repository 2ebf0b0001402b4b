"""Cancel, run again and remove: what becomes of processes."""

from unittest import mock

import transaction

from netsight.async_ import actions
from netsight.async_.actions import remove
from netsight.async_.actions import remove_ended
from netsight.async_.actions import run_again
from netsight.async_.exceptions import AlreadyRunningError
from netsight.async_.exceptions import ClaimLostError
from netsight.async_.exceptions import NotRepeatableError
from netsight.async_.exceptions import StillRunningError
from netsight.async_.queries import Query
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.lease import Worker
from netsight.async_.records.registry import ProcessRegistry
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import add_ended
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.views import AgainView


class RunAgainTests(AsyncTestCase):
    def failed(self, view="again-job", **kwargs):
        """Return the id of a process that failed."""
        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(
                lambda view, pid: 1 / 0, view=view, **kwargs
            )
        return process_id

    def run_again(self, process_id):
        registry = getProcessRegistry(self.app)
        new = run_again(registry, self.process(process_id))
        transaction.commit()
        return new.id

    def test_the_new_process_runs_as_its_owner_with_the_same_request(self):
        failed = self.failed(login=EDITOR, params={"name": "Ä" * 100_000})
        seen = []

        def work(view, process_id):
            user = view.request["AUTHENTICATED_USER"]
            seen.extend((process_id, user.getId(), view.request.form["name"]))

        self.job(work)
        new_id = self.run_again(failed)
        self.assertEqual(seen, [new_id, "editor", "Ä" * 100_000])
        self.assertEqual(self.process(new_id).state, "completed")
        self.assertEqual(self.process(failed).state, "failed")

    def test_it_is_started_after_the_commit(self):
        failed = self.failed()
        run_again(getProcessRegistry(self.app), self.process(failed))
        transaction.abort()
        self.assertEqual(len(self.processes()), 1)
        self.assertTrue(self.process(failed).may_run_again)

    def test_without_its_request_it_is_not_run_again(self):
        with mock.patch.dict(
            "os.environ", NETSIGHT_ASYNC_KEEP_REQUEST_HOURS="0"
        ):
            failed = self.failed(view="job")
        with self.assertRaises(NotRepeatableError):
            self.run_again(failed)

    def test_a_single_view_is_not_run_twice_at_once(self):
        with mock.patch.object(AgainView, "single", "view"):
            failed = self.failed()
            with processes_run_by(Never()):
                self.client().start("/again-job")
        with self.assertRaises(AlreadyRunningError):
            self.run_again(failed)
        self.assertTrue(self.process(failed).may_run_again)


class RemoveTests(AsyncTestCase):
    def test_what_has_not_ended_stays(self):
        registry = ProcessRegistry()
        process_id = add(registry, 1)
        with self.assertRaises(StillRunningError):
            remove(registry, registry[process_id])
        self.assertIn(process_id, registry)

    def test_a_dead_worker_cannot_come_back_to_what_was_removed(self):
        registry, worker = ProcessRegistry(), Worker("dead")
        process = registry[add(registry, 1)]
        number = process.claim_for(worker)
        worker.end()
        remove(registry, process)
        with self.assertRaises(ClaimLostError):
            process.check_claim("dead", number)

    def test_all_that_have_ended_are_removed_in_batches(self):
        registry = getProcessRegistry(self.app)
        add_ended(registry, 25)
        kept = [
            add(registry, 7),
            add_ended(registry, 1, path="/other/export")[0],
        ]
        transaction.commit()
        storage = self.app._p_jar.db().storage
        before = len(list(storage.changes.iterator()))
        with mock.patch.object(actions, "REMOVE_BATCH", 10):
            self.assertEqual(remove_ended(Query("/plone")), (25, None))
        self.assertEqual(len(list(storage.changes.iterator())) - before, 3)
        transaction.begin()
        self.assertEqual({p.id for p in self.processes()}, set(kept))

    def test_one_call_looks_at_so_many_and_says_where_to_go_on(self):
        ids = add_ended(getProcessRegistry(self.app), 25)
        transaction.commit()
        with (
            mock.patch.object(actions, "REMOVE_BATCH", 10),
            mock.patch.object(actions, "REMOVE_MOST", 20),
        ):
            self.assertEqual(remove_ended(Query()), (20, ids[5]))
            self.assertEqual(remove_ended(Query(), ids[5]), (5, None))

    def test_there_may_be_no_registry(self):
        self.assertEqual(remove_ended(Query()), (0, None))
