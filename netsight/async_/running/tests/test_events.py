"""The events of a process, and the transactions they are notified in."""

import threading
import unittest
from unittest import mock

import transaction
from AccessControl import SecurityManagement
from AccessControl.SecurityManagement import getSecurityManager
from AccessControl.SecurityManagement import newSecurityManager
from AccessControl.users import nobody
from zope.component import getGlobalSiteManager
from zope.component.hooks import getSite
from zope.interface.verify import verifyObject

from netsight.async_ import events
from netsight.async_ import interfaces
from netsight.async_.actions import cancel
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import this_worker
from netsight.async_.running.telling import tell_ended
from netsight.async_.running.telling import tell_in_thread
from netsight.async_.running.telling import wait_told
from netsight.async_.serving import server
from netsight.async_.serving.recovery import recover
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import end_of
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.waiting import WAIT_SECONDS


class EventTests(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.seen = []

    def listen(self, handler, event=interfaces.IProcessEvent):
        manager = getGlobalSiteManager()
        manager.registerHandler(handler, (event,))
        self.addCleanup(manager.unregisterHandler, handler, (event,))

    def note(self, event):
        self.seen.append((type(event).__name__, event.process.state))

    def test_of_a_process_that_completes(self):
        self.listen(self.note)
        self.run_job(lambda view, pid: "x")
        self.assertEqual(
            self.seen,
            [
                ("ProcessQueuedEvent", "queued"),
                ("ProcessStartedEvent", "running"),
                ("ProcessCompletedEvent", "completed"),
            ],
        )

    def test_of_a_process_that_fails(self):
        self.listen(self.note)
        with self.assertLogs("netsight.async_", "ERROR"):
            self.run_job(lambda view, pid: 1 / 0)
        self.assertEqual(
            self.seen,
            [
                ("ProcessQueuedEvent", "queued"),
                ("ProcessStartedEvent", "running"),
                ("ProcessFailedEvent", "failed"),
            ],
        )

    def test_the_process_tells_what_a_mail_needs(self):
        facts = []

        def note(event):
            process = event.process
            facts.append(
                (
                    process.title,
                    process.view_path,
                    process.owner.user_id,
                    process.finished >= process.started >= process.created,
                )
            )

        self.listen(note, interfaces.IProcessCompletedEvent)
        self.run_job(lambda view, pid: "x", login=EDITOR)
        self.assertEqual(facts, [("job", "/job", "editor", True)])

    def test_the_process_knows_the_address_of_its_page(self):
        urls = []
        self.listen(
            lambda event: urls.append(event.process.url),
            interfaces.IProcessEndedEvent,
        )
        origin = {"NETSIGHT_ASYNC_ORIGINS": "http://localhost"}
        with mock.patch.dict("os.environ", origin):
            client, process_id = self.run_job(lambda view, pid: "x")
        url = (
            "http://localhost/@@async-process/processing"
            f"?process_id={process_id}"
        )
        self.assertEqual(urls, [url])
        result = client.get(url).follow().follow()
        self.assertEqual(result.text, "x")

    def test_of_a_queued_process_that_is_cancelled(self):
        self.listen(self.note)
        with processes_run_by(Never()):
            process_id = self.client(EDITOR).start("/cancellable-job")
        self.cancel(process_id, MANAGER)
        self.assertEqual(
            self.seen,
            [
                ("ProcessQueuedEvent", "queued"),
                ("ProcessCancelledEvent", "cancelled"),
            ],
        )

    def test_of_a_running_process_that_is_cancelled(self):
        self.listen(self.note)

        def work(view, process_id):
            view.request.async_run.cancel()
            view.check_cancelled()

        self.run_job(work)
        self.assertEqual(self.seen[-1], ("ProcessCancelledEvent", "cancelled"))
        self.assertEqual(len(self.seen), 3)

    def test_a_cancel_that_is_rolled_back_is_not_told(self):
        self.listen(self.note)
        with processes_run_by(Never()):
            process_id = self.client().start("/cancellable-job")
        cancel(self.process(process_id))
        transaction.abort()
        self.assertEqual(len(self.seen), 1)

    def test_of_a_process_whose_worker_died(self):
        self.listen(self.note)
        process_id = self.leave_to_a_dead_worker("/job")
        tell_ended(end_of(process_id))
        self.assertEqual(self.seen[-1], ("ProcessLostEvent", "lost"))

    def test_a_server_tells_of_what_it_finds_lost_once(self):
        self.listen(self.note)
        process_id = self.leave_to_a_dead_worker("/job", recovered=False)
        told = []
        with mock.patch.object(server, "tell_in_thread", told.append):
            duty = server.Duty()
            duty()
            duty()
        self.assertEqual(told, [[end_of(process_id)], []])

    def test_a_server_that_stops_tells_of_what_it_gives_up(self):
        process_id = self.leave_to_a_dead_worker(
            "/job", recovered=False, worker=this_worker()
        )
        told = []
        with mock.patch.object(server, "tell_in_thread", told.append):
            server._hand_back()
        self.assertEqual(told, [[end_of(process_id)]])

    def test_subscribers_of_an_end_are_called_as_the_owner(self):
        users = []

        def note(event):
            users.append(getSecurityManager().getUser().getId())

        self.listen(note, interfaces.IProcessEndedEvent)
        with self.assertLogs("netsight.async_", "ERROR"):
            self.run_job(lambda view, pid: 1 / 0, login=EDITOR)
        with processes_run_by(Never()):
            process_id = self.client(EDITOR).start("/cancellable-job")
        self.cancel(process_id, MANAGER)
        tell_ended(end_of(self.leave_to_a_dead_worker("/job", login=EDITOR)))
        self.assertEqual(users, ["editor"] * 3)

    def test_an_end_stands_whatever_a_subscriber_does(self):
        def broken(event):
            raise ValueError("subscriber")

        self.listen(broken, interfaces.IProcessCancelledEvent)
        with processes_run_by(Never()):
            process_id = self.client().start("/cancellable-job")
        with self.assertLogs("netsight.async_", "ERROR") as log:
            self.cancel(process_id)
        self.assertIn(process_id, log.output[0])
        self.assertEqual(self.process(process_id).state, "cancelled")

    def test_user_and_site_are_put_back(self):
        process_id = self.leave_to_a_dead_worker("/job", login=EDITOR)
        newSecurityManager(None, nobody)
        before = getSecurityManager(), getSite()
        tell_ended(end_of(process_id))
        self.assertEqual((getSecurityManager(), getSite()), before)

    def test_the_thread_that_told_leaves_no_user(self):
        """A later thread can have its number, and so would be its owner."""
        threads = []
        self.listen(
            lambda event: threads.append(threading.get_ident()),
            interfaces.IProcessLostEvent,
        )
        tell_ended(end_of(self.leave_to_a_dead_worker("/job", login=EDITOR)))
        (ident,) = threads
        self.assertNotIn(ident, SecurityManagement._managers)

    def test_several_are_told_in_a_thread(self):
        self.listen(self.note, interfaces.IProcessEndedEvent)
        ids = [self.leave_to_a_dead_worker("/job") for _ in "ab"]
        tell_in_thread([end_of(process_id) for process_id in ids])
        wait_told(WAIT_SECONDS)
        self.assertEqual(self.seen, [("ProcessLostEvent", "lost")] * 2)

    def test_a_stop_does_not_wait_for_ever_for_a_slow_subscriber(self):
        gate = Gate()
        self.listen(lambda event: gate.reach(), interfaces.IProcessLostEvent)
        tell_in_thread([end_of(self.leave_to_a_dead_worker("/job"))])
        gate.wait()
        wait_told(0.01)
        gate.open()
        wait_told(WAIT_SECONDS)

    def cancel(self, process_id, login=None):
        self.client(login).post(
            "/cancellable-job/process-cancel", {"process_id": process_id}
        )

    def leave_to_a_dead_worker(
        self, path, login=None, recovered=True, worker="dead"
    ):
        """Return the id of a process that ran when its worker died."""
        with processes_run_by(Never()):
            process_id = self.client(login).start(path)

        def die(root):
            registry = query_registry(root)
            record = registry.worker(worker)
            registry[process_id].claim_for(record)
            if worker != this_worker():
                record.end()
            if recovered:
                recover(registry)

        transact("test", die)
        return process_id

    def test_what_a_subscriber_of_completion_writes_is_committed(self):
        def write(event):
            event.process._p_jar.root()["Application"].title = "by event"

        self.listen(write, interfaces.IProcessCompletedEvent)
        self.run_job(lambda view, pid: "x")
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, "by event")

    def test_a_subscriber_of_completion_that_fails_fails_the_process(self):
        before = self.app.title

        def broken(event):
            raise ValueError("subscriber")

        def work(view, process_id):
            view.context.title = "written"

        self.listen(broken, interfaces.IProcessCompletedEvent)
        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).error.text, "subscriber")
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)

    def test_a_subscriber_of_the_start_that_fails_starts_nothing(self):
        def broken(event):
            raise ValueError("subscriber")

        self.listen(broken, interfaces.IProcessQueuedEvent)
        self.job(lambda view, pid: self.fail("it ran"))
        with self.assertRaisesRegex(ValueError, "subscriber"):
            self.client().post("/job")
        self.assertEqual(self.processes(), [])


class InterfaceTests(unittest.TestCase):
    def test_each_event_provides_its_interface(self):
        for name in (
            *("Queued", "Started", "Completed", "Failed"),
            *("Cancelled", "Lost"),
        ):
            interface = getattr(interfaces, f"IProcess{name}Event")
            event = getattr(events, f"Process{name}Event")("a process")
            verifyObject(interface, event)
            self.assertTrue(interfaces.IProcessEvent.providedBy(event))
