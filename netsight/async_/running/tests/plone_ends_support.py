"""Each end of a run whose site is not in memory any more.

Import it in test_plone_* only, and in tests of a cluster.
"""

from contextlib import suppress
from unittest import mock

import transaction
from persistent import GHOST
from persistent.mapping import PersistentMapping
from plone.app.testing import FunctionalTesting
from zExceptions import Redirect
from ZODB.POSException import ConflictError
from zope.component import getGlobalSiteManager
from zope.component import getSiteManager

from netsight.async_.exceptions import ProcessCancelled
from netsight.async_.exceptions import TimeLimitExceeded
from netsight.async_.interfaces import IProcessEndedEvent
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running import patience
from netsight.async_.running.tests.cut_off import cut_off
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.storage_support import FileStorageTesting


CACHE_SIZE = 200
"""Objects that a connection keeps; a site alone has more."""


class PloneFileStorageTesting(FileStorageTesting, FunctionalTesting):
    """A Plone site on a FileStorage."""


def free_memory(view):
    """Let the ZODB have nothing in memory, not even the site's registry."""
    view.context._p_jar.cacheMinimize()
    check_freed()


def check_freed():
    """Raise AssertionError if the registry of the site is in memory."""
    if getSiteManager().adapters._p_state != GHOST:
        raise AssertionError("the registry of the site is loaded")


def redirect():
    raise Redirect("http://localhost/plone/there")


def give_away(root, process_id):
    registry = query_registry(root)
    registry[process_id].claim.take(registry.worker("other"))


class Ends:
    """Tests of each end, on the storage of a layer; for a PloneTestCase."""

    def setUp(self):
        super().setUp()
        self.layer["zodbDB"].setCacheSize(CACHE_SIZE)
        self.told = []
        self.calls = 0
        self.note_by(self.note)
        retry_conflicts(self)
        patcher = mock.patch.object(patience, "FIRST_SECONDS", 0)
        patcher.start()
        self.addCleanup(patcher.stop)

    def note_by(self, handler):
        manager = getGlobalSiteManager()
        manager.registerHandler(handler, (IProcessEndedEvent,))
        self.addCleanup(
            manager.unregisterHandler, handler, (IProcessEndedEvent,)
        )

    def note(self, event):
        self.told.append(event.process.state)

    def check(self, state, end, attempts=1):
        """Let a job free the memory and then do `end(view)`."""

        def work(view, process_id):
            self.calls += 1
            view.context.title = f"{view.context.title}+"
            # What is changed stays in memory.
            transaction.savepoint()
            free_memory(view)
            return end(view)

        title = self.portal.title
        _client, process_id = self.run_job(work)
        process = self.process(process_id)
        self.assertEqual(process.state, state, process.error)
        self.assertEqual(process.attempts, attempts)
        self.assertEqual(self.told, [state])
        return process, self.portal.title.removeprefix(title)

    def test_it_returns(self):
        _process, change = self.check("completed", lambda view: "done")
        self.assertEqual(change, "+")

    def test_it_raises(self):
        def end(view):
            raise ValueError("row 17 has no title")

        with self.assertLogs("netsight.async_", "ERROR") as logs:
            process, change = self.check("failed", end)
        self.assertEqual(process.error.kind, "ValueError")
        self.assertEqual(process.error.text, "row 17 has no title")
        self.assertEqual(change, "")
        self.assertEqual(len(logs.records), 1)

    def test_it_conflicts_once(self):
        def end(view):
            if self.calls == 1:
                raise ConflictError("conflict")

        _process, change = self.check("completed", end, attempts=2)
        self.assertEqual(change, "+")

    def test_a_checkpoint_conflicts_once(self):
        def end(view):
            if self.calls == 1:
                self.change_meanwhile(view)
            view.checkpoint()
            free_memory(view)

        self.check("completed", end, attempts=2)
        self.assertEqual(self.portal.title, "meanwhile+")

    def change_meanwhile(self, view):
        manager = transaction.TransactionManager()
        connection = view.context._p_jar.db().open(manager)
        app = connection.root()["Application"]
        app[view.context.getId()].title = "meanwhile"
        manager.commit()
        connection.close()

    def test_it_conflicts_for_ever(self):
        def end(view):
            raise ConflictError("conflict")

        with self.assertLogs("netsight.async_", "ERROR"):
            process, _change = self.check("failed", end, attempts=4)
        self.assertEqual(process.error.kind, "ConflictError")

    def test_it_is_cancelled(self):
        def end(view):
            view.request.async_run.cancel()
            view.check_cancelled()

        _process, change = self.check("cancelled", end)
        self.assertEqual(change, "")

    def test_it_swallows_its_cancel(self):
        def end(view):
            view.request.async_run.cancel()
            with suppress(ProcessCancelled):
                view.check_cancelled()

        _process, change = self.check("cancelled", end)
        self.assertEqual(change, "")

    def test_it_reaches_its_time_limit(self):
        def end(view):
            error = TimeLimitExceeded("too long")
            view.request.async_run.window.interrupt(error)

        with self.assertLogs("netsight.async_", "ERROR"):
            process, change = self.check("failed", end)
        self.assertEqual(process.error.kind, "TimeLimitExceeded")
        self.assertEqual(change, "")

    def test_its_claim_is_given_to_another(self):
        def work(view, process_id):
            free_memory(view)
            transact("test", give_away, process_id)

        with self.assertLogs("netsight.async_", "INFO") as logs:
            _client, process_id = self.run_job(work)
        self.assertIn("is not for this worker", logs.output[-1])
        self.assertEqual(self.process(process_id).claim.worker.name, "other")
        self.assertEqual(self.process(process_id).state, "running")

    def test_its_commit_raises_a_redirect(self):
        def end(view):
            transaction.get().addBeforeCommitHook(redirect)

        process, change = self.check("completed", end)
        self.assertEqual(process.response.status, 302)
        self.assertEqual(change, "")

    def test_it_raises_a_redirect_that_a_subscriber_refuses(self):
        def refuse(event):
            if event.process.state == "completed":
                raise ValueError("refused")

        def work(view, process_id):
            free_memory(view)
            redirect()

        self.note_by(refuse)
        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).error.text, "refused")
        self.assertIn("failed", self.told)

    def test_it_raises_a_redirect(self):
        def end(view):
            redirect()

        process, change = self.check("completed", end)
        self.assertEqual(process.response.status, 302)
        self.assertEqual(change, "")

    def test_it_dooms_its_transaction(self):
        def end(view):
            transaction.doom()
            return "answered"

        process, change = self.check("completed", end)
        self.assertEqual(process.response.body.read(), b"answered")
        self.assertEqual(change, "")

    def test_its_database_is_cut_off_once(self):
        def end(view):
            if self.calls == 1:
                cut_off()

        with self.assertLogs(patience.logger, "WARNING"):
            _process, change = self.check("completed", end, attempts=2)
        self.assertEqual(change, "+")

    def test_it_reads_more_than_the_cache_holds(self):
        """And frees nothing itself."""
        self.portal.many = PersistentMapping(
            {str(n): PersistentMapping(n=n) for n in range(2 * CACHE_SIZE)}
        )
        transaction.commit()

        def work(view, process_id):
            for record in view.context.many.values():
                record["n"]
                view.checkpoint()
            check_freed()
            raise ValueError("the last record is bad")

        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(work)
        error = self.process(process_id).error
        self.assertEqual(error.kind, "ValueError")
        self.assertEqual(self.told, ["failed"])
