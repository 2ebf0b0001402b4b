"""What an administrator looks for, on Zope without Plone."""

import transaction

from netsight.async_.browser.lists.search import short_number
from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.queries import SCAN_MOST
from netsight.async_.queries import Query
from netsight.async_.queries import find
from netsight.async_.records.lease import this_worker
from netsight.async_.records.owners import Owner
from netsight.async_.serving.recovery import recover
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import add_ended
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import text_of


ALL = "/@@async-processes"
EDITORS = Owner("editor", "/acl_users")
DAY_SECONDS = 24 * 3600


class SearchTestCase(ListMixin, AsyncTestCase):
    def see(self, query="", **kwargs):
        return self.client(MANAGER).get(f"{ALL}{query}", **kwargs)

    def assert_finds(self, query, *ids):
        self.assertEqual(self.ids(self.see(query)), list(ids), query)

    def titled(self, number, title, owner=EDITORS):
        """Add a process with that title, started on a day of 1970."""
        seconds = number * DAY_SECONDS + DAY_SECONDS // 2
        process_id = add(self.registry(), seconds, owner, "/job")
        self.registry()[process_id].title = title
        transaction.commit()
        return process_id


class FieldTests(SearchTestCase):
    def test_by_a_part_of_the_title(self):
        wanted = self.titled(1, "Import of Addresses")
        self.titled(2, "Export")
        self.assert_finds("?title=addresses", wanted)

    def test_by_the_cause_of_a_failure(self):
        failed = self.failed()
        self.done()
        self.assert_finds("?error=zerodivision", failed)
        self.assert_finds("?error=by+zero", failed)
        self.assert_finds("?error=no-such")

    def test_by_the_server_that_ran_it(self):
        done = self.done()
        self.queued()
        transaction.begin()
        recover(self.registry())
        transaction.commit()
        self.assert_finds(f"?server={this_worker()}", done)
        self.assert_finds("?server=elsewhere")

    def test_by_date(self):
        ids = [self.titled(day, "Job") for day in range(1, 5)]
        self.assert_finds("?from=1970-01-03", *ids[:0:-1])
        self.assert_finds("?to=1970-01-03", *ids[1::-1])
        self.assert_finds("?from=1970-01-03&to=1970-01-03", ids[1])

    def test_odd_dates_are_none(self):
        done = self.done()
        for odd in ("x", "1970-99-99", "0001-01-01", "9999-12-31"):
            self.assert_finds(
                f"?to={odd}&from={odd[:1]}",
                *([] if odd.startswith("0001") else [done]),
            )

    def test_they_are_joined_and_kept(self):
        failed = self.failed()
        self.failed(READER)
        query = "?title=job&error=zero&user=editor&sort=end"
        page = self.see(query)
        self.assertEqual(self.ids(page), [failed])
        for text in ('name="title" value="job"', "error=zero", "sort=end"):
            self.assertIn(text, page)

    def test_buttons_for_all_concern_what_is_found(self):
        failed, other = self.failed(), self.done()
        self.client(MANAGER).post(
            ALL,
            {"remove-ended": "1", "error": "zero", "sure": "1"},
            status=302,
        )
        self.assertEqual([p.id for p in self.processes()], [other])
        self.assertNotIn(failed, self.registry())

    def test_an_old_day_is_found_among_many(self):
        registry = self.registry()
        wanted = self.titled(0, "Old")
        add_ended(registry, SCAN_MOST + 1, EDITORS, "/job")
        for number in range(SCAN_MOST + 1):
            add(registry, 3 * DAY_SECONDS + number, EDITORS, "/job")
        found = find(registry, Query(until=DAY_SECONDS, since=DAY_SECONDS / 3))
        self.assertEqual(found.ids, [wanted])


class NumberTests(SearchTestCase):
    def test_a_row_tells_the_end_of_its_number(self):
        done = self.done()
        row = text_of(self.see())
        self.assertIn(f"Number … {done[-8:]}", row)

    def test_its_last_or_first_characters_find_it(self):
        wanted = self.titled(1, "Job")
        self.titled(2, "Job")
        for part in (wanted[:8], wanted[-8:], wanted[:20].upper()):
            page = self.see(f"?process_id={part}", status=302).follow()
            self.assertEqual(self.ids(page), [wanted], part)

    def test_its_first_characters_find_an_old_one(self):
        registry = self.registry()
        wanted = self.titled(1, "Job")
        for number in range(SCAN_MOST + 1):
            add(registry, 3 * DAY_SECONDS + number, EDITORS, "/job")
        transaction.commit()
        page = self.see(f"?process_id={wanted[:8]}", status=302).follow()
        self.assertEqual(self.ids(page), [wanted])

    def test_what_can_be_no_number_is_none(self):
        for odd in (None, "", "1234567", "12345678x", "<script>"):
            self.assertIsNone(short_number(odd), odd)


class OrderTests(SearchTestCase):
    def test_by_each_order(self):
        first = self.titled(1, "B", Owner("ann", "/acl_users"))
        second = self.titled(2, "a", Owner("bob", "/acl_users"))
        third = self.titled(3, "C", Owner("ann", "/acl_users"))
        self.ran(first, 100, 150)
        self.ran(second, 100, 300)
        for order, ids in (
            ("", [third, second, first]),
            ("oldest", [first, second, third]),
            ("end", [third, second, first]),
            ("duration", [second, first, third]),
            ("state", [third, second, first]),
            ("user", [third, first, second]),
            ("title", [second, first, third]),
            ("odd", [third, second, first]),
        ):
            with self.subTest(order):
                self.assert_finds(f"?sort={order}", *ids)

    def ran(self, process_id, since, until):
        process = self.registry()[process_id]
        process.claim.since = since
        process.complete(1, None)
        process.outcome.finished = until
        transaction.commit()

    def test_a_sorted_page_takes_no_new_ones(self):
        self.done()
        self.assertNotIn("data-newest", self.see("?sort=end"))
        self.assertIn("data-newest", self.see())

    def test_that_only_some_were_looked_at_is_told(self):
        add_ended(self.registry(), SCAN_MOST + 1, EDITORS, "/job")
        transaction.commit()
        page = self.see("?sort=end")
        self.assertIn(f"newest {SCAN_MOST} processes", text_of(page))


class MineTests(SearchTestCase):
    def test_the_fields_are_those_of_the_control_panel(self):
        done = self.done()
        page = self.client(EDITOR).get("/@@my-processes?title=no-such")
        self.assertEqual(self.ids(page), [done])
