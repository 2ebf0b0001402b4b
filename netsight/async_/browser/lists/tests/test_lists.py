"""The lists of processes, on Zope without Plone."""

import re
from contextlib import contextmanager
from unittest import mock
from urllib.parse import quote

import transaction
from ZODB.Connection import Connection
from zope.i18nmessageid import Message

from netsight.async_.answers.refusals import refusal_of
from netsight.async_.browser.lists.listing import PAGE_SIZE
from netsight.async_.browser.lists.registered import told_apart
from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.exceptions import NotCancellableError
from netsight.async_.exceptions import NotRepeatableError
from netsight.async_.exceptions import StillRunningError
from netsight.async_.interfaces import STATES
from netsight.async_.queries import SCAN_MOST
from netsight.async_.records.database import get_process
from netsight.async_.records.lease import this_worker
from netsight.async_.records.owners import Owner
from netsight.async_.records.progress import MESSAGE_CHARS
from netsight.async_.records.shards import SHARDS
from netsight.async_.running.monitor import monitor
from netsight.async_.serving import server
from netsight.async_.serving.recovery import recover
from netsight.async_.tests.failing_commits import failing_cancels
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import add_ended
from netsight.async_.tests.record_support import deployed
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import text_of
from netsight.async_.tests.views import JobView
from netsight.async_.tests.waiting import WAIT_SECONDS


MINE, ALL = "/@@my-processes", "/@@async-processes"
EDITORS = Owner("editor", "/acl_users")


class ListTestCase(ListMixin, AsyncTestCase):
    """A client for each list."""

    def press(self, button, process_id, page=MINE, login=EDITOR, **kwargs):
        """POST a button of a list, sure of it; return the response."""
        form = {button: process_id, "sure": "1"}
        return self.client(login).post(page, form, **kwargs)


