"""An add-on of the shape that 1.x had, in a Plone site."""

import re
import unittest

from netsight.async_.tests.addon_support import AddonMixin
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import EDITOR


VIEW = "/plone/old-export"


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class GetTests(AddonMixin, PloneTestCase):
    """Its script starts by GET, with the token in the URL."""

    def setUp(self):
        super().setUp()
        self.visitor = self.client().log_in(EDITOR)

    def test_with_the_token_it_starts(self):
        url = f"{VIEW}?_authenticator={self.visitor.token()}"
        process_id = self.visitor.get(url).json["process_id"]
        completed = self.visitor.see(
            VIEW, "completed", process_id, output_json="true"
        )
        self.assertEqual(completed.json, {"completed": 100})
        written = self.visitor.see(VIEW, "download", process_id)
        self.assertIn("number 3", written)

    def test_without_it_the_visitor_is_asked(self):
        page = self.visitor.get(VIEW, status=302)
        self.assertIn("/@@confirm-action?", page.location)
        self.assertEqual(self.processes(), [])
        form = next(
            each
            for each in page.follow().forms.values()
            if "original_url" in each.fields or "/old-export" in each.action
        )
        self.assertIn("process_id", form.submit().maybe_follow())

    def test_a_forged_post_starts_nothing(self):
        self.visitor.post(VIEW, status=403)
        self.assertEqual(self.processes(), [])

    def test_its_waiting_page_in_the_site(self):
        view = "/plone/old-stock"
        process_id = self.visitor.start(view)
        page = self.visitor.see(view, "processing", process_id, 302)
        self.assertRegex(page.location, f"{re.escape(view)}/result")
