"""Subscribers of ended processes find what code of Plone needs."""

import transaction
from plone import api
from zExceptions import Redirect
from ZODB.POSException import ConflictError
from zope.component import getGlobalSiteManager
from zope.component import queryMultiAdapter
from zope.component.hooks import getSite
from zope.globalrequest import getRequest
from zope.publisher.interfaces.browser import IDefaultBrowserLayer

from netsight.async_.interfaces import IProcessEndedEvent
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running import surroundings
from netsight.async_.running.telling import tell_ended
from netsight.async_.serving.recovery import recover
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.record_support import end_of
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Never


class Joined:
    """A data manager as that of a mail: joins the thread's transaction."""

    def __init__(self, text, done):
        self.text = text
        self.done = done
        self.transaction_manager = transaction.manager
        transaction.get().join(self)

    def sortKey(self):
        return "~"

    def tpc_finish(self, txn):
        self.done.append(self.text)

    def nothing(self, txn):
        pass

    abort = tpc_begin = commit = tpc_vote = tpc_abort = nothing


class ToldTestCase(PloneTestCase):
    """Has a subscriber of all ends, which does `act(state)`."""

    def setUp(self):
        super().setUp()
        self.seen = []
        self.done = []
        manager = getGlobalSiteManager()
        manager.registerHandler(self.told, (IProcessEndedEvent,))
        self.addCleanup(
            manager.unregisterHandler, self.told, (IProcessEndedEvent,)
        )

    def told(self, event):
        state = event.process.state
        self.seen.append(
            (
                state,
                getSite() and getSite().getId(),
                IDefaultBrowserLayer.providedBy(getRequest()),
            )
        )
        self.act(state)

    def act(self, state):
        Joined(state, self.done)

    def check_told(self, state):
        self.assertEqual(self.seen, [(state, "plone", True)])
        self.assertEqual(self.done, [state])

    def fail_one(self):
        with self.assertLogs("netsight.async_", "ERROR"):
            return self.run_job(lambda view, process_id: 1 / 0, MANAGER)

    def cancel_in_the_queue(self):
        client = self.client(MANAGER)
        with processes_run_by(Never()):
            process_id = client.start("/plone/cancellable-job")
        client.post(
            "/plone/cancellable-job/process-cancel",
            {"process_id": process_id, "_authenticator": client.token()},
        )
        return client, process_id

    def lose_one(self):
        with processes_run_by(Never()):
            process_id = self.client(MANAGER).start("/plone/job")

        def die(root):
            die_with_claim(root, process_id)
            recover(query_registry(root))

        transact("test", die)
        tell_ended(end_of(process_id))

    def found(self, title):
        transaction.begin()
        return len(self.portal.portal_catalog(Title=title))


class SurroundingsTests(ToldTestCase):
    def test_of_one_that_completed(self):
        self.run_job(lambda view, process_id: "x", MANAGER)
        self.check_told("completed")

    def test_of_one_that_failed(self):
        self.fail_one()
        self.check_told("failed")

    def test_of_one_that_was_cancelled_in_the_queue(self):
        self.cancel_in_the_queue()
        self.check_told("cancelled")

    def test_of_one_that_was_cancelled(self):
        def work(view, process_id):
            view.request.async_run.cancel()
            view.check_cancelled()

        self.run_job(work, MANAGER)
        self.check_told("cancelled")

    def test_of_one_that_was_lost(self):
        self.lose_one()
        self.check_told("lost")

    def test_of_one_whose_host_is_odd(self):
        client = self.client(MANAGER)
        for number, host in enumerate(("x:99999", "[::1", "")):
            with self.subTest(host), processes_run_by(Never()):
                process_id = client.start("/plone/cancellable-job")
                self.cancel_by_host(process_id, host)
                self.assertEqual(self.done, ["cancelled"] * (number + 1))

    def cancel_by_host(self, process_id, host):
        def change(root):
            process = query_registry(root)[process_id]
            process.url = f"http://{host}/plone/cancellable-job"
            process.cancel()

        transact("test", change)
        tell_ended(end_of(process_id))

    def test_views_and_the_language_of_the_site_are_found(self):
        found = []

        def act(state):
            context, request = getSite(), getRequest()
            found.append(api.portal.get_current_language())
            found.append(queryMultiAdapter((context, request), name="sitemap"))

        self.act = act
        self.fail_one()
        self.assertEqual(found[0], "en")
        self.assertIsNotNone(found[1])

    def test_what_it_creates_is_in_the_catalog(self):
        self.act = lambda state: api.content.create(
            getSite(), "Document", title="told"
        )
        self.fail_one()
        self.assertEqual(self.found("told"), 1)

    def test_what_it_indexes_again_is_in_the_catalog(self):
        with api.env.adopt_roles(["Manager"]):
            api.content.create(self.portal, "Document", "page", "before")
        transaction.commit()

        def act(state):
            page = getSite()["page"]
            page.title = "after"
            page.reindexObject()

        self.act = act
        for number, end in enumerate(
            (self.fail_one, self.cancel_in_the_queue, self.lose_one)
        ):
            with self.subTest(end.__name__):
                end()
                self.assertEqual(len(self.seen), number + 1)
                self.assertEqual(self.found("after"), 1)
                self.assertEqual(self.portal.page.title, "after")

    def test_savepoints_and_hooks_work(self):
        def act(state):
            txn = transaction.get()
            txn.addAfterCommitHook(self.note_commit)
            Joined(state, self.done)
            getSite().title = "told"
            transaction.savepoint(optimistic=True)

        self.act = act
        self.fail_one()
        self.assertEqual(self.done, ["failed", True])
        transaction.begin()
        self.assertEqual(self.portal.title, "told")

    def note_commit(self, success):
        self.done.append(success)


