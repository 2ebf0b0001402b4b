"""A paused queue, where a broker hands out the messages."""

from netsight.async_.tests.cluster.support import ClusterTestCase
from netsight.async_.tests.cluster.support import RabbitMQCluster
from netsight.async_.tests.cluster.support import WorkerCluster


REFUSED = "the queue 'default' is paused"


class Paused:
    """What each kind of worker does."""

    def setUp(self):
        self.make_cluster().start()

    def queue(self, button):
        self.assertEqual(
            self.web.get(f"/crash-queue?{button}=default")[0], 200
        )

    def states(self, ids):
        return {each["state"] for each in self.web.states(*ids).values()}

    def effects(self, ids):
        return [self.web.states(i)[i]["effects"] for i in ids]

    def test_it_begins_after_the_pause_and_once(self):
        self.run_job("crash-quick")
        self.queue("pause")
        ids = [self.web.start_job("crash-quick") for _each in range(4)]
        self.wait_until_refused(ids)
        self.cluster.servers[-1].kill()
        self.cluster.revive()
        self.assertEqual(self.states(ids), {"queued"})
        self.queue("resume")
        for process_id in ids:
            self.wait_stored(process_id, "completed")
        self.assertEqual(self.effects(ids), [[1]] * len(ids))

    def wait_until_refused(self, ids):
        """Wait until the worker has tried all of them in vain."""


class CeleryTests(Paused, ClusterTestCase):
    """Messages of a paused queue are used up, not tried for ever."""

    def wait_until_refused(self, ids):
        worker = self.cluster.worker
        self.wait(lambda: worker.log.count(REFUSED) >= len(ids))
        for process_id in ids:
            self.assertEqual(
                worker.log.count(f"process {process_id} is not"), 1
            )


class RabbitMQTests(CeleryTests):
    cluster_class = RabbitMQCluster


class PollingTests(Paused, ClusterTestCase):
    cluster_class = WorkerCluster
