"""The content of a site as a file, and a file as content."""

from io import BytesIO
from zipfile import ZipFile

import transaction
from plone.app.testing import FunctionalTesting
from webtest import Upload

from netsight.async_.background.actions import ACTIONS
from netsight.async_.background.tests.background_support import (
    EXPORTS_ARE_THERE,
)
from netsight.async_.background.tests.background_support import (
    BackgroundTestCase,
)
from netsight.async_.background.tests.background_support import CancelGate
from netsight.async_.background.tests.background_support import replaced
from netsight.async_.tests.side_by_side import ContentLayer
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER


if EXPORTS_ARE_THERE:
    import plone.exportimport
    from plone.exportimport.exporters.content import ContentExporter
    from plone.exportimport.importers.content import ContentImporter

EXPORT = "/plone/background-export"

IMPORT = "/plone/background-import"

PAGE = "/plone/work/f0/p1"


class ExportLayer(ContentLayer):
    """The same with what Plone loads by its autoinclude."""

    def setUpZope(self, app, configurationContext):
        if EXPORTS_ARE_THERE:
            self.loadZCML(
                package=plone.exportimport, context=configurationContext
            )


EXPORT_FUNCTIONAL = FunctionalTesting(
    bases=(ExportLayer(name="AsyncViews:Export"),),
    name="AsyncViews:ExportFunctional",
)


class ExportTestCase(BackgroundTestCase):
    layer = EXPORT_FUNCTIONAL

    def setUp(self):
        # Python 3.12.1 ends a test that a decorator of its class skips, but
        # does not begin it, which zope.testrunner cannot take.
        if not EXPORTS_ARE_THERE:
            self.skipTest("plone.exportimport is not here, or before 2.0")
        super().setUp()


class ExportTests(ExportTestCase):
    def names(self, response):
        return sorted(ZipFile(BytesIO(response.body)).namelist())

    def test_the_file_is_the_result(self):
        at_once, later = [], []
        for action, names in (([], at_once), (["export"], later)):
            self.set("actions", action)
            response = self.post(EXPORT)
            while response.status_int == 302:
                response = response.follow()
            self.assertEqual(response.content_type, "application/zip")
            self.assertIn("plone_export.zip", response.content_disposition)
            names += self.names(response)
        self.assertEqual(len(self.processes()), 1)
        self.assertEqual(at_once, later)
        self.assertIn("content/plone_site_root/data.json", later)
        uid = self.app.unrestrictedTraverse(PAGE).UID()
        self.assertIn(f"content/{uid}/data.json", later)

    def test_it_is_cancelled_half_way(self):
        gate, serialize = CancelGate(50), ContentExporter.serialize

        def reach(exporter, item):
            gate.reach()
            return serialize(exporter, item)

        with replaced(ContentExporter, "serialize", reach):
            process = self.cancelled_half_way(EXPORT, [], gate)
        self.assertEqual(process.state, "cancelled")

    def test_a_visit_leads_to_the_form(self):
        response = self.client(MANAGER).get(EXPORT)
        self.assertIn("@@background-actions", response.location)

    def test_who_may_not_export_starts_nothing(self):
        response = self.post(EXPORT, login=EDITOR)
        self.assertIn("require_login", response.location)
        self.assertEqual(self.processes(), [])


class ImportTests(ExportTestCase):
    """The file has what is in the site, which is deleted then."""

    packed = None
    """The file, as bytes; each test begins with the same site."""

    def prepare(self):
        if self.packed is None:
            # To make all of them takes long.
            self.portal.work.manage_delObjects(["f1", "f2", "f3", "f4"])
            type(self).packed = self.exported()
        self.portal.manage_delObjects(["work"])

    def exported(self):
        self.set("actions", [])
        body = self.post(EXPORT).body
        self.set("actions", list(ACTIONS))
        return body

    @property
    def form(self):
        return [("file", Upload("site.zip", self.packed, "application/zip"))]

    def test_it_is_the_same_as_at_once(self):
        at_once, later = self.outcomes(IMPORT, self.form)
        self.assertEqual(at_once.status, later.status)
        self.assertEqual(at_once.messages, later.messages)
        self.assertIn("Objects imported", " ".join(later.messages[0]))
        self.assertEqual(sorted(at_once.state), sorted(later.state))
        for state in (at_once.state, later.state):
            self.assertEqual(state[PAGE]["catalog"]["Title"], "The p1")

    def test_it_is_cancelled_half_way(self):
        gate, construct = CancelGate(40), ContentImporter.construct

        def reach(importer, item):
            gate.reach()
            return construct(importer, item)

        with (
            replaced(ContentImporter, "construct", reach),
            replaced(ContentImporter, "commit_after", 20),
        ):
            process = self.cancelled_half_way(IMPORT, self.form, gate)
        self.assertEqual(process.state, "cancelled")
        # Nothing was committed.
        self.assertNotIn("work", self.portal)

    def test_what_is_no_zip_file(self):
        upload = Upload("site.zip", b"no zip", "application/zip")
        page = self.post(IMPORT, [("file", upload)]).follow()
        self.assertIn("that is no ZIP file", page.text)
        self.assertEqual(self.processes(), [])

    def test_no_file(self):
        page = self.post(IMPORT).follow()
        self.assertIn("that is no ZIP file", page.text)
        self.assertEqual(self.processes(), [])

    def test_few_are_imported_at_once(self):
        self.set("threshold", 1000)
        self.assertIn("work", self.names_after(self.post(IMPORT, self.form)))
        self.assertEqual(self.processes(), [])

    def names_after(self, response):
        self.assertIn("@@background-actions", response.location)
        transaction.begin()
        return self.portal.objectIds()

    def test_who_may_not_import_starts_nothing(self):
        response = self.post(IMPORT, self.form, login=EDITOR)
        self.assertIn("require_login", response.location)
        self.assertEqual(self.processes(), [])
