"""A queue that one of two Zopes has paused, and that one is killed."""

from netsight.async_.tests.server_support import TwoZopesTestCase
from netsight.async_.tests.worker_process import WorkerProcess


FAR_BEATS = {
    "NETSIGHT_ASYNC_BEAT_SECONDS": "300",
    "NETSIGHT_ASYNC_POLL_SECONDS": "3600",
    "NETSIGHT_ASYNC_LEASE_SECONDS": "3600",
}
"""Nothing is found but by news, and at a start."""


class PausedQueueTestCase(TwoZopesTestCase):
    def queue(self, zope, button):
        self.assertEqual(zope.get(f"/crash-queue?{button}=default")[0], 200)

    def queued(self, zope, count=3):
        return [zope.start_job("crash-quick") for _each in range(count)]

    def check_queued(self, zope, ids):
        states = zope.states(*ids)
        self.assertEqual(
            [states[each]["state"] for each in ids], ["queued"] * len(ids)
        )

    def check_completed(self, zope, ids):
        for process_id in ids:
            record = zope.wait_for(process_id, "completed")
            self.assertEqual(record["effects"], [1])


class KilledTests(PausedQueueTestCase):
    def test_a_pause_holds_in_both_and_outlives_who_has_pressed_it(self):
        self.start(**FAR_BEATS)
        a, b = self.zopes
        running, _runner, _other = self.running("crash-slow", "3")
        self.queue(a, "pause")
        ids = self.queued(a) + self.queued(b)
        # What runs goes on, and as it ends nothing of the queue has begun.
        b.wait_for(running, "completed")
        self.check_queued(b, ids)
        a.kill()
        ids += self.queued(b)
        a.start(**FAR_BEATS)
        self.check_queued(a, ids)
        # News of it is all that the other one has.
        self.queue(a, "resume")
        self.check_completed(b, ids)

    def test_both_are_told_of_a_resume(self):
        self.start(NETSIGHT_ASYNC_THREADS="1", **FAR_BEATS)
        a, b = self.zopes
        # Whoever makes the registry is not told of that, and looks later.
        b.wait_for(b.start_job("crash-quick"), "completed")
        self.queue(a, "pause")
        ids = [b.start_job("crash-slow", seconds=1) for _each in range(4)]
        self.queue(b, "resume")
        self.check_all_ended(a, ids)
        ran_here = [a.states(i)[i]["ran_here"] for i in ids]
        self.assertEqual(set(ran_here), {True, False})

    def check_all_ended(self, zope, ids):
        for process_id in ids:
            zope.wait_for(process_id, "completed")


class WorkerTests(PausedQueueTestCase):
    """A web Zope that runs nothing, and a worker without a web server."""

    def test_a_worker_begins_nothing_until_it_is_told(self):
        web = self.zopes[0]
        worker = WorkerProcess(f"{web.directory}-worker", self.zeo)
        self.addCleanup(worker.kill)
        self.zeo.start()
        web.start(NETSIGHT_ASYNC_EXECUTOR="none", **FAR_BEATS)
        self.queue(web, "pause")
        before = self.queued(web)
        worker.start(**FAR_BEATS)
        ids = before + self.queued(web)
        self.check_queued(web, ids)
        worker.kill()
        worker.start(**FAR_BEATS)
        self.check_queued(web, ids)
        self.queue(web, "resume")
        self.check_completed(web, ids)