class MyProcessesTests(ListTestCase):
    def see(self, login=EDITOR, query="", **kwargs):
        return self.client(login).get(f"{MINE}{query}", **kwargs)

    def test_somebody_who_is_not_logged_in_must_log_in(self):
        self.see(None, status=401)
        self.client().post(MINE, {"remove": self.done()}, status=401)

    def test_it_has_ones_own_processes_the_newest_first(self):
        mine = [self.done(), self.queued()]
        self.done(READER)
        self.done(None)
        self.assertEqual(self.ids(self.see()), mine[::-1])

    def test_it_says_when_there_are_none(self):
        self.assertIn("There are no background processes", text_of(self.see()))

    def test_a_completed_one_links_to_its_result(self):
        process_id = self.done()
        row = self.row(self.see(), process_id)
        self.assertIn("Completed", row)
        url = re.search(r'href="([^"]*/result\?[^"]*)"', row)[1]
        result = self.client(EDITOR).get(url).follow()
        self.assertEqual(result.text, "x")

    def test_the_title_leads_to_the_page_of_the_process(self):
        process_id = self.queued()
        row = self.row(self.see(), process_id)
        url = f"/@@async-process/processing?process_id={process_id}"
        self.assertIn(f'href="http://localhost{url}"', row)

    def test_a_running_one_shows_how_far_it_is(self):
        gate = Gate()

        def work(view, process_id):
            view.set_progress(process_id, 25, "Importing 1 of 4")
            gate.reach()

        self.job(work)
        with self.threads():
            process_id = self.client(EDITOR).start("/job")
            gate.wait()
            self.assertTrue(monitor.wait_idle(WAIT_SECONDS))
            row = self.row(self.see(), process_id)
            gate.open()
        for text in ('value="25"', "25%", "Importing 1 of 4", "Running"):
            self.assertIn(text, row)

    def test_only_what_has_not_ended_is_live(self):
        done, queued = self.done(), self.queued()
        page = self.see()
        self.assertIn("data-live", self.row(page, queued))
        self.assertNotIn("data-live", self.row(page, done))

    def test_the_buttons_are_those_that_work(self):
        for process_id, buttons in (
            (self.done(), ["remove"]),
            (self.failed(), ["again", "remove"]),
            (self.queued(), ["cancel"]),
            (self.queued(view="job"), []),
        ):
            row = self.row(self.see(), process_id)
            names = re.findall(r'<button[^>]* name="(\w+)"', row)
            self.assertEqual(names, buttons)

    def test_a_deleted_context_leaves_the_links(self):
        self.app.manage_addFolder("folder")
        transaction.commit()
        self.base = "/folder"
        process_id = self.done()
        self.app.manage_delObjects(["folder"])
        transaction.commit()
        row = self.row(self.see(), process_id)
        for url in re.findall(r'href="([^"]+)"', row):
            page = self.client(EDITOR).get(url).maybe_follow()
            self.assertEqual(page.text, "x")
        self.press("remove", process_id, status=302)
        self.assertEqual(self.processes(), [])

    def test_a_context_that_only_a_request_finds_has_links(self):
        self.base = "/things/a%20thing"
        process_id = self.done()
        row = self.row(self.see(), process_id)
        url = re.search(r'href="([^"]*/result\?[^"]*)"', row)[1]
        self.assertEqual(self.client(EDITOR).get(url).text, "x")

    def test_long_lists_have_pages(self):
        ids = add_ended(self.registry(), PAGE_SIZE + 5, EDITORS, "/job")
        transaction.commit()
        first = self.see()
        self.assertEqual(self.ids(first), ids[: -PAGE_SIZE - 1 : -1])
        self.assertIn("Older", first)
        self.assertNotIn("netsight-async-behind", first)
        second = self.see(query=f"?b_start={PAGE_SIZE}")
        self.assertEqual(self.ids(second), ids[4::-1])
        self.assertIn("Newer", second)
        self.assertNotIn("netsight-async-behind", second)

    def test_a_short_list_has_a_hidden_link_to_what_new_ones_push_off(self):
        ids = add_ended(self.registry(), PAGE_SIZE, EDITORS, "/job")
        transaction.commit()
        hidden = self.see().html.find(class_="netsight-async-behind")
        self.assertTrue(hidden.has_attr("hidden"))
        add(self.registry(), PAGE_SIZE, EDITORS, "/job")
        transaction.commit()
        page = self.client(EDITOR).get(hidden.a["href"])
        self.assertEqual(self.ids(page), ids[:1])

    def test_a_button_leads_back_to_its_page(self):
        ids = add_ended(self.registry(), PAGE_SIZE + 5, EDITORS, "/job")
        transaction.commit()
        form = {"remove": ids[0], "sure": "1", "b_start": str(PAGE_SIZE)}
        response = self.client(EDITOR).post(MINE, form, status=302)
        page = self.client(EDITOR).get(response.location)
        self.assertEqual(self.ids(page), ids[4:0:-1])
        form = {"remove": ids[1], "b_start": str(PAGE_SIZE)}
        page = self.client(EDITOR).post(MINE, form)
        self.assertIn(f"b_start={PAGE_SIZE}", page)

    def test_odd_numbers_of_pages_show_the_first(self):
        process_id = self.done()
        for start in ("-1", "99", "x", "1.5", "9" * 10_000):
            page = self.see(query=f"?b_start={start}")
            self.assertEqual(self.ids(page), [process_id])

    def test_a_get_changes_nothing(self):
        process_id = self.done()
        before = self.app._p_jar.db().storage.lastTransaction()
        self.see(query=f"?remove={process_id}")
        after = self.app._p_jar.db().storage.lastTransaction()
        self.assertEqual(after, before)

    def test_it_is_for_nobody_else(self):
        headers = self.see().headers
        self.assertEqual(headers["Cache-Control"], "no-store, private")

    def test_the_title_of_the_window_is_that_of_the_list(self):
        self.assertIn("<title>My background processes</title>", self.see())

    def test_a_long_title_is_cut(self):
        title = "x" * 3 * 10**6
        with mock.patch.object(JobView, "title", title, create=True):
            self.done()
        (process,) = self.processes()
        self.assertEqual(process.title, "x" * MESSAGE_CHARS + "…")
        self.assertLess(len(self.see().body), 100_000)

    def test_a_title_may_be_a_message_id(self):
        title = Message("a_title", domain="shop", default="Sold: ${count}")
        title = Message(title, mapping={"count": 3})
        with mock.patch.object(JobView, "title", title, create=True):
            self.done()
        (process,) = self.processes()
        self.assertEqual(process.title.domain, "shop")
        self.assertIn("Sold: 3", self.see())

    def test_titles_are_no_markup(self):
        process = get_process(self.app, self.done())
        process.title = "<script>alert(1)</script>"
        transaction.commit()
        self.assertNotIn("<script>alert", self.see().text)

    def test_nothing_is_inline(self):
        self.queued()
        page = self.see().text
        self.assertNotIn("style=", page)
        scripts = re.findall(r"(?s)<script[^>]*>(.*?)</script>", page)
        self.assertEqual([script.strip() for script in scripts], [""])

    def test_its_script_and_style_exist(self):
        urls = re.findall(
            r'"([^"]*netsight\.async\.[jc][^"]*)"', self.see().text
        )
        names = {url.rpartition("/")[2] for url in urls}
        self.assertLessEqual({"lists.js", "lists.css"}, names)
        for url in urls:
            self.client().get(url, status=200)


