"""Relative addresses in results that are pages of a Plone site."""

from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import EDITOR


PAGE = ViewPageTemplateFile("link.pt")


class PageTests(PloneTestCase):
    def shown(self, link):
        def work(view, process_id):
            return PAGE.__get__(view, type(view))(link=link)

        return self.result_of(work, login=EDITOR)

    def test_a_page_of_the_site_is_sent_as_it_is(self):
        page = self.shown("http://localhost/plone/x")
        self.assertNotIn("<base", page)
        self.assertIn("plone-toolbar", page)

    def test_a_relative_link_gives_it_a_base(self):
        page = self.shown("@@x")
        self.assertIn('<base href="http://localhost/plone/job"', page)
