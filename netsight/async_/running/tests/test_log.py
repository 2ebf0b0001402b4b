"""What a process logs for its user: while it runs, and after it."""

import logging
from unittest import mock

from transaction.interfaces import TransientError
from zope.i18nmessageid import Message

from netsight.async_ import ProcessFailed
from netsight.async_ import current_process
from netsight.async_.records.logs import SHOWN_MOST
from netsight.async_.running import logbook
from netsight.async_.running.logbook import Logbook
from netsight.async_.running.monitor import monitor
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.waiting import WAIT_SECONDS


SKIPPED = Message(
    "skipped",
    domain="my.addon",
    default="skipped ${count} duplicates",
    mapping={"count": 12},
)


def texts(lines):
    return [str(text) for _when, text in lines.lines]


def logging_lines(*lines):
    def work(view, process_id):
        for line in lines:
            view.log(line)

    return work


class LogTests(AsyncTestCase):
    def log_of(self, process_id):
        return texts(self.process(process_id).log)

    def download(self, client, process_id, **kwargs):
        return client.see("/job", "process-log", process_id, **kwargs)

    def test_it_is_kept_with_the_result(self):
        _client, process_id = self.run_job(logging_lines("one", "two"))
        self.assertEqual(self.process(process_id).state, "completed")
        self.assertEqual(self.log_of(process_id), ["one", "two"])

    def test_code_without_a_view_logs_by_its_process(self):
        def work(view, process_id):
            current_process().log("one")

        _client, process_id = self.run_job(work)
        self.assertEqual(self.log_of(process_id), ["one"])

    def test_outside_of_a_process_nothing_is_kept(self):
        current_process().log("one")
        with self.assertRaises(TypeError):
            current_process().log(1)

    def test_one_that_fails_keeps_it(self):
        def work(view, process_id):
            view.log("one")
            raise ProcessFailed("no")

        client, process_id = self.run_job(work)
        self.assertEqual(self.log_of(process_id), ["one"])
        page = client.see("/job", "processing", process_id)
        self.assertIn("What it has reported", " ".join(page.text.split()))

    def test_one_that_is_cancelled_keeps_it(self):
        gate = Gate()

        def work(view, process_id):
            view.log("one")
            gate.reach()
            view.check_cancelled()

        self.job(work)
        with self.threads():
            client = self.client()
            process_id = client.start("/cancellable-job")
            gate.wait()
            client.post(
                "/cancellable-job/process-cancel", {"process_id": process_id}
            )
            monitor.look()
            gate.open()
        self.assertEqual(self.process(process_id).state, "cancelled")
        self.assertEqual(self.log_of(process_id), ["one"])

    def test_a_process_without_one_has_none(self):
        client, process_id = self.run_job(lambda view, pid: "x")
        self.assertIsNone(self.process(process_id).outcome.log)
        status = client.see("/job", "process-status", process_id).json
        self.assertIsNone(status["log"])
        self.assertNotIn("process-log", status["links"])
        self.assertEqual(self.download(client, process_id).text, "")

    def test_that_of_an_attempt_that_conflicts_is_not_kept(self):
        attempts = []

        def work(view, process_id):
            attempts.append(1)
            view.log(f"attempt {len(attempts)}")
            if len(attempts) == 1:
                raise TransientError

        _client, process_id = self.run_job(work)
        self.assertEqual(self.log_of(process_id), ["attempt 2"])

    def test_it_is_a_file_to_save(self):
        client, process_id = self.run_job(
            logging_lines("Äpfel", SKIPPED, "a\nb"), EDITOR
        )
        answer = self.download(client, process_id)
        self.assertEqual(answer.content_type, "text/plain")
        self.assertEqual(answer.charset, "utf-8")
        disposition = answer.headers["Content-Disposition"]
        self.assertEqual(
            disposition, f'attachment; filename="{process_id}.txt"'
        )
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        lines = answer.text.splitlines()
        expected = ["Äpfel", "skipped 12 duplicates", "a b"]
        self.assertEqual([line[26:] for line in lines], expected)
        self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 ")

    def test_it_is_for_nobody_else(self):
        _client, process_id = self.run_job(logging_lines("one"), EDITOR)
        for login in (READER, None):
            self.download(self.client(login), process_id, status=404)
        self.download(self.client(MANAGER), process_id, status=200)

    def test_markup_in_it_is_text(self):
        def work(view, process_id):
            view.log("<script>alert(1)</script>")
            raise ProcessFailed("no")

        client, process_id = self.run_job(work)
        page = client.see("/job", "processing", process_id)
        self.assertIn("&lt;script&gt;alert(1)", page)
        self.assertNotIn("<script>alert", page)

    def test_lists_lead_to_it(self):
        client, process_id = self.run_job(logging_lines("one"), EDITOR)
        self.assertIn("/process-log?", client.get("/@@my-processes"))
        manager = self.client(MANAGER)
        page = manager.get(f"/@@async-processes?process_id={process_id}")
        self.assertIn("What it has reported", " ".join(page.text.split()))


