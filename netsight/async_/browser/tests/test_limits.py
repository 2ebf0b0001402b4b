"""What visitors, programs and managers see when too much waits."""

import os
from unittest import mock

from netsight.async_.answers.refusals import QUEUE_FULL_SECONDS
from netsight.async_.browser.lists import texts
from netsight.async_.browser.start import take_request
from netsight.async_.records.limits import logger
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of
from netsight.async_.tests.views import AgainView
from netsight.async_.tests.views import JobView


USER = {"NETSIGHT_ASYNC_MAX_QUEUED_USER": "1"}
ANYBODY = {"NETSIGHT_ASYNC_MAX_QUEUED_ANONYMOUS": "1"}
ALL = {"NETSIGHT_ASYNC_MAX_QUEUED": "1"}


class LimitTestCase(AsyncTestCase):
    def setUp(self):
        super().setUp()
        # That it is logged is tested with the limits themselves.
        logger.disabled = True
        self.addCleanup(setattr, logger, "disabled", False)
        self.enterContext(processes_run_by(Never()))

    def enterContext(self, context):
        # Python 3.11 has it.
        self.addCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def limit(self, settings):
        self.enterContext(mock.patch.dict(os.environ, settings))

    def last_commit(self):
        return self.app._p_jar.db().storage.lastTransaction()


class StartTests(LimitTestCase):
    def refused(self, login=None, status=503, path="/job", **kwargs):
        return self.client(login).post(
            path, {"name": "x"}, status=status, **kwargs
        )

    def test_ones_own_limit_is_429_and_others_may_start(self):
        self.limit(USER)
        self.client(EDITOR).start("/job")
        page = self.refused(EDITOR, 429)
        self.assertIn("So many of your processes are waiting", text_of(page))
        self.client(READER).start("/job")
        self.client().start("/job")

    def test_anonymous_visitors_share_one_limit_and_get_503(self):
        self.limit(ANYBODY)
        self.client().start("/job")
        page = self.refused()
        self.assertIn("So many processes are waiting here", text_of(page))
        self.client(EDITOR).start("/job")

    def test_the_limit_of_a_view_is_503_and_other_views_start(self):
        self.enterContext(mock.patch.object(AgainView, "max_queued", 1))
        self.client(EDITOR).start("/again-job")
        self.refused(READER, path="/again-job")
        self.client(READER).start("/job")

    def test_the_limit_of_all_is_503(self):
        self.limit(ALL)
        self.client(EDITOR).start("/job")
        self.refused(READER, path="/again-job")

    def test_the_answer_says_when_to_come_again(self):
        self.limit(USER | ANYBODY)
        for login, status in ((EDITOR, 429), (None, 503)):
            self.client(login).start("/job")
            seconds = self.refused(login, status).headers["Retry-After"]
            self.assertEqual(seconds, str(QUEUE_FULL_SECONDS))

    def test_a_program_gets_a_problem(self):
        self.limit(USER | ANYBODY)
        headers = {"Accept": "application/json"}
        for login, status, name in (
            (EDITOR, 429, "user-queue-full"),
            (None, 503, "queue-full"),
        ):
            self.client(login).start("/job")
            answer = self.refused(login, status, headers=headers)
            self.assertEqual(answer.content_type, "application/problem+json")
            self.assertEqual(answer.json["type"].partition("#")[2], name)
            self.assertEqual(answer.json["status"], status)
            seconds = answer.headers["Retry-After"]
            self.assertEqual(seconds, str(QUEUE_FULL_SECONDS))

    def test_nothing_is_stored_and_no_body_is_taken(self):
        self.limit(USER)
        self.client(EDITOR).start("/job")
        before = self.last_commit()
        with mock.patch(
            "netsight.async_.browser.start.take_request", wraps=take_request
        ) as taken:
            self.refused(EDITOR, 429)
        taken.assert_not_called()
        self.assertEqual(self.last_commit(), before)
        self.assertEqual(len(self.processes()), 1)

    def test_the_same_key_leads_to_the_process_that_waits(self):
        self.limit(USER)
        headers = {"Idempotency-Key": '"a"'}
        client = self.client(EDITOR)
        process_id = client.start("/job", headers=headers)
        again = client.start("/job", headers=headers)
        self.assertEqual(again, process_id)

    def test_a_single_view_leads_to_the_process_that_waits(self):
        self.limit(USER)
        self.enterContext(mock.patch.object(JobView, "single", "user"))
        client = self.client(EDITOR)
        self.assertEqual(client.start("/job"), client.start("/job"))

    def test_a_cancel_makes_place(self):
        self.limit(USER)
        client = self.client(EDITOR)
        process_id = client.start("/cancellable-job")
        self.refused(EDITOR, 429, "/cancellable-job")
        form = {"process_id": process_id}
        client.post("/cancellable-job/process-cancel", form, status=302)
        client.start("/cancellable-job")


class RunAgainTests(LimitTestCase):
    """What is run again waits, too: for the owner of the process."""

    def setUp(self):
        super().setUp()
        process_id = self.client(EDITOR).start("/again-job")
        with self.app._p_jar.transaction_manager:
            self.process(process_id).cancel()
        self.cancelled = process_id
        self.client(EDITOR).start("/again-job")

    def press(self, login, page, status):
        form = {"again": self.cancelled}
        return self.client(login).post(page, form, status=status)

    def test_the_limit_of_the_owner_is_asked_whoever_presses(self):
        self.limit(USER)
        for login, page in (
            (EDITOR, "/@@my-processes"),
            (MANAGER, "/@@async-processes"),
        ):
            with self.subTest(page):
                before = self.last_commit()
                answer = self.press(login, page, 429)
                sentence = texts.OWNER_WAITS.default
                self.assertIn(sentence, text_of(answer))
                seconds = answer.headers["Retry-After"]
                self.assertEqual(seconds, str(QUEUE_FULL_SECONDS))
                self.assertEqual(self.last_commit(), before)
        self.assertTrue(self.process(self.cancelled).may_run_again)

    def test_the_limit_of_the_view_is_that_of_the_first_start(self):
        self.enterContext(mock.patch.object(AgainView, "max_queued", 2))
        process_id = self.client(EDITOR).start("/again-job")
        with self.app._p_jar.transaction_manager:
            self.process(process_id).cancel()
        self.client(EDITOR).start("/again-job")
        self.cancelled = process_id
        self.press(EDITOR, "/@@my-processes", 503)

    def test_below_the_limit_it_is_run_again(self):
        self.limit({"NETSIGHT_ASYNC_MAX_QUEUED_USER": "2"})
        self.press(EDITOR, "/@@my-processes", 302)
        self.press(EDITOR, "/@@my-processes", 409)
