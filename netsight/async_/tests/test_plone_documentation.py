"""Runs the code of those pages of docs/ that are about Plone."""

import unittest

import transaction
from plone.app.testing import popGlobalRegistry
from plone.app.testing import pushGlobalRegistry
from zope.component.hooks import setSite

from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import PLONE_PAGES
from netsight.async_.tests.page_support import Page
from netsight.async_.tests.plone_support import PLONE_FUNCTIONAL


class PlonePage(Page):
    """The code of one page, run in a Plone site."""

    def push_registry(self):
        pushGlobalRegistry(self.layer["portal"])
        transaction.commit()
        # Else what is registered is registered in the site.
        setSite(None)

    def pop_registry(self):
        popGlobalRegistry(self.layer["portal"])


def test_suite():
    suite = unittest.TestSuite()
    if IS_CHECKOUT:
        pages = (PlonePage(path, PLONE_FUNCTIONAL) for path in PLONE_PAGES)
        suite.addTests(page.suite() for page in pages)
    return suite
