"""Which pages have the script that waits for AJAX."""

import transaction
from plone.app.testing import applyProfile

from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import MANAGER


SCRIPT = "/plone/++resource++netsight.async.js/ajax.js"


class AjaxTests(PloneTestCase):
    def setUp(self):
        super().setUp()
        self.visitor = self.client(MANAGER)

    def install(self):
        applyProfile(self.portal, "netsight.async:default")
        transaction.commit()

    def test_folder_contents_has_it(self):
        self.install()
        page = self.visitor.get("/plone/folder_contents")
        self.assertIn(f'src="http://localhost{SCRIPT}"', page)
        self.visitor.get(SCRIPT, status=200)

    def test_no_other_page_has_it(self):
        self.install()
        self.assertNotIn(SCRIPT, self.visitor.get("/plone/@@search"))

    def test_without_the_add_on_no_page_has_it(self):
        page = self.visitor.get("/plone/folder_contents")
        self.assertNotIn(SCRIPT, page)