class ButtonTests(ListTestCase):
    def test_cancel(self):
        process_id = self.queued()
        response = self.press("cancel", process_id, status=302)
        self.assertEqual(self.state(process_id), "cancelled")
        self.assertIn("Cancelled.", self.client(EDITOR).get(response.location))

    def test_remove(self):
        process_id = self.done()
        response = self.press("remove", process_id, status=302)
        self.assertEqual(self.processes(), [])
        self.assertIn(
            "Removed: number ", self.client(EDITOR).get(response.location)
        )

    def test_run_again(self):
        process_id = self.failed()
        self.job(lambda view, pid: "better")
        self.press("again", process_id, status=302)
        new = self.processes()[-1]
        self.assertEqual((new.state, new.owner), ("completed", EDITORS))
        self.assertEqual(self.state(process_id), "failed")

    def test_what_is_not_possible_says_so(self):
        for button, process_id, error in (
            ("cancel", self.queued(view="job"), NotCancellableError),
            ("remove", self.queued(), StillRunningError),
            ("again", self.done(), NotRepeatableError),
        ):
            with self.subTest(button):
                before = self.state(process_id)
                page = self.press(button, process_id, status=409)
                sentence = refusal_of(error()).sentence
                self.assertIn(sentence.default, text_of(page))
                self.assertEqual(self.state(process_id), before)

    def test_odd_ids_are_of_no_process(self):
        process_id = self.done()
        for odd in ("", "x", "x" * 65, "\0", process_id + "\n"):
            with self.subTest(odd):
                self.press("remove", odd, status=404)
        self.client(EDITOR).post(
            MINE, [("remove", process_id), ("remove", "x")], status=404
        )
        self.assertEqual(self.state(process_id), "completed")

    def test_a_post_without_a_button_shows_the_list(self):
        process_id = self.done()
        page = self.client(EDITOR).post(MINE, {"other": "x"})
        self.assertEqual(self.ids(page), [process_id])

    def test_the_processes_of_others_are_not_there(self):
        process_id = self.queued(READER)
        for button in ("cancel", "remove", "again"):
            self.press(button, process_id, status=404)
        self.assertEqual(self.state(process_id), "queued")

    def test_a_forged_post_changes_nothing(self):
        queued, done, failed = self.queued(), self.done(), self.failed()
        headers = {"Origin": "https://evil.example"}
        for page, login in ((MINE, EDITOR), (ALL, MANAGER)):
            for button, process_id in (
                ("cancel", queued), ("remove", done), ("again", failed),
                ("remove-ended", "1"), ("drop-held", "1"),
            ):  # fmt: skip
                with self.subTest(page=page, button=button):
                    response = self.client(login).post(
                        page, {button: process_id, "sure": "1"},
                        headers=headers, status=403,
                    )  # fmt: skip
                    self.assertIn("Nothing was changed", response)
        states = [process.state for process in self.processes()]
        self.assertEqual(states, ["queued", "completed", "failed"])
        self.assertTrue(self.process(failed).may_run_again)

    def test_a_change_that_cannot_be_stored_says_so(self):
        process_id = self.queued()
        with (
            failing_cancels(OSError("full")),
            self.assertLogs("netsight.async_", "ERROR") as logs,
        ):
            page = self.press("cancel", process_id, status=503)
        self.assertIn("could not store your request", text_of(page))
        self.assertEqual(self.ids(page), [process_id])
        self.assertIn(f"the cancel of process {process_id}", logs.output[0])
        self.assertEqual(self.state(process_id), "queued")

    def test_a_database_that_can_only_be_read_says_so(self):
        process_id = self.done()
        with mock.patch(
            "ZODB.Connection.Connection.isReadOnly", lambda self: True
        ):
            page = self.press("remove", process_id, status=503)
        self.assertIn("can only be read", text_of(page))
        self.assertEqual(self.state(process_id), "completed")


