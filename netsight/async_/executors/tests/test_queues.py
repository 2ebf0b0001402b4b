"""What a view says of its queue, and where it comes to."""

from unittest import mock

from netsight.async_.actions import run_again
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.records.owners import Owner
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.views import JobView


class Bell:
    """An executor that notes the rings, and leaves everything queued."""

    def __init__(self):
        self.rings = []

    def ring(self, *args):
        self.rings.append(args)


class QueueTests(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.bell = Bell()
        bell = processes_run_by(self.bell)
        bell.__enter__()
        self.addCleanup(bell.__exit__, None, None, None)

    def view(self, **choices):
        """Have the class of the test view make other choices."""
        for name, value in choices.items():
            patch = mock.patch.object(JobView, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def start(self):
        return self.client().start("/job")

    def test_a_view_that_says_nothing_is_in_the_default_queue(self):
        process_id = self.start()
        process = self.process(process_id)
        self.assertEqual((process.queue, process.priority), ("default", 0))
        self.assertEqual(
            self.bell.rings, [(process_id, "default", 0, ANONYMOUS)]
        )

    def test_the_choices_of_the_view_are_kept_and_rung(self):
        self.view(queue="heavy", priority=9)
        process_id = self.start()
        process = self.process(process_id)
        self.assertEqual((process.queue, process.priority), ("heavy", 9))
        self.assertEqual(
            self.bell.rings, [(process_id, "heavy", 9, ANONYMOUS)]
        )

    def test_the_owner_is_rung(self):
        self.client(EDITOR).start("/job")
        ((_id, _queue, _priority, owner),) = self.bell.rings
        self.assertEqual(owner, Owner("editor", "/acl_users"))

    def test_one_that_is_run_again_keeps_them(self):
        self.view(queue="heavy", priority=9, restart_after_crash=True)
        process_id = self.start()
        self.view(queue="default", priority=0)

        def again(root):
            registry = query_registry(root)
            registry[process_id].cancel()
            return run_again(registry, registry[process_id]).id

        # The hook belongs to the transaction of the thread.
        new_id = transact("test", again)
        process = self.process(new_id)
        self.assertEqual((process.queue, process.priority), ("heavy", 9))


class AheadTests(AsyncTestCase):
    """How many are queued before a process."""

    def ahead_of_last(self, *choices):
        """Start processes with these (queue, priority); ask for the last."""
        with processes_run_by(Bell()):
            for queue, priority in choices:
                with mock.patch.multiple(
                    JobView, queue=queue, priority=priority
                ):
                    process_id = self.client().start("/job")
        return query_registry(self.app).queued_before(process_id).count

    def test_other_queues_are_not_waited_for(self):
        ahead = self.ahead_of_last(("heavy", 0), ("default", 0), ("heavy", 0))
        self.assertEqual(ahead, 1)

    def test_lower_priorities_are_not_waited_for(self):
        ahead = self.ahead_of_last(
            ("default", 0), ("default", 5), ("default", 9), ("default", 5)
        )
        self.assertEqual(ahead, 2)

    def test_one_of_each_owner_is_waited_for(self):
        with processes_run_by(Bell()):
            for _ in range(5):
                self.client().start("/job")
            process_id = self.client(EDITOR).start("/job")
        self.assertEqual(
            query_registry(self.app).queued_before(process_id).count, 1
        )
