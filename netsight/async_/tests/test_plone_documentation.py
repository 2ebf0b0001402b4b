"""Runs the code of those pages of docs/ that are about Plone, and tests."""

import unittest

import transaction
from plone.app.testing import popGlobalRegistry
from plone.app.testing import pushGlobalRegistry
from zope.component.hooks import setSite

from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import PLONE_PAGES
from netsight.async_.tests.page_support import Page
from netsight.async_.tests.plone_support import PLONE_FUNCTIONAL
from netsight.async_.tests.recipe_support import RecipeTestCase


class PlonePage(Page):
    """The code of one page, run in a Plone site."""

    def push_registry(self):
        pushGlobalRegistry(self.layer["portal"])
        transaction.commit()
        # Else what is registered is registered in the site.
        setSite(None)

    def pop_registry(self):
        popGlobalRegistry(self.layer["portal"])


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class TestingRecipeTests(RecipeTestCase):
    """The tests that pages show for Plone, pass."""

    def test_on_plone(self):
        self.run_tests("test_plone")

    def test_those_of_the_tutorial(self):
        self.run_tests("test_views")


def test_suite():
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromTestCase(TestingRecipeTests)
    if IS_CHECKOUT:
        pages = (PlonePage(path, PLONE_FUNCTIONAL) for path in PLONE_PAGES)
        suite.addTests(page.suite() for page in pages)
    return suite
