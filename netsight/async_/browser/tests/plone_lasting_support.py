"""Forms of Plone that delete or rename their context, in the background."""

from plone.app.content.browser.actions import DeleteConfirmationForm
from plone.app.content.browser.actions import RenameForm
from plone.app.content.browser.contents.delete import DeleteActionView
from plone.app.testing import FunctionalTesting
from plone.app.testing import PloneSandboxLayer
from plone.dexterity.browser.add import DefaultAddView

import netsight.async_.browser.tests
import netsight.async_.tests
from netsight.async_ import BaseAsyncView
from netsight.async_ import in_background
from netsight.async_.tests.plone_support import PLONE_FUNCTIONAL


Deleting = in_background(DeleteConfirmationForm)
"""What is behind "Delete" in the menu."""

Renaming = in_background(RenameForm)
"""What is behind "Rename" in the menu."""

Adding = in_background(DefaultAddView)
"""What is behind "Add new..." in the menu."""

DeletingSelected = in_background(DeleteActionView, button="folder")
"""What is behind "Delete" in folder contents."""


class Locking(BaseAsyncView):
    """Locks all but managers out of its context."""

    def __run__(self):
        self.context.manage_permission("View", ["Manager"])
        self.request.response.redirect(self.context.absolute_url())


class PloneLastingLayer(PloneSandboxLayer):
    """Adds these views."""

    defaultBases = PLONE_FUNCTIONAL.__bases__

    def setUpZope(self, app, configurationContext):
        for package, file in (
            (netsight.async_.tests, "testing.zcml"),
            (netsight.async_.browser.tests, "plone_lasting.zcml"),
        ):
            self.loadZCML(file, package=package, context=configurationContext)


PLONE_LASTING_FUNCTIONAL = FunctionalTesting(
    bases=(PloneLastingLayer(name="AsyncViews:PloneLasting"),),
    name="AsyncViews:PloneLastingFunctional",
)