class LiveTests(AsyncTestCase):
    """While it runs."""

    def test_the_last_lines_are_seen(self):
        gate = Gate()

        def work(view, process_id):
            for number in range(SHOWN_MOST + 5):
                view.log(f"line {number}")
            gate.reach()

        self.job(work)
        with self.threads():
            client = self.client()
            process_id = client.start("/job")
            gate.wait()
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
            status = client.see("/job", "process-status", process_id).json
            page = client.see("/job", "processing", process_id)
            gate.open()
        self.assertEqual(status["log"]["dropped"], 5)
        shown = [f"line {number}" for number in range(5, SHOWN_MOST + 5)]
        self.assertEqual(status["log"]["lines"], shown)
        self.assertIn("process-log", status["links"])
        self.assertIn("\n".join(shown), page)
        self.assertEqual(len(self.process(process_id).log.lines), 25)

    def test_it_costs_no_commit_of_its_own(self):
        commits = []
        self.addCleanup(setattr, monitor._flushing, "due", 0.0)

        def work(view, process_id):
            storage = self.app._p_jar.db().storage
            before = storage.lastTransaction()
            for number in range(1000):
                view.log(f"line {number}")
            commits.append(storage.lastTransaction() == before)

        with mock.patch("netsight.async_.running.monitor.FIRST_SECONDS", 3600):
            _client, process_id = self.run_job(work)
        self.assertEqual(commits, [True])
        self.assertEqual(len(self.process(process_id).log.lines), 1000)


class LogbookTests(AsyncTestCase):
    """The bounds."""

    def test_the_last_lines_are_kept(self):
        book = Logbook()
        with mock.patch.object(logbook, "LINES_MOST", 3):
            for number in range(5):
                book.add(str(number))
        self.assertEqual(texts(book.lines), ["2", "3", "4"])
        self.assertEqual(book.lines.dropped, 2)

    def test_so_are_those_of_so_many_characters(self):
        book = Logbook()
        with mock.patch.object(logbook, "CHARS_MOST", 25):
            for each in "abcde":
                book.add(each * 10)
        self.assertEqual(texts(book.lines), ["d" * 10, "e" * 10])
        self.assertEqual(book.lines.dropped, 3)

    def test_what_was_left_out_is_told(self):
        with mock.patch.object(logbook, "LINES_MOST", 1):
            client, process_id = self.run_job(logging_lines("one", "two"))
        page = client.see("/job", "process-log", process_id)
        self.assertIn("Earlier lines left out: 1\n", page)

    def test_what_is_no_line_is_refused(self):
        for odd in (None, 1, b"bytes"):
            with (
                self.subTest(odd),
                self.assertLogs("netsight.async_", logging.ERROR),
            ):
                _client, process_id = self.run_job(logging_lines(odd))
            self.assertEqual(self.process(process_id).error.kind, "TypeError")
