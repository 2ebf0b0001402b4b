"""The events of a process, and the transactions they are notified in."""

import unittest

from zope.component import getGlobalSiteManager
from zope.interface.verify import verifyObject

from netsight.async_ import events
from netsight.async_ import interfaces
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import AsyncTestCase


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
                ("ProcessQueued", "queued"),
                ("ProcessStarted", "running"),
                ("ProcessCompleted", "completed"),
            ],
        )

    def test_of_a_process_that_fails(self):
        self.listen(self.note)
        with self.assertLogs("netsight.async_", "ERROR"):
            self.run_job(lambda view, pid: 1 / 0)
        self.assertEqual(
            self.seen,
            [
                ("ProcessQueued", "queued"),
                ("ProcessStarted", "running"),
                ("ProcessFailed", "failed"),
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
        for name in ("Queued", "Started", "Completed", "Failed"):
            interface = getattr(interfaces, f"IProcess{name}Event")
            event = getattr(events, f"Process{name}")("a process")
            verifyObject(interface, event)
            self.assertTrue(interfaces.IProcessEvent.providedBy(event))
