"""What dies, is emptied, doubled or paused: each job ends exactly once."""

import os
import signal
import time
from unittest import mock

from netsight.async_.executors.celery import TASK
from netsight.async_.executors.celery import make_app
from netsight.async_.tests.cluster.cut_network import Network
from netsight.async_.tests.cluster.far_redis import FarRedis
from netsight.async_.tests.cluster.own_postgresql import OwnPostgresql
from netsight.async_.tests.cluster.services import PORTS
from netsight.async_.tests.cluster.services import RedisServer
from netsight.async_.tests.cluster.services import need
from netsight.async_.tests.cluster.storages import Postgresql
from netsight.async_.tests.cluster.storages import administer
from netsight.async_.tests.cluster.support import ClusterTestCase
from netsight.async_.tests.cluster.support import ThreadCluster
from netsight.async_.tests.cluster.support import WorkerCluster
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.waiting import wait_until
from netsight.async_.tests.zope_server import QUICK


LEASE_SECONDS = int(QUICK["NETSIGHT_ASYNC_LEASE_SECONDS"])

FINAL = ("completed", "failed", "lost")

END_SECONDS = 90
"""In this time all jobs must have ended, whatever has happened."""

AWAY_SECONDS = 20
"""So long a database is away that was killed, as in a failover."""

JOBS = 24
"""As many are started, a third of each kind."""