class ManageTests(ListTestCase):
    """The page of the Zope root."""

    def see(self, query="", login=MANAGER, **kwargs):
        return self.client(login).get(f"{ALL}{query}", **kwargs)

    def press(self, button, process_id, **kwargs):
        return super().press(button, process_id, ALL, MANAGER, **kwargs)

    def test_it_needs_the_permission(self):
        process_id = self.done()
        for login in (None, READER, EDITOR):
            self.see(login=login, status=401)
            self.client(login).post(
                ALL, {"remove": process_id, "remove-ended": "1"}, status=401
            )
        self.assertEqual(self.state(process_id), "completed")

    def test_it_has_the_processes_of_all(self):
        ids = [self.done(), self.done(READER), self.done(None)]
        page = self.see()
        self.assertEqual(self.ids(page), ids[::-1])
        self.assertIn("reader", self.row(page, ids[1]))
        self.assertIn("anonymous", self.row(page, ids[2]))

    def test_it_looks_like_a_page_of_the_zmi(self):
        self.assertIn("zmi", self.see().text)

    def test_the_buttons_work_for_those_of_others(self):
        queued, failed = self.queued(), self.failed()
        self.press("cancel", queued, status=302)
        self.press("remove", queued, status=302)
        self.job(lambda view, pid: "better")
        self.press("again", failed, status=302)
        self.assertEqual(self.processes()[-1].owner, EDITORS)
        self.assertEqual(self.processes()[-1].state, "completed")

    def test_filters_are_joined(self):
        wanted = self.failed()
        self.done()
        self.failed(READER)
        self.failed(view="job")
        query = "?state=failed&user=editor&view=again-job"
        page = self.see(query)
        self.assertEqual(self.ids(page), [wanted])
        self.assertRegex(page.text, r"<option[^>]*selected[^>]*>\s*Failed")
        self.assertIn('value="editor"', page)
        self.assertIn("Show all", page)

    def test_each_state_can_be_asked_for(self):
        process_id = self.done()
        for state in STATES:
            expected = [process_id] if state == "completed" else []
            self.assertEqual(self.ids(self.see(f"?state={state}")), expected)

    def test_a_number_in_the_filter_leads_to_its_process(self):
        process_id = self.done()
        forms = self.see().forms.values()
        form = next(form for form in forms if "process_id" in form.fields)
        form["process_id"] = f" {process_id} "
        self.assertIn("Number " + process_id, text_of(form.submit()))

    def test_an_odd_filter_is_none(self):
        process_id = self.done()
        for query in ("?state=odd", "?user=", "?view=", "?state=a&state=b"):
            self.assertEqual(self.ids(self.see(query)), [process_id])

    def test_registered_views_can_be_asked_for(self):
        page = self.see()
        self.assertIn('<option value="cancellable-job"', page)
        self.assertNotIn('<option value="calls-job"', page)

    def test_a_page_that_did_not_look_at_all_says_so_and_goes_on(self):
        ids = add_ended(self.registry(), SCAN_MOST + 1, EDITORS, "/job")
        oldest = get_process(self.app, ids[0])
        oldest.outcome.state = "failed"
        transaction.commit()
        page = self.see("?state=failed")
        self.assertEqual(self.ids(page), [])
        self.assertIn(f"newest {SCAN_MOST} processes", text_of(page))
        url = re.search(r'href="([^"]*before=[^"]*)"', page.text)[1]
        page = self.client(MANAGER).get(url.replace("&amp;", "&"))
        self.assertEqual(self.ids(page), [oldest.id])
        self.assertIn("Back to the newest", page)

    def test_details_have_the_cause(self):
        process_id = self.failed()
        page = self.see(f"?process_id={process_id}")
        for text in ("ZeroDivisionError", "Traceback", process_id, "editor"):
            self.assertIn(text, page)
        self.assertIn('name="again"', page)

    def test_details_of_an_unknown_one_are_not_there(self):
        page = self.see("?process_id=abcde", status=404)
        self.assertIn("of this site has the number abcde", text_of(page))
        self.assertIn("kept for 7 days at most", text_of(page))
        self.assertNotIn("Nothing was changed", page)

    def test_a_number_may_be_pasted_as_rows_have_it(self):
        process_id = self.failed()
        for number in (f" {process_id} ", f"…{process_id}"):
            page = self.see(f"?process_id={quote(number)}")
            self.assertIn("ZeroDivisionError", page)
        end = process_id[-8:]
        led = self.see(f"?process_id={quote(f'… {end}')}", status=302)
        self.assertTrue(led.location.endswith(f"?number={end}"))

    def test_a_filter_that_nothing_matches_says_so(self):
        self.done()
        for query in ("?state=lost", "?user=nobody", "?view=other"):
            page = text_of(self.see(query))
            self.assertIn("None match the filter. Show all", page)
            self.assertNotIn("There are no background processes", page)

    def test_views_with_one_title_are_told_apart(self):
        titles = {"one": "Import", "two": "Import", "three": "Export"}
        self.assertEqual(
            told_apart(titles),
            {"one": "Import (one)", "two": "Import (two)", "three": "Export"},
        )
        texts = re.findall(r"<option[^>]*>([^<]*)<", self.see().text)
        self.assertEqual(len(texts), len(set(texts)) + 1)  # All, twice

    def test_who_ran_one_is_told_after_its_end(self):
        for process_id in (self.done(), self.failed()):
            transaction.begin()
            recover(self.registry())
            transaction.commit()
            page = text_of(self.see(f"?process_id={process_id}"))
            self.assertIn(f"Server {this_worker()}", page)
            self.assertRegex(page, "Waited 0:00:0")
            self.assertRegex(page, "Took 0:00:0")
            self.assertIn("Attempts 1", page)

    def test_how_large_a_result_is(self):
        process_id = self.done()
        page = self.see(f"?process_id={process_id}")
        self.assertIn("Size of the result 1 B", text_of(page))

    def test_it_says_which_one_was_removed(self):
        process_id = self.done()
        response = self.press("remove", process_id, status=302)
        page = self.client(MANAGER).get(response.location)
        self.assertIn(f"Removed: number {process_id}.", text_of(page))

    def test_a_link_cannot_have_it_say_anything_else(self):
        page = self.see("?done=remove&which=Call+555+now")
        self.assertNotIn("555", page)

    def test_remove_all_that_have_ended(self):
        self.done()
        self.failed()
        queued = self.queued()
        response = self.press("remove-ended", "1", status=302)
        self.assertEqual([p.id for p in self.processes()], [queued])
        page = self.client(MANAGER).get(response.location)
        self.assertIn("Removed: 2.", page)

    def test_only_those_that_match_the_filter_are_removed(self):
        done = self.done()
        self.failed()
        self.client(MANAGER).post(
            ALL,
            {"remove-ended": "1", "state": "failed", "sure": "1"},
            status=302,
        )
        self.assertEqual([p.id for p in self.processes()], [done])

    @contextmanager
    def failing_after(self, commits):
        """Let so many commits of the database succeed, and no more."""
        left = iter(range(commits))
        vote = Connection.tpc_vote

        def fail(connection, txn):
            if next(left, None) is None:
                raise OSError("full")
            vote(connection, txn)

        with (
            mock.patch.object(Connection, "tpc_vote", fail),
            mock.patch("netsight.async_.actions.REMOVE_BATCH", 1),
            self.assertLogs("netsight.async_", "ERROR") as logs,
        ):
            yield
        self.assertIn("OSError: full", logs.output[0])

    def test_a_removal_that_cannot_be_stored_says_so(self):
        done = [self.done(), self.done()]
        with self.failing_after(0):
            page = self.press("remove-ended", "1", status=503)
        self.assertIn("could not store your request", text_of(page))
        self.assertEqual([p.id for p in self.processes()], done)

    def test_a_removal_that_stops_midway_says_so(self):
        done = [self.done(), self.done(), self.done()]
        with self.failing_after(2):
            page = self.press("remove-ended", "1", status=503)
        self.assertIn("Some are removed", text_of(page))
        self.assertNotIn("could not store your request", text_of(page))
        self.assertEqual(self.ids(page), done[:1])
        self.assertEqual([p.id for p in self.processes()], done[:1])

    def test_a_button_keeps_the_filter(self):
        response = self.client(MANAGER).post(
            ALL,
            {"remove": self.done(), "state": "completed", "sure": "1"},
            status=302,
        )
        self.assertIn("state=completed", response.location)

    def test_the_queue_and_its_oldest(self):
        self.assertIn("Nothing waits.", text_of(self.see()))
        self.queued()
        self.assertIn("Waiting: 1", text_of(self.see()))
        self.assertIn("The first has waited for", text_of(self.see()))

    def test_workers_and_whether_they_live(self):
        self.assertIn("No server runs processes", text_of(self.see()))
        self.registry().worker(this_worker())
        dead = self.registry().worker("host:1:dead")
        dead.end()
        transaction.commit()
        page = text_of(self.see())
        self.assertRegex(page, rf"{re.escape(this_worker())}\s+Alive")
        self.assertRegex(page, r"host:1:dead\s+Dead")

    def test_the_contents_of_the_root_lead_to_it(self):
        self.done()
        client = self.client(MANAGER)
        contents = client.get("/manage_main")
        page = contents.click(href="process_registry/manage_workspace")
        self.assertTrue(page.location.endswith("/@@async-processes"))
        self.assertIn("Background processes", page.follow())

    def test_that_way_needs_the_permission(self):
        self.done()
        path = "/netsight_async_process_registry/manage_workspace"
        self.client(EDITOR).get(path, status=401)

    def remove_registry(self, status):
        form = {
            "ids:list": "netsight_async_process_registry",
            "manage_delObjects:method": "Delete",
        }
        return self.client(MANAGER).post("/", form, status=status)

    def test_it_is_not_removed_while_something_waits(self):
        process_id = self.queued(view="job")
        page = self.remove_registry(400)
        self.assertIn("Background processes wait or run", page)
        self.assertEqual(self.state(process_id), "queued")

    def test_it_is_removed_when_all_has_ended(self):
        self.done()
        self.remove_registry(200)
        self.assertEqual(self.processes(), [])

    def test_nothing_else_of_the_registry_has_an_address(self):
        self.done()
        for name in (
            "", "/", "/index_html", "/manage_main", "/manage_access",
            "/process_ids", "/@@manage_workspace/context", "/absolute_url",
            "/acl_users", "/manage_workspace/context",
        ):  # fmt: skip
            path = f"/netsight_async_process_registry{name}"
            for method in ("GET", "HEAD", "PROPFIND", "DELETE", "PUT"):
                with self.subTest(f"{method} {name}"):
                    response = self.client(MANAGER).request(
                        path, method=method, expect_errors=True
                    )
                    self.assertIn(response.status_int, (401, 403, 404, 405))
        self.assertEqual(len(self.processes()), 1)


