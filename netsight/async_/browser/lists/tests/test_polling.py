"""What the script of a list is told, on Zope without Plone."""

import re
from unittest import mock
from urllib.parse import urlencode

import transaction

from netsight.async_.browser.lists.listing import PAGE_SIZE
from netsight.async_.browser.lists.manage import ManageProcesses
from netsight.async_.browser.lists.polling import KNOWN_MOST
from netsight.async_.browser.lists.polling import LOOK_MOST
from netsight.async_.browser.lists.polling import NEW_MOST
from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.records.database import transact
from netsight.async_.records.owners import Owner
from netsight.async_.records.shards import SHARDS
from netsight.async_.running.monitor import monitor
from netsight.async_.serving.recovery import recover
from netsight.async_.tests.record_support import NEWER
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import add_ended
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.waiting import WAIT_SECONDS


MINE, ALL = "/@@my-processes", "/@@async-processes"
EDITORS = Owner("editor", "/acl_users")


class PollTestCase(ListMixin, AsyncTestCase):
    path_of_list, login = ALL, MANAGER

    def marks(self, query=""):
        """Return {id: mark} of the rows of the page."""
        page = self.client(self.login).get(f"{self.path_of_list}{query}")
        pattern = r'id="netsight-async-([^"]+)"\s+data-mark="([^"]+)"'
        return dict(re.findall(pattern, page.text))

    def url(self, known, **fields):
        words = " ".join(f"{key}~{mark}" for key, mark in known.items())
        return f"{self.path_of_list}?{urlencode({**fields, 'known': words})}"

    def response(self, known, **fields):
        return self.client(self.login).get(self.url(known, **fields))

    def poll(self, known, **fields):
        """Return what the script of a page with these rows is told."""
        return self.response(known, **fields).json


