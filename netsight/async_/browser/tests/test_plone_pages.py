"""Our pages in a Plone site: their titles, and their elements."""

import re
from unittest import mock

import transaction
from plone.app.testing import applyProfile
from zope.component import getMultiAdapter
from zope.component.hooks import setSite

from netsight.async_ import BaseAsyncView
from netsight.async_.browser import question
from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.serving.recovery import recover
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.plone_support import published
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import ids_twice


MINE, ALL = "/plone/@@my-processes", "/plone/@@async-processes"


class PagesTestCase(ListMixin, PloneTestCase):
    """A site with the profile."""

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        applyProfile(self.portal, "netsight.async:default")
        transaction.commit()

    def of(self, process_id, subview="processing", view="job", **kwargs):
        """Return a page about a process of the editor."""
        path = f"/plone/{view}/{subview}?process_id={process_id}"
        return self.client(EDITOR).get(path, **kwargs)


class ElementsTests(PagesTestCase):
    def assert_ids_are_unique(self, page):
        self.assertIn('id="content"', page)
        self.assertEqual(ids_twice(page), [])

    def test_of_the_waiting_page(self):
        page = self.of(self.queued(), view="cancellable-job")
        self.assert_ids_are_unique(page)

    def test_of_the_page_without_a_result(self):
        page = self.of(self.failed(), view="again-job")
        self.assert_ids_are_unique(page)

    def test_of_a_page_with_a_sentence(self):
        self.assert_ids_are_unique(self.of("unknown", status=404))

    def test_of_a_question(self):
        with (
            mock.patch.object(question, "WORKED_SECONDS", -1),
            self.held("cancellable-job") as (client, process_id),
        ):
            page = client.post(
                "/plone/cancellable-job/process-cancel",
                {"process_id": process_id},
            )
        self.assertIn("Stop this process?", page)
        self.assert_ids_are_unique(page)

    def test_of_the_page_with_a_start_button(self):
        with published(BaseAsyncView, "bare"):
            page = self.client().get("/plone/bare")
        self.assertIn("Start", page)
        self.assert_ids_are_unique(page)

    def test_of_the_list_of_ones_own(self):
        self.queued(), self.failed()
        self.assert_ids_are_unique(self.client(EDITOR).get(MINE))

    def test_of_the_control_panel(self):
        self.queued()
        process_id = self.failed()
        for path in (ALL, f"{ALL}?process_id={process_id}"):
            with self.subTest(path):
                self.assert_ids_are_unique(self.client(MANAGER).get(path))

    def test_of_the_examples(self):
        page = self.client(EDITOR).get("/plone/@@async-examples")
        self.assert_ids_are_unique(page)


class TitleTests(PagesTestCase):
    def title(self, page):
        found = re.search("(?s)<title>(.*?)</title>", page.text)[1].strip()
        return found.removesuffix(" – Plone site")

    def test_of_the_examples(self):
        page = self.client().get("/plone/@@async-examples")
        self.assertEqual(self.title(page), "Examples of background work")

    def test_of_the_result_of_an_example(self):
        process_id = self.client().start(
            "/plone/@@async-example-fibonacci", {"n": "10"}
        )
        page = self.client().see(
            "/plone/@@async-example-fibonacci", "result", process_id
        )
        self.assertEqual(self.title(page), "A Fibonacci number")


class CountTests(PagesTestCase):
    """The line on each page does not count what the page is about."""

    def test_a_result_that_is_a_page_of_the_site(self):
        def work(view, process_id):
            page = getMultiAdapter(
                (view.context, view.request), name="sitemap"
            )
            return page()

        client, process_id = self.run_job(work, EDITOR)
        page = client.see("/plone/job", "result", process_id)
        self.assertIn('id="portal-footer-wrapper"', page)
        self.assertNotIn("Running or waiting", page)

    def test_the_page_without_a_result(self):
        process_id = self.failed()
        for _each in range(2):
            page = self.of(process_id, view="again-job")
            self.assertNotIn("Without a result", page)
            self.beat()

    def test_it_counts_another(self):
        self.failed()
        self.beat()
        page = self.of(self.failed(), view="again-job")
        self.assertIn("Without a result: 1", page)

    def beat(self):
        """Have recovery come by."""
        transaction.begin()
        recover(self.registry())
        transaction.commit()