class WithoutEffects:
    """Of a view whose answer has no effects; `work` is what it does."""

    def run_again_job(self):
        """Return the process of a view with `restart_after_crash`."""
        _client, process_id = self.run_job(
            self.work, MANAGER, view="again-job"
        )
        # What has no outcome would be run again.
        transact("test", lambda root: recover(query_registry(root), set()))
        return self.process(process_id)

    def test_completed_is_told(self):
        self.run_job(self.work, MANAGER)
        self.check_told("completed")

    def test_what_a_subscriber_writes_is_committed(self):
        def act(state):
            getSite().title = "told"

        self.act = act
        self.run_job(self.work, MANAGER)
        transaction.begin()
        self.assertEqual(self.portal.title, "told")

    def test_a_subscriber_that_raises_makes_it_fail(self):
        def act(state):
            if state == "completed":
                raise ValueError("subscriber")

        self.act = act
        with self.assertLogs("netsight.async_", "ERROR"):
            process = self.run_again_job()
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.text, "subscriber")
        self.assertEqual(process.attempts, 1)
        states = [state for state, _site, _layer in self.seen]
        self.assertEqual(states, ["completed", "failed"])

    def test_a_subscriber_that_redirects_makes_it_fail(self):
        def act(state):
            if state == "completed":
                raise Redirect("http://localhost/plone")

        self.act = act
        with self.assertLogs("netsight.async_", "ERROR"):
            process = self.run_again_job()
        self.assertEqual(process.error.kind, "Redirect")

    def test_a_subscriber_that_conflicts_makes_it_begin_anew(self):
        def act(state):
            Joined(state, self.done)
            if len(self.seen) == 1:
                raise ConflictError("conflict")

        self.act = act
        retry_conflicts(self)
        process = self.run_again_job()
        self.assertEqual(process.state, "completed")
        self.assertEqual(process.attempts, 2)
        self.assertEqual(self.done, ["completed"])


class RedirectTests(WithoutEffects, ToldTestCase):
    def work(self, view, process_id):
        raise Redirect("http://localhost/plone")


class DoomTests(WithoutEffects, ToldTestCase):
    def work(self, view, process_id):
        transaction.doom()
        return "answered"


class WithEffectsTests(ToldTestCase):
    def test_a_subscriber_that_redirects_makes_it_fail(self):
        def act(state):
            if state == "completed":
                raise Redirect("http://localhost/plone")

        self.act = act
        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(lambda view, pid: "x", MANAGER)
        self.assertEqual(self.process(process_id).error.kind, "Redirect")


class RepeatTests(ToldTestCase):
    def setUp(self):
        super().setUp()
        retry_conflicts(self)

    def test_what_conflicts_is_repeated(self):
        def act(state):
            Joined(state, self.done)
            if len(self.seen) < surroundings.PUBLISH_TRIES:
                raise ConflictError("conflict")

        self.act = act
        self.fail_one()
        self.assertEqual(len(self.seen), surroundings.PUBLISH_TRIES)
        self.assertEqual(self.done, ["failed"])

    def test_what_conflicts_for_ever_is_logged(self):
        def act(state):
            raise ConflictError("conflict")

        self.act = act
        with self.assertLogs("netsight.async_", "ERROR") as logs:
            _client, process_id = self.cancel_in_the_queue()
        self.assertEqual(len(self.seen), surroundings.PUBLISH_TRIES)
        self.assertIn(process_id, logs.output[0])

    def test_the_error_log_of_the_site_has_one_entry(self):
        def act(state):
            if len(self.seen) == 1:
                raise ConflictError("conflict")

        def work(view, process_id):
            raise ValueError(process_id)

        self.act = act
        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(work)
        self.assertEqual(len(self.seen), 2)
        transaction.begin()
        entries = self.portal.error_log.getLogEntries()
        values = [entry["value"] for entry in entries]
        self.assertEqual(values.count(process_id), 1)


class ThreadOfTheServerTests(ToldTestCase):
    """The thread that cancels goes on with other requests."""

    def act(self, state):
        getSite().portal_catalog.reindexObject(getSite())
        api.content.create(getSite(), "Document", title="told")

    def test_it_can_still_search(self):
        client, _process_id = self.cancel_in_the_queue()
        for _number in range(3):
            client.get("/plone/@@search?SearchableText=x", status=200)
            client.get("/plone", status=200)
        self.assertEqual(self.found("told"), 1)

    def test_its_own_transaction_is_not_touched(self):
        self.act = lambda state: Joined(state, self.done)
        with processes_run_by(Never()):
            process_id = self.client(MANAGER).start("/plone/job")
        transact("test", lambda root: get_process(root, process_id).cancel())
        transaction.begin()
        self.portal.title = "changed"
        tell_ended(end_of(process_id))
        self.assertEqual(self.done, ["cancelled"])
        transaction.commit()
        self.assertEqual(self.portal.title, "changed")
        self.assertEqual(self.done, ["cancelled"])