class PollTests(PollTestCase):
    def test_where_nothing_has_changed_it_is_short(self):
        self.done()
        self.queued()
        response = self.response(self.marks())
        self.assertEqual(
            response.json,
            {
                "rows": {},
                "changed": [],
                "gone": [],
                "new": [],
                "html": "",
                "count": None,
            },
        )
        self.assertLess(len(response.body), 100)

    def test_it_is_json_that_nobody_stores(self):
        response = self.response({})
        self.assertEqual(response.content_type, "application/json")
        cached = response.headers["Cache-Control"]
        self.assertEqual(cached, "no-store, private")

    def test_of_one_that_runs_it_has_how_far_it_is(self):
        gate = Gate()

        def work(view, process_id):
            view.set_progress(process_id, 25, "<b>Importing</b>")
            gate.reach()

        self.job(work)
        with self.threads():
            process_id = self.client(EDITOR).start("/job")
            gate.wait()
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
            told = self.poll(self.marks())["rows"][process_id]
            gate.open()
        self.assertEqual(told["progress"], 25)
        self.assertEqual(told["message"], "<b>Importing</b>")
        self.assertIsInstance(told["elapsed"], int)

    def test_of_one_that_has_ended_it_has_the_row(self):
        queued = self.queued()
        known = self.marks()
        self.press_cancel(queued)
        told = self.poll(known)
        self.assertEqual(told["changed"], [queued])
        self.assertIn("Cancelled", told["html"])
        self.assertIn('name="remove"', told["html"])

    def press_cancel(self, process_id):
        form = {"cancel": process_id, "sure": "1"}
        self.client(MANAGER).post(ALL, form, status=302)

    def test_of_one_that_was_removed_it_says_so(self):
        done = self.done()
        known = self.marks()
        self.client(MANAGER).post(
            ALL, {"remove": done, "sure": "1"}, status=302
        )
        self.assertEqual(self.poll(known)["gone"], [done])

    def test_one_that_the_filter_excludes_by_now_has_its_new_state(self):
        queued = self.queued()
        known = self.marks("?state=queued")
        self.press_cancel(queued)
        told = self.poll(known, state="queued")
        self.assertEqual(told["gone"], [])
        self.assertEqual(told["changed"], [queued])
        self.assertIn("Cancelled", told["html"])
        self.assertIn('name="remove"', told["html"])

    def test_one_of_another_place_is_gone(self):
        done = self.done()
        with mock.patch.object(ManageProcesses, "site_path", "/site"):
            told = self.poll({done: "x"}, state="completed")
        self.assertEqual(told["gone"], [done])
        self.assertEqual(told["html"], "")

    def test_new_ones_come_with_their_rows_and_the_number_of_all(self):
        first = self.done()
        known = self.marks()
        second, third = self.done(), self.queued()
        told = self.poll(known)
        self.assertEqual(told["new"], [third, second])
        self.assertIn(f'id="netsight-async-{third}"', told["html"])
        self.assertNotIn(f'id="netsight-async-{first}"', told["html"])
        self.assertEqual(told["count"], "3")

    def test_the_first_of_all_is_new(self):
        done = self.done()
        self.assertEqual(self.poll({})["new"], [done])

    def test_new_ones_that_the_filter_excludes_do_not_come(self):
        known = self.marks("?state=failed")
        self.done()
        failed = self.failed()
        told = self.poll(known, state="failed")
        self.assertEqual(told["new"], [failed])

    def test_none_come_into_other_pages(self):
        ids = add_ended(self.registry(), PAGE_SIZE + 2, EDITORS, "/job")
        transaction.commit()
        known = self.marks(f"?b_start={PAGE_SIZE}")
        self.assertEqual(len(known), 2)
        self.done()
        for fields in ({"b_start": PAGE_SIZE}, {"before": ids[2]}):
            self.assertEqual(self.poll(known, **fields)["new"], [])

    def test_what_is_on_the_next_page_is_not_new(self):
        add_ended(self.registry(), PAGE_SIZE + 2, EDITORS, "/job")
        transaction.commit()
        self.assertEqual(self.poll(self.marks())["new"], [])

    def test_one_whose_start_is_stored_late_is_new(self):
        add(self.registry(), 100, EDITORS, "/job")
        add(self.registry(), 120, EDITORS, "/job")
        transaction.commit()
        known = self.marks()
        late = transact("test", self.add_late)
        self.assertEqual(self.poll(known)["new"], [late])

    def add_late(self, root):
        registry = root.netsight_async_process_registry
        return add(registry, 110, EDITORS, "/job")

    def test_many_new_ones_are_bounded(self):
        add_ended(self.registry(), NEW_MOST + 1, EDITORS, "/job")
        transaction.commit()
        self.assertEqual(len(self.poll({})["new"]), NEW_MOST)

    def test_odd_fields_are_none(self):
        self.done()
        for known in ("x" * 9000, "~", "\0~a", "a~b " * 9000):
            told = self.client(MANAGER).get(
                f"{ALL}?{urlencode({'known': known})}"
            )
            self.assertLessEqual(len(told.json["gone"]), KNOWN_MOST)
        twice = self.client(MANAGER).get(f"{ALL}?known=a~b&known=c~d")
        self.assertEqual(twice.json["gone"], [])

    def test_titles_are_no_markup(self):
        add(self.registry(), 1, EDITORS, "/<i>job")
        transaction.commit()
        self.assertNotIn("<i>", self.poll({})["html"])

    def test_it_needs_the_permission_of_the_list(self):
        done = self.done()
        for login in (None, READER, EDITOR):
            self.client(login).get(self.url({done: "x"}), status=401)

    def test_a_row_of_a_newer_version_is_gone(self):
        done = self.done()
        self.registry()[done].format = NEWER
        transaction.commit()
        self.assertEqual(self.poll({done: "x"})["gone"], [done])

    def test_a_post_is_none(self):
        page = self.client(MANAGER).post(ALL, {"known": "a~b"})
        self.assertEqual(page.content_type, "text/html")


class MinePollTests(PollTestCase):
    path_of_list, login = MINE, EDITOR

    def test_those_of_others_are_gone_and_never_new(self):
        others = self.done(READER)
        told = self.poll({others: "x"})
        self.assertEqual(told["gone"], [others])
        self.assertEqual(told["new"], [])
        self.assertNotIn(others, told["html"])

    def test_an_end_that_is_told_is_seen(self):
        done, queued = self.done(), self.queued()
        with mock.patch.object(monitor, "note_seen") as note_seen:
            self.poll({queued: "x", done: "x"})
        note_seen.assert_called_once_with([done])

    def test_it_is_for_who_is_logged_in(self):
        self.client().get(self.url({}), status=401)


class PollCostTests(PollTestCase):
    """What a poll loads does not grow with the number of processes."""

    def test_of_10000_records_few_are_loaded(self):
        registry = self.registry()
        add_ended(registry, 10_000, EDITORS, "/job")
        recover(registry)
        for number in range(10_001, 10_001 + PAGE_SIZE):
            add(registry, number, EDITORS, "/job")
        transaction.commit()
        # Of the ids, the newest of each shard, and where these rows are.
        ids, row = 40 + 6 * SHARDS, 10
        bound = ids + row * PAGE_SIZE
        known = self.marks()
        self.assertEqual(len(known), PAGE_SIZE)
        self.assertLess(self.loads(self.url(known), MANAGER), bound)
        for fields in ({"state": "failed"}, {"view": "other"}):
            url = self.url({}, **fields)
            self.assertLess(
                self.loads(url, MANAGER), ids + 2.2 * LOOK_MOST, fields
            )
