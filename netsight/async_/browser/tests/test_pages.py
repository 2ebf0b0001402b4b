"""The waiting page and its companions, as the server makes them."""

import json
import re
import unittest
from html import unescape
from unittest import mock

from netsight.async_.browser.times import clock
from netsight.async_.records import places
from netsight.async_.records.database import get_process
from netsight.async_.records.database import transact
from netsight.async_.running.monitor import monitor
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of
from netsight.async_.tests.waiting import WAIT_SECONDS


class QueuedPageTests(AsyncTestCase):
    def queued(self, path="/job", **kwargs):
        """Start a process that nobody runs; return its waiting page."""
        self.job(lambda view, pid: "x")
        with processes_run_by(Never()):
            client = self.client()
            process_id = client.start(path)
        query = f"{path}/processing?process_id={process_id}"
        return client.get(query, **kwargs)

    def test_it_tells_the_place_in_the_queue(self):
        self.queued()
        page = self.queued()
        self.assertIn("Ahead of you: 1", page)

    def test_it_says_if_more_may_be_ahead_than_were_looked_at(self):
        for _each in range(3):
            self.queued()
        places._seen.clear()
        with mock.patch.object(places, "AHEAD_MOST", 2):
            page = self.queued()
        self.assertIn("Ahead of you: 2 or more", page)

    def test_it_says_that_it_waits_and_for_how_long(self):
        page = self.queued()
        self.assertRegex(text_of(page), r"^ Waiting – job Waiting job ")
        self.assertRegex(text_of(page), r"Waiting for: 0:0\d")

    def test_it_does_not_say_that_it_runs(self):
        page = self.queued()
        for name in ("elapsed", "left"):
            row = re.search(rf'<div data-part="{name}-row"[^>]*>', page.text)
            self.assertIn("hidden", row[0])

    def test_the_bar_has_no_number(self):
        bar = re.search("<progress[^>]*>", self.queued().text)[0]
        self.assertNotIn("value", bar)

    def test_nothing_stands_for_the_number(self):
        number = '<span[^>]*data-part="percentage"[^>]*>(.*?)</span>'
        self.assertEqual(re.search(number, self.queued().text)[1], "")

    def test_the_script_has_its_texts(self):
        data = re.search('data-texts="(.*?)"', self.queued().text)[1]
        texts = json.loads(unescape(data))
        self.assertEqual(texts["percentage"], "#% completed...")
        self.assertEqual(texts["queued"], "Ahead of you: #")
        self.assertEqual(texts["lost"], "Interrupted")

    def test_it_names_its_language(self):
        page = self.queued(headers={"Accept-Language": "pt-br"})
        self.assertRegex(page.text, r'<html\s[^>]*lang="pt-BR"')
        self.assertIn("À sua frente: 0", page)

    def test_a_link_leads_back_to_the_context(self):
        page = self.queued()
        self.assertIn("Back to Zope", text_of(page))
        self.assertIn('href="http://localhost"', page)

    def test_a_context_that_is_no_zope_object(self):
        page = self.queued("/@@things/two/job")
        self.assertIn("Back to two", text_of(page))
        self.assertIn('"http://localhost/++resource++netsight.async.js', page)

    def test_nothing_is_inline(self):
        page = self.queued("/cancellable-job").text
        self.assertNotRegex(page, r"\sstyle=|\son\w+=|<style|javascript:")
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.S)
        self.assertEqual([each.strip() for each in scripts], [""])


class RunningPageTests(AsyncTestCase):
    def running(
        self,
        path="/job",
        before_look=lambda process_id: None,
        progress=40,
        **kwargs,
    ):
        """Return the waiting page of a process that says its progress."""
        gate = Gate()

        def work(view, process_id):
            view.set_progress(process_id, progress)
            gate.reach()

        self.job(work)
        with self.threads():
            client = self.client()
            process_id = client.start(path)
            gate.wait()
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
            before_look(process_id)
            page = client.get(
                f"{path}/processing?process_id={process_id}", **kwargs
            )
            gate.open()
        return page

    def test_the_number_is_in_the_language_of_the_page(self):
        page = self.running(progress=55.4, headers={"Accept-Language": "de"})
        self.assertIn("55,4\xa0% abgeschlossen", page)

    def test_its_title_says_that_it_runs(self):
        page = self.running()
        self.assertIn("<title>Processing... – job</title>", page)
        row = re.search(r'<div data-part="waited-row"[^>]*>', page.text)[0]
        self.assertIn("hidden", row)

    def test_without_a_message_it_says_that_it_runs(self):
        self.assertRegex(text_of(self.running()), "Running 40% completed")

    def test_times_are_seen_without_the_script(self):
        row = '<div data-part="elapsed-row"[^>]*>'
        found = re.search(row, self.running().text)[0]
        # Whatever its value, the attribute hides.
        self.assertNotIn("hidden", found)

    def test_it_tells_the_time_so_far(self):
        self.assertRegex(text_of(self.running()), r"Elapsed: 0:0\d")

    def test_one_that_will_be_cancelled_says_so_and_has_no_button(self):
        def want_cancelled(process_id):
            transact("test", request_cancel, process_id)

        page = self.running("/cancellable-job", want_cancelled)
        self.assertIn("Being cancelled", page)
        hint = re.search(r'<p data-part="hint"[^>]*>', page.text)[0]
        self.assertIn("hidden", hint)
        self.assertEqual(len(page.forms), 0)


def request_cancel(root, process_id):
    get_process(root, process_id).request_cancel()


class ClockTests(unittest.TestCase):
    def test_minutes_and_hours(self):
        for seconds, text in ((5, "0:05"), (65, "1:05"), (3605, "1:00:05")):
            self.assertEqual(clock(seconds), text)
