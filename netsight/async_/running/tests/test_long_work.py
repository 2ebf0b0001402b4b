"""Cancel, track, checkpoint, single: for long work."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import transaction
from zExceptions import Redirect
from ZODB.POSException import ConflictError
from zope.component import getGlobalSiteManager

from netsight.async_ import NoSuchProcessError
from netsight.async_.exceptions import NotCancellableError
from netsight.async_.interfaces import IProcessEndedEvent
from netsight.async_.records.database import get_process
from netsight.async_.records.database import transact
from netsight.async_.running import runner
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.conflicts import start_two_at_once
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.waiting import WAIT_SECONDS


class CancelTests(AsyncTestCase):
    path_ = "/cancellable-job"

    def cancel(self, client, process_id, status=302, path=None):
        return client.post(
            f"{path or self.path_}/process-cancel",
            {"process_id": process_id},
            status=status,
        )

    def queued(self, login=None, path=None):
        self.job(lambda view, pid: "x")
        with processes_run_by(Never()):
            client = self.client(login)
            return client, client.start(path or self.path_)

    def test_a_queued_process_is_cancelled_at_once(self):
        client, process_id = self.queued()
        response = self.cancel(client, process_id)
        self.assertIn("/cancellable-job/processing?", response.location)
        self.assertEqual(self.process(process_id).state, "cancelled")

    def test_it_does_not_run_any_more(self):
        calls = []
        client, process_id = self.queued()
        self.cancel(client, process_id)
        self.job(lambda view, pid: calls.append(pid))
        run(process_id)
        self.assertEqual(calls, [])

    def test_a_running_process_ends_at_its_next_progress(self):
        before = self.app.title
        started = Gate()

        def work(view, process_id):
            view.context.title = "half done"
            started.reach()
            # The monitor looks each second.
            noticed = view.request.async_run._cancel
            self.assertTrue(noticed.wait(WAIT_SECONDS))
            view.set_progress(process_id, 50)

        self.job(work)
        with self.threads() as executor:
            client = self.client()
            process_id = client.start(self.path_)
            started.wait()
            self.cancel(client, process_id)
            self.assertEqual(self.process(process_id).state, "running")
            started.open()
            self.assertTrue(executor.wait_idle(WAIT_SECONDS))
        self.assertEqual(self.process(process_id).state, "cancelled")
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)

    def test_code_that_catches_all_exceptions_is_cancelled_too(self):
        def work(view, process_id):
            view.request.async_run.cancel()
            try:
                view.check_cancelled()
            except Exception:
                return "caught"

        self.job(work)
        process_id = self.client().start(self.path_)
        self.assertEqual(self.process(process_id).state, "cancelled")

    def check_swallowed(self, work):
        """Do what swallows the cancel, in a job that changes something."""
        before = self.app.title

        def change(view, process_id):
            view.context.title = "half done"
            view.request.async_run.cancel()
            return work(view)

        self.job(change)
        with self.assertNoLogs("netsight.async_", "ERROR"):
            process_id = self.client().start(self.path_)
        process = self.process(process_id)
        self.assertEqual(process.state, "cancelled", process.error)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)

    def test_swallowed_by_a_pool(self):
        def work(view):
            with ThreadPoolExecutor(1) as pool:
                pool.submit(view.set_progress, None, 5)
            return "done"

        self.check_swallowed(work)

    def test_a_pool_whose_results_are_asked_for(self):
        def work(view):
            with ThreadPoolExecutor(1) as pool:
                future = pool.submit(view.set_progress, None, 5)
            return future.result() or "done"

        self.check_swallowed(work)

    def test_swallowed_by_a_bare_except(self):
        def work(view):
            self.swallow(view)
            return "caught"

        self.check_swallowed(work)

    def swallow(self, view):
        with suppress(BaseException):
            view.check_cancelled()

    def test_swallowed_and_doomed(self):
        def work(view):
            self.swallow(view)
            transaction.doom()
            return "caught"

        self.check_swallowed(work)

    def test_swallowed_and_redirected(self):
        def work(view):
            self.swallow(view)
            raise Redirect("http://nohost/")

        self.check_swallowed(work)

    def test_swallowed_for_another_error(self):
        def work(view):
            self.swallow(view)
            raise ValueError("cancelled?")

        with self.assertLogs(runner.logger, "WARNING") as logs:
            self.check_swallowed(work)
        self.assertEqual(str(logs.records[0].exc_info[1]), "cancelled?")

    def test_swallowed_for_a_conflict(self):
        def work(view):
            self.swallow(view)
            raise ConflictError("conflict")

        retry_conflicts(self)
        self.check_swallowed(work)

    def test_swallowed_and_committed(self):
        def work(view):
            self.swallow(view)
            with suppress(BaseException):
                transaction.commit()
            return "caught"

        self.check_swallowed(work)

    def test_swallowed_and_tried_to_commit_again(self):
        def work(view):
            self.swallow(view)
            for _number in range(2):
                with suppress(BaseException):
                    transaction.commit()
                transaction.abort()
                view.context.title = "half done"
            return "caught"

        self.check_swallowed(work)

    def test_subscribers_hear_of_the_cancel_alone(self):
        states = []
        manager = getGlobalSiteManager()
        handler = (lambda event: states.append(event.process.state),)
        manager.registerHandler(*handler, (IProcessEndedEvent,))
        self.addCleanup(
            manager.unregisterHandler, *handler, (IProcessEndedEvent,)
        )
        self.check_swallowed(self.swallow)
        self.assertEqual(states, ["cancelled"])

    def test_old_urls_answer_as_for_a_process_that_died(self):
        client, process_id = self.queued()
        self.cancel(client, process_id)
        for subview in ("completed", "result"):
            page = client.see(self.path_, subview, process_id, output_json=1)
            self.assertEqual(page.json, {"completed": "ERROR"})
            client.see(self.path_, subview, process_id, status=500)
        status = client.see(self.path_, "process-status", process_id)
        self.assertEqual(status.json["state"], "cancelled")
        page = client.see(self.path_, "processing", process_id)
        self.assertIn("was cancelled. What was not finished has been", page)

    def test_views_that_are_not_cancellable_refuse(self):
        client, process_id = self.queued(path="/job")
        response = self.cancel(client, process_id, 409, path="/job")
        self.assertIn("cannot be cancelled", response)
        self.assertEqual(self.process(process_id).state, "queued")
        view = self.app.restrictedTraverse("job")
        with self.assertRaises(NotCancellableError):
            view.process_cancel(process_id)

    def test_a_process_that_has_ended_stays_as_it_is(self):
        self.job(lambda view, pid: "x")
        client = self.client()
        process_id = client.start(self.path_)
        self.cancel(client, process_id)
        self.assertEqual(self.process(process_id).state, "completed")

    def test_a_get_cancels_nothing(self):
        client, process_id = self.queued()
        client.see(self.path_, "process-cancel", process_id, status=405)
        self.assertEqual(self.process(process_id).state, "queued")

    def test_a_stranger_cancels_nothing_and_a_manager_may(self):
        _client, process_id = self.queued(login=EDITOR)
        for client in (self.client(), self.client(READER)):
            self.cancel(client, process_id, 404)
        self.assertEqual(self.process(process_id).state, "queued")
        self.cancel(self.client(MANAGER), process_id)
        self.assertEqual(self.process(process_id).state, "cancelled")

    def test_a_forged_post_cancels_nothing(self):
        client, process_id = self.queued(login=EDITOR)
        client.post(
            f"{self.path_}/process-cancel",
            {"process_id": process_id},
            headers={"Origin": "http://evil.example"},
            status=403,
        )
        self.assertEqual(self.process(process_id).state, "queued")

    def test_the_page_has_a_button_where_the_view_allows_it(self):
        client, process_id = self.queued()
        page = client.see(self.path_, "processing", process_id)
        form = page.forms[0]
        self.assertTrue(
            form.action.endswith(f"process-cancel?process_id={process_id}")
        )
        form.submit()
        self.assertEqual(self.process(process_id).state, "cancelled")
        client, process_id = self.queued(path="/job")
        page = client.see("/job", "processing", process_id)
        self.assertEqual(len(page.forms), 0)

    def test_a_link_tells_programs_where_to_cancel(self):
        client, process_id = self.queued()
        status = client.see(self.path_, "process-status", process_id).json
        self.assertIn("process-cancel", status["links"])


class TrackTests(AsyncTestCase):
    def shown(self, iterable, **kwargs):
        """Return what `track` told, and the items."""
        told, items = [], []

        def work(view, process_id):
            view.request.async_run.set_progress = lambda number, message: (
                told.append((number, message and str(message)))
            )
            items.extend(view.track(iterable, **kwargs))

        self.job(work)
        process_id = self.client().start("/job")
        self.assertEqual(self.process(process_id).state, "completed")
        return told, items

    def test_it_yields_the_items_and_tells_progress(self):
        told, items = self.shown("abcd")
        self.assertEqual(items, list("abcd"))
        self.assertEqual([number for number, _m in told], [0, 25, 50, 75])

    def test_a_total_may_be_given(self):
        told, _items = self.shown(iter("ab"), total=8)
        self.assertEqual([number for number, _m in told], [0, 12.5])

    def test_without_a_length_only_the_count_is_told(self):
        told, items = self.shown(iter("ab"))
        self.assertEqual(items, ["a", "b"])
        self.assertEqual([number for number, _m in told], [None, None])

    def test_outside_a_job_it_just_yields(self):
        view = self.app.restrictedTraverse("job")
        self.assertEqual(list(view.track([1, 2])), [1, 2])
        view.check_cancelled()


class CheckpointTests(AsyncTestCase):
    def test_what_is_done_so_far_stays_though_the_job_fails(self):
        def work(view, process_id):
            view.context.title = "first half"
            view.checkpoint()
            view.context.title = "second half"
            raise ValueError("no")

        with self.assertLogs("netsight.async_", "ERROR"):
            self.run_job(work)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, "first half")

    def test_it_commits_nothing_once_there_is_an_outcome(self):
        # The answer to the commit was lost, and a client of ZEO does not know
        # yet what it did.
        before = self.app.title

        def work(view, process_id):
            transact("outcome", lambda root: end(root, process_id))
            view.context.title = "written"
            view.checkpoint()

        def end(root, process_id):
            get_process(root, process_id).complete(1, None)

        self.run_job(work)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)

    def test_it_honours_cancel(self):
        before = self.app.title

        def work(view, process_id):
            view.request.async_run.cancel()
            view.context.title = "written"
            view.checkpoint()

        _client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).state, "cancelled")
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)


class SingleTests(AsyncTestCase):
    """A second POST leads to the page of the first."""

    def setUp(self):
        super().setUp()
        self.app.manage_addFolder("folder")
        transaction.commit()
        self.job(lambda view, pid: "x")
        never = processes_run_by(Never())
        never.__enter__()
        self.addCleanup(never.__exit__, None, None, None)

    def test_of_one_user(self):
        first = self.client(EDITOR).start("/single-user-job")
        again = self.client(EDITOR).start("/single-user-job")
        other = self.client(READER).start("/single-user-job")
        self.assertEqual(again, first)
        self.assertNotEqual(other, first)

    def test_an_anonymous_visitor_is_not_led_to_that_of_another(self):
        for view in ("single-user-job", "single-context-job", "single-job"):
            with self.subTest(view):
                self.client().start(f"/{view}")
                for login in (None, EDITOR):
                    if (view, login) == ("single-user-job", EDITOR):
                        continue
                    page = self.client(login).post(f"/{view}", status=409)
                    self.assertIn("is running already", page)
                    self.assertNotIn("process_id", page)

    def test_of_one_context(self):
        first = self.client(EDITOR).start("/single-context-job")
        again = self.client(EDITOR).start("/single-context-job")
        other = self.client(EDITOR).start("/folder/single-context-job")
        self.assertEqual(again, first)
        self.assertNotEqual(other, first)

    def test_of_one_view(self):
        self.client().start("/single-job")
        response = self.client().post("/folder/single-job", status=409)
        self.assertIn("is running already", response)

    def test_somebody_elses_is_not_shown(self):
        self.client(EDITOR).start("/single-context-job")
        response = self.client(READER).post("/single-context-job", status=409)
        self.assertNotIn("process_id", response)

    def test_when_it_has_ended_the_next_starts(self):
        first = self.client().start("/single-job")
        run(first)
        self.assertNotEqual(self.client().start("/single-job"), first)

    def test_two_starts_at_once_make_one(self):
        first, other = start_two_at_once(
            self, lambda: self.client(EDITOR).start("/single-job")
        )
        self.assertEqual(first, other)
        self.assertEqual(len(self.processes()), 1)


class UnknownTests(AsyncTestCase):
    def test_cancelling_an_unknown_process(self):
        view = self.app.restrictedTraverse("cancellable-job")
        with self.assertRaises(NoSuchProcessError):
            view.process_cancel("unknown")
