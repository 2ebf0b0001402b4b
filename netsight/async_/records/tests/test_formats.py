"""Records that a newer version of the package has stored."""

import json
from unittest import mock

from netsight.async_.actions import remove_ended
from netsight.async_.exceptions import NewerFormatError
from netsight.async_.queries import Query
from netsight.async_.queries import find
from netsight.async_.queries import health_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running.runner import run
from netsight.async_.serving import server
from netsight.async_.serving.polling import Poll
from netsight.async_.serving.recovery import recover
from netsight.async_.serving.recovery import sweep
from netsight.async_.serving.worker import _has_work
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.record_support import newer_version
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.views import JobView


SENTENCE = "stored by a newer version"


class NewerTests(AsyncTestCase):
    """What this version does with one process of the next one."""

    def setUp(self):
        super().setUp()
        self.job(lambda view, process_id: "done")
        with newer_version():
            self.process_id = self.start()

    def start(self, **kwargs):
        with processes_run_by(Never()):
            return self.client().start("/job", **kwargs)

    def do(self, function):
        return transact("test", lambda root: function(query_registry(root)))

    def stored(self):
        """Return (state, number of claims), as the newer version sees it."""
        with newer_version():
            process = self.process(self.process_id)
            return process.state, process.claim.number

    def assert_untouched(self):
        self.assertEqual(self.stored(), ("queued", 0))

    def die(self):
        """Let a worker of the newer version claim it, and die."""
        with newer_version():
            transact("test", die_with_claim, self.process_id)

    def test_it_is_not_claimed(self):
        with self.assertLogs("netsight.async_", "INFO") as logs:
            run(self.process_id)
        self.assertIn("a newer version stored", logs.output[0])
        self.assert_untouched()

    def test_it_is_neither_rung_for_nor_taken_away(self):
        recovered = self.do(recover)
        self.assertEqual(recovered.queued, [])
        self.assertEqual(recovered.newer, [self.process_id])
        bell = mock.Mock(runs_here=True)
        with processes_run_by(bell):
            Poll()()
        bell.ring.assert_not_called()
        self.assert_untouched()
        with newer_version():
            self.assertEqual(len(self.do(recover).queued), 1)

    def test_what_a_dead_worker_left_is_for_its_own_version(self):
        self.die()
        before = self.stored()
        self.assertEqual(self.do(recover).ended, [])
        self.assertEqual(self.stored(), before)
        with newer_version():
            (end,) = self.do(recover).ended
        self.assertEqual(end.process_id, self.process_id)

    def test_the_log_says_once_what_to_do(self):
        duty = server.Duty()
        with self.assertLogs(
            "netsight.async_.serving.server", "WARNING"
        ) as logs:
            duty()
            duty()
        self.assertEqual(len(logs.output), 1)
        self.assertIn("update this Zope", logs.output[0])

    def test_it_does_not_expire_here(self):
        with newer_version():
            self.do(lambda registry: registry[self.process_id].cancel())
        with mock.patch("netsight.async_.serving.recovery.is_expired"):
            self.do(sweep)
            self.assertIn(self.process_id, query_registry(self.app))
            with newer_version():
                self.do(sweep)
        self.app._p_jar.sync()
        self.assertNotIn(self.process_id, query_registry(self.app))

    def test_nobody_removes_it_with_others(self):
        with newer_version():
            self.do(lambda registry: registry[self.process_id].cancel())
        self.assertEqual(remove_ended(Query())[0], 0)
        with newer_version():
            self.assertEqual(remove_ended(Query())[0], 1)

    def test_a_worker_that_drains_does_not_wait_for_it(self):
        self.assertFalse(transact("test", _has_work))
        with newer_version():
            self.assertTrue(transact("test", _has_work))

    def test_others_go_on_beside_it(self):
        other = self.start()
        registry = query_registry(self.app)
        self.assertEqual(registry.queued_before(other).count, 0)
        self.assertEqual(
            find(registry, Query(states=("queued",))).ids, [other]
        )
        self.assertEqual(health_of(registry)["running"], 0)
        run(other)
        self.assertEqual(self.process(other).state, "completed")

    def test_lists_do_not_show_it(self):
        other = self.start()
        page = self.client(MANAGER).get("/@@async-processes").text
        self.assertIn(other, page)
        self.assertNotIn(self.process_id, page)

    def test_visitors_are_told_so(self):
        client = self.client()
        for subview in ("processing", "process-status", "result", "completed"):
            with self.subTest(subview):
                response = client.see("/job", subview, self.process_id, 503)
                self.assertIn(SENTENCE, response.text)

    def test_programs_are_told_so(self):
        response = self.client().get(
            f"/job/process-status?process_id={self.process_id}",
            headers={"Accept": "application/json"},
            status=503,
        )
        problem = json.loads(response.text)
        self.assertTrue(problem["type"].endswith("#newer-format"))
        self.assertIn(SENTENCE, problem["detail"])

    def test_a_start_that_would_lead_to_it_is_refused(self):
        with mock.patch.object(JobView, "single", "view"):
            with newer_version():
                self.start()
            response = self.client().post("/job", status=503)
        self.assertIn(SENTENCE, response.text)
        self.assertEqual(len(list(query_registry(self.app).process_ids())), 2)

    def test_python_gets_an_error_of_its_own(self):
        with self.assertRaises(NewerFormatError):
            query_registry(self.app)[self.process_id]


class OlderTests(AsyncTestCase):
    """What a newer version does with a process of this one."""

    def setUp(self):
        super().setUp()
        self.job(lambda view, process_id: "done")
        with processes_run_by(Never()):
            self.process_id = self.client().start("/job")

    def test_a_record_of_2_0_has_the_first_format(self):
        process = self.process(self.process_id)
        self.assertEqual(process.format, 1)

    def test_one_that_a_newer_version_runs_is_its_own_from_then_on(self):
        with newer_version():
            run(self.process_id)
            process = self.process(self.process_id)
            self.assertEqual((process.state, process.format), ("completed", 2))
        response = self.client().see("/job", "result", self.process_id, 503)
        self.assertIn(SENTENCE, response.text)

    def test_one_that_was_only_looked_at_is_not(self):
        with newer_version():
            transact("test", lambda root: recover(query_registry(root)))
        self.assertEqual(self.process(self.process_id).format, 1)
