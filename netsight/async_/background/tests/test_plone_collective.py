"""Exports and imports of collective.exportimport; needs that installed.

pip install collective.exportimport==1.16 "setuptools<81"
"""

import json
from importlib.util import find_spec

from webtest import Upload

from netsight.async_.background.actions import ACTIONS
from netsight.async_.background.tests.background_support import (
    BackgroundTestCase,
)
from netsight.async_.background.tests.service_support import SERVICE_FUNCTIONAL
from netsight.async_.tests.support import MANAGER


EXPORT = "/plone/work/export_content"

IMPORT = "/plone/import_content"

LOCAL_ROLES = "/plone/export_localroles"

FORM = [
    ("form.submitted", "1"),
    ("portal_type:list", "Document"),
    ("include_blobs", "1"),
]

is_installed = find_spec("collective") and find_spec("collective.exportimport")


class CollectiveTests(BackgroundTestCase):
    # It exports by plone.restapi.
    layer = SERVICE_FUNCTIONAL

    def setUp(self):
        # See the class ExportTestCase.
        if not is_installed:
            self.skipTest("collective.exportimport is not installed")
        super().setUp()

    def test_an_export(self):
        at_once, later = self.outcomes(EXPORT, FORM)
        self.assertEqual(at_once.status, later.status)
        self.assertEqual(at_once.headers, later.headers)
        self.assertEqual(at_once.messages, later.messages)
        self.assert_same(at_once.body, later.body)
        pages = json.loads("\n".join(later.body))
        self.assertEqual(len(pages), 40)

    def test_another_export(self):
        done = self.assert_same_as_at_once(
            LOCAL_ROLES, [("form.submitted", "1")]
        )
        self.assertTrue(json.loads("\n".join(done.body)))

    def test_its_page(self):
        page = self.client(MANAGER).get(EXPORT)
        self.assertIn('name="form.submitted"', page.text)

    def exported(self):
        """Return an export as bytes."""
        self.set("actions", [])
        body = self.post(EXPORT, FORM).body
        self.set("actions", list(ACTIONS))
        return body

    def test_an_import(self):
        form = [
            ("form.submitted", "1"),
            ("handle_existing_content", "1"),
            ("jsonfile", Upload("pages.json", self.exported())),
        ]
        titles = ["Changed"] * 2
        for number, actions in enumerate(([], list(ACTIONS))):
            self.set("actions", actions)
            page = self.post(IMPORT, form)
            while page.status_int == 302:
                page = page.follow()
            self.assertIn("Imported 40 items", page.text)
            titles[number] = self.app.unrestrictedTraverse(
                "/plone/work/f0/p1"
            ).title
        self.assertEqual(titles, ["The p1", "The p1"])
        (process,) = self.processes()
        self.assertEqual(process.state, "completed")
        self.assertFalse(process.cancellable)
