"""The page of the control panel: settings, and works on the whole site."""

from functools import cached_property

from plone.app.registry.browser.controlpanel import ControlPanelFormWrapper
from plone.app.registry.browser.controlpanel import RegistryEditForm
from plone.registry.interfaces import IRegistry
from Products.CMFCore.utils import getToolByName
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from zope.component import getUtility

from netsight.async_.background.counting import PREFIX
from netsight.async_.background.counting import count_site
from netsight.async_.background.interfaces import IBackgroundActions
from netsight.async_.background.works import rows_of
from netsight.async_.i18n import _


TITLE = _("Background actions")


class SettingsForm(RegistryEditForm):
    """The records of the registry."""

    schema = IBackgroundActions
    schema_prefix = PREFIX
    label = TITLE

    def getContent(self):
        """Return the settings, with the fields that are there."""
        return getUtility(IRegistry).forInterface(
            self.schema, check=False, prefix=self.schema_prefix
        )


class SettingsPage(ControlPanelFormWrapper):
    """The form, and below it a form for each work."""

    form = SettingsForm
    index = ViewPageTemplateFile("templates/settings.pt")
    title = TITLE

    @cached_property
    def works(self):
        """List of works.WorkRow."""
        return rows_of(self.context, self.request)

    @property
    def count(self):
        """How many objects the site has."""
        return count_site(self.context)

    @property
    def indexes(self):
        """Names of the indexes of the catalog, sorted."""
        return sorted(getToolByName(self.context, "portal_catalog").indexes())