class ListCostTests(ListTestCase):
    """What a page loads does not grow with the number of processes."""

    def test_of_10000_records_few_are_loaded(self):
        registry = self.registry()
        registry.worker(this_worker())
        add_ended(registry, 10_000, EDITORS, "/job")
        recover(registry)
        add(registry, 10_001, EDITORS, "/job")
        transaction.commit()
        row = 6
        # Of each set of ids, the newest of each shard.
        ids = 100 + 5 * SHARDS
        for path, login, limit in (
            (MINE, EDITOR, ids + row * PAGE_SIZE),
            (ALL, MANAGER, ids + row * PAGE_SIZE),
            (f"{ALL}?user=editor", MANAGER, ids + row * PAGE_SIZE),
            (f"{ALL}?state=failed", MANAGER, ids + 2.2 * SCAN_MOST),
            (f"{ALL}?view=other", MANAGER, ids + 1.2 * SCAN_MOST),
            (f"{ALL}?state=queued", MANAGER, ids),
        ):
            with self.subTest(path):
                self.assertLess(self.loads(path, login), limit)


class HeldTests(ListTestCase):
    """What was queued in another deployment."""

    def setUp(self):
        super().setUp()
        self.held_id = self.queued()
        staging = deployed("staging")
        staging.start()
        self.addCleanup(staging.stop)
        server.Duty()()

    def see(self):
        return self.client(MANAGER).get(ALL)

    def decide(self, button, **kwargs):
        """Press a button, and return the page that it leads to."""
        form = {button: "1", "sure": "1"}
        response = self.client(MANAGER).post(ALL, form, status=302, **kwargs)
        return self.client(MANAGER).get(response.location)

    def test_the_page_says_so(self):
        page = text_of(self.see())
        self.assertIn("On hold: 1", page)
        self.assertIn("This one is staging", page)
        self.assertIn("On hold: started in another deployment.", page)

    def test_so_do_the_details_and_the_waiting_page(self):
        page = self.client(MANAGER).get(f"{ALL}?process_id={self.held_id}")
        self.assertIn("Deployment", page)
        page = self.client(EDITOR).see(
            "/cancellable-job", "processing", self.held_id
        )
        self.assertIn("On hold: this site is a copy", text_of(page))

    def test_where_nothing_is_held_it_does_not(self):
        with deployed(""):
            self.assertNotIn("netsight-async-held", self.see())

    def test_released_it_is_queued(self):
        page = self.decide("release-held")
        self.assertIn("Released.", page)
        self.assertNotIn("netsight-async-held-title", page)
        self.assertFalse(self.process(self.held_id).is_held)

    def test_dropped_it_is_gone(self):
        self.assertIn(
            "All that were held are removed", self.decide("drop-held")
        )
        self.assertEqual(self.processes(), [])

    def test_without_the_tick_nothing_is_changed(self):
        for button in ("release-held", "drop-held"):
            with self.subTest(button=button):
                page = self.client(MANAGER).post(
                    ALL, {button: "1"}, status=400
                )
                self.assertIn("Tick the box", page)
        self.assertTrue(self.process(self.held_id).is_held)

    def test_many_need_another_press(self):
        with deployed(""):
            self.queued()
        with (
            mock.patch("netsight.async_.browser.lists.manage.HELD_MOST", 1),
            mock.patch("netsight.async_.actions.REMOVE_BATCH", 1),
        ):
            self.assertIn("there are more", self.decide("release-held"))
            self.assertIn("Released", self.decide("release-held"))

    def test_what_was_not_stored_is_told(self):
        for button in ("release-held", "drop-held"):
            with (
                self.subTest(button=button),
                mock.patch.object(
                    Connection, "tpc_vote", side_effect=OSError("full")
                ),
                self.assertLogs("netsight.async_", "ERROR"),
            ):
                page = self.client(MANAGER).post(
                    ALL, {button: "1", "sure": "1"}, status=503
                )
                self.assertIn("could not store your request", text_of(page))

    def test_its_owner_may_cancel_it(self):
        self.press("cancel", self.held_id, status=302)
        self.assertEqual(self.state(self.held_id), "cancelled")
        self.assertNotIn("netsight-async-held-title", self.see())
