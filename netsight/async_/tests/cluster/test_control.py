"""Celery's own commands, as Flower sends them."""

import os
import unittest
from types import SimpleNamespace
from unittest import mock

from netsight.async_.executors.celery import make_app
from netsight.async_.serving.celery_worker import check
from netsight.async_.tests.cluster.support import ClusterTestCase


class ControlTests(ClusterTestCase):
    def setUp(self):
        self.make_cluster().start()

    def ping(self, **settings):
        with mock.patch.dict(
            os.environ, {**self.cluster.settings, **settings}
        ):
            app = make_app()
            answers = app.control.ping(timeout=5)
            app.close()
        return [name for answer in answers for name in answer]

    def test_a_worker_answers(self):
        (name,) = self.ping()
        self.assertTrue(name.startswith("worker@"), name)

    def test_workers_of_another_site_are_not_reached(self):
        prefix = {"NETSIGHT_ASYNC_CELERY_PREFIX": "another-site"}
        self.assertEqual(self.ping(**prefix), [])


class CheckTests(unittest.TestCase):
    def test_workers_do_not_listen_to_the_events_of_each_other(self):
        worker = SimpleNamespace(
            pool_cls="prefork", time_limit=None, soft_time_limit=None,
            options={},
        )  # fmt: skip
        zope_conf = {"NETSIGHT_ASYNC_ZOPE_CONF": "etc/zope.conf"}
        with mock.patch.dict(os.environ, zope_conf):
            check(sender=worker)
        self.assertTrue(worker.options["without_gossip"])