class FaultTestCase(ClusterTestCase):
    """Two workers with two children each, and a Redis of their own."""

    without_effect = ("lost",)
    """How a job ends that is not begun anew."""

    def setUp(self):
        self.redis = RedisServer()
        self.addCleanup(self.redis.kill)
        self.redis.start()
        self.make_cluster(self.broker_url())
        self.worker = self.cluster.worker
        self.other = self.cluster.add_worker("other")
        self.cluster.start()

    def broker_url(self):
        return self.redis.url

    def restart(self, server):
        """Start a server again, as a supervisor does."""
        server.start(**self.cluster.settings)

    def start_jobs(self):
        """Start many short jobs; return their ids."""
        ids = []
        for number in range(JOBS // 3):
            seconds = 0.2 + 0.1 * number
            for view in ("crash-quick", "crash-slow", "crash-slow-again"):
                ids.append(self.web.start_job(view, seconds=seconds))
        return ids

    def assert_all_ended_once(self, ids, may_be_lost=True):
        """Wait until all have ended, and look what they have done."""
        wait_until(lambda: not self.unended(ids), END_SECONDS, 0.2)
        self.assertEqual(self.unended(ids), {}, self.logs())
        for process_id in ids:
            record = self.web.states()[process_id]
            effects = len(record["effects"])
            if record["stored"] == "completed":
                self.assertEqual(effects, 1, record)
            else:
                self.assertTrue(may_be_lost, record)
                self.assertIn(record["stored"], self.without_effect)
                self.assertEqual(effects, 0)
                self.assertFalse(record["view"].endswith("-again"), record)

    def unended(self, ids):
        states = self.web.states()
        return {i: states[i] for i in ids if states[i]["stored"] not in FINAL}

    def logs(self):
        return "\n".join(s.new_log[-3000:] for s in self.cluster.servers)

    def running_in(self, worker):
        """Return {process id: pid} of what the children of a worker run."""
        running = {}
        for process_id, record in self.web.states().items():
            if record["state"] == "running":
                pid = int(record["worker"].split(":")[1])
                if pid in worker.child_pids():
                    running[process_id] = pid
        return running

    def wait_running_in(self, worker):
        """Wait until a worker runs something; return {process id: pid}."""
        self.wait(lambda: self.running_in(worker))
        return self.running_in(worker)


class KilledTests(FaultTestCase):
    def test_a_worker(self):
        ids = self.start_jobs()
        self.wait_running_in(self.worker)
        self.worker.kill()
        self.assert_all_ended_once(ids)

    def test_all_workers_and_one_comes_back(self):
        ids = self.start_jobs()
        self.wait_running_in(self.worker)
        self.worker.kill()
        self.other.kill()
        self.restart(self.worker)
        self.assert_all_ended_once(ids)

    def test_a_child(self):
        ids = self.start_jobs()
        for pid in self.wait_running_in(self.worker).values():
            self.worker.signal_child(pid, signal.SIGKILL)
        self.assert_all_ended_once(ids)

    def test_children_again_and_again(self):
        ids = self.start_jobs()
        for _again in range(3):
            for worker in (self.worker, self.other):
                pid = next(iter(worker.child_pids()))
                worker.signal_child(pid, signal.SIGKILL)
            time.sleep(1)
        self.assert_all_ended_once(ids)

    def test_the_web_zope(self):
        ids = self.start_jobs()
        self.web.kill()
        self.restart(self.web)
        self.assert_all_ended_once(ids, may_be_lost=False)

    def test_the_database(self):
        ids = self.start_jobs()
        self.wait_running_in(self.worker)
        self.cluster.storage.kill()
        time.sleep(LEASE_SECONDS)
        self.cluster.storage.start()
        self.assert_all_ended_once(ids, may_be_lost=False)


class BrokerTests(FaultTestCase):
    def test_it_is_killed_and_comes_back_empty(self):
        ids = self.start_jobs()
        self.redis.kill()
        ids += self.start_jobs()
        self.redis.start()
        self.assert_all_ended_once(ids, may_be_lost=False)
        self.assert_works_on()

    def test_a_start_does_not_wait_for_one_that_is_away(self):
        self.redis.kill()
        process_id = self.web.start_job("crash-quick")
        self.assertEqual(self.web.state(process_id), "queued")
        self.redis.start()
        self.assert_all_ended_once([process_id], may_be_lost=False)

    def test_a_start_does_not_wait_for_one_that_stands_still(self):
        self.redis.os_process.send_signal(signal.SIGSTOP)
        before = time.monotonic()
        ids = [self.web.start_job("crash-quick") for _each in range(5)]
        took = time.monotonic() - before
        self.redis.os_process.send_signal(signal.SIGCONT)
        self.assert_all_ended_once(ids, may_be_lost=False)
        # The only bound that is promised: two seconds for each.
        self.assertLess(took, 2 * len(ids))

    def test_it_is_emptied(self):
        ids = self.start_jobs()
        self.redis.flush()
        ids += self.start_jobs()
        self.assert_all_ended_once(ids, may_be_lost=False)
        self.assert_works_on()

    def test_it_is_read_only_for_a_moment(self):
        workers = self.worker, self.other
        ids = self.start_jobs()
        self.redis.set_read_only(True)
        self.wait(lambda: all("ReadOnlyError" in w.new_log for w in workers))
        self.redis.set_read_only(False)
        self.assert_all_ended_once(ids, may_be_lost=False)
        self.assert_works_on()

    def test_messages_are_doubled(self):
        ids = self.start_jobs()
        with mock.patch.dict(os.environ, self.cluster.settings):
            app = make_app()
            prefix = self.cluster.settings["NETSIGHT_ASYNC_CELERY_PREFIX"]
            for process_id in ids * 5:
                app.send_task(
                    TASK, (process_id, "main"), queue=f"{prefix}.default"
                )
            app.close()
        self.assert_all_ended_once(ids, may_be_lost=False)

    def assert_works_on(self):
        """Fail unless both workers take messages as before."""
        for worker in (self.worker, self.other):
            self.assertEqual(len(worker.child_pids()), 2)
        self.assert_all_ended_once(self.start_jobs(), may_be_lost=False)


class CutNetworkTests(FaultTestCase):
    """The broker is there, and nobody reaches it, nor is told so."""

    def broker_url(self):
        self.network = FarRedis()
        self.addCleanup(self.network.remove)
        self.network.start()
        return self.network.url

    def test_it_is_cut_while_jobs_run_and_mended_later(self):
        ids = self.start_jobs()
        self.network.cut()
        ids += self.start_jobs()
        time.sleep(2 * LEASE_SECONDS)
        self.network.mend()
        self.assert_all_ended_once(ids, may_be_lost=False)


class CutNetworkRabbitMQTests(CutNetworkTests):
    def broker_url(self):
        need("RabbitMQ")
        self.network = Network(PORTS["RabbitMQ"])
        self.addCleanup(self.network.close)
        return f"amqp://guest:guest@{HOST}:{self.network.port}//"


class PausedTests(FaultTestCase):
    def assert_refused(self, process_id):
        """Wait until a child was told that the job is not its own."""
        refused = f"process {process_id} is not for this worker: there is"
        self.wait(lambda: refused in self.worker.log + self.other.log)

    def start_running_in(self, worker, view, seconds):
        """Start jobs until one runs in a worker; return its id and all."""
        ids = []
        while not set(self.running_in(worker)) & set(ids):
            ids.append(self.web.start_running(view, seconds))
        (process_id,) = set(self.running_in(worker)) & set(ids)
        return process_id, ids

    def test_a_child_past_its_lease(self):
        process_id, ids = self.start_running_in(
            self.worker, "crash-slow-again", "4"
        )
        pid = self.running_in(self.worker)[process_id]
        self.worker.signal_child(pid, signal.SIGSTOP)
        self.wait_stored(process_id, "completed")
        self.worker.signal_child(pid, signal.SIGCONT)
        self.assert_refused(process_id)
        self.assertEqual(self.web.states()[process_id]["effects"], [2])
        self.assert_all_ended_once(ids + self.start_jobs())

    def test_a_whole_worker_past_its_lease(self):
        process_id, ids = self.start_running_in(
            self.worker, "crash-slow-again", "4"
        )
        ids += self.start_jobs()
        pids = [self.worker.os_process.pid, *self.worker.child_pids()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        self.wait_stored(process_id, "completed")
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        self.assert_refused(process_id)
        self.assertEqual(self.web.states()[process_id]["effects"], [2])
        self.assert_all_ended_once(ids)


class PostgresqlTests(FaultTestCase):
    """RelStorage loses all its connections, again and again."""

    storage_class = Postgresql

    # One that is cut off twice is.
    without_effect = ("lost", "failed")

    def cut(self):
        name = self.cluster.storage.name
        administer(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{name}'"
        )

    def test_its_connections_are_cut(self):
        ids = self.start_jobs()
        for _again in range(3):
            self.wait_running_in(self.worker)
            self.cut()
        self.assert_all_ended_once(ids)
        self.run_job("crash-quick")

    def test_a_job_that_loses_it_in_its_commit_begins_anew(self):
        process_id = self.web.start_running("cluster-vote", "5")
        told = f"process {process_id}: the database was cut off"

        def is_cut_off():
            self.cut()
            return told in self.worker.log + self.other.log

        self.assertTrue(wait_until(is_cut_off, END_SECONDS, step=2))
        self.wait_stored(process_id, "completed")
        self.assertEqual(len(self.web.states()[process_id]["effects"]), 1)


class KilledPostgresqlTests(FaultTestCase):
    storage_class = OwnPostgresql

    def setUp(self):
        super().setUp()
        self.addCleanup(self.cluster.storage.remove)

    def test_it_is_killed_and_comes_back(self):
        ids = self.start_jobs()
        self.wait_running_in(self.worker)
        self.cluster.storage.kill()
        time.sleep(AWAY_SECONDS)
        self.cluster.storage.start()
        self.assert_all_ended_once(ids, may_be_lost=False)
        self.run_job("crash-quick")


class PollingTests(FaultTestCase):
    """A worker without a web server, which no broker rings."""

    cluster_class = WorkerCluster

    def setUp(self):
        self.make_cluster()
        self.worker = self.cluster.servers[-1]
        self.cluster.start()

    def test_it_is_killed_and_comes_back(self):
        ids = self.start_jobs()
        self.wait(lambda: any(
            s["state"] == "running" for s in self.web.states().values()
        ))  # fmt: skip
        self.worker.kill()
        self.restart(self.worker)
        self.assert_all_ended_once(ids)


class ImpatientPostgresql(Postgresql):
    """It ends sessions that have done nothing in a transaction for long."""

    # What is loaded comes from the server, not from a cache.
    blob_settings = f"{Postgresql.blob_settings}\n    cache-local-mb 0"

    def start(self):
        super().start()
        administer(
            f'ALTER DATABASE "{self.name}" '
            "SET idle_in_transaction_session_timeout = '2s'"
        )


class ImpatientPostgresqlTests(ClusterTestCase):
    storage_class = ImpatientPostgresql
    cluster_class = ThreadCluster

    def setUp(self):
        self.make_cluster().start()

    def test_a_zope_warns_of_it_at_its_start(self):
        self.assertIn(
            "idle_in_transaction_session_timeout = 2000 ms", self.web.log
        )

    def test_a_job_that_waits_for_longer_is_begun_anew_once(self):
        process_id, record = self.run_job(
            "cluster-waiting", "failed", seconds="6"
        )
        self.assertEqual(record["error"], "SessionEndedError")
        told = f"process {process_id}: the database was cut off"
        self.assertEqual(self.web.log.count(told), 1)
