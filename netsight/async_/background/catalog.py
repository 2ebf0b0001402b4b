"""What the catalog tool of a site can do for long: three of its methods.

They are published as methods of the tool, which come before views.  So where
the layer is, the publisher finds these views by a traverser of the tool, which
is what Zope asks first.  Code that calls the methods has them as they are.
"""

from urllib.parse import quote

from plone.base.interfaces import IPloneCatalogTool
from Products.statusmessages.interfaces import IStatusMessage
from zope.component import adapter
from zope.component import queryMultiAdapter
from zope.interface import implementer
from zope.publisher.interfaces import IPublishTraverse
from ZPublisher.BaseRequest import DefaultPublishTraverse

from netsight.async_.background.actions import ACTIONS
from netsight.async_.background.actions import led_to_settings
from netsight.async_.background.counting import is_site_in_background
from netsight.async_.background.interfaces import IBackgroundActionsLayer
from netsight.async_.background.progress import indexing_told
from netsight.async_.background.ticks import CatalogHandler
from netsight.async_.browser.view import BaseAsyncView
from netsight.async_.i18n import _


FROM_SETTINGS = "from_settings"
"""A field that the forms of the settings page have."""

DONE = _("catalog_done", default="The catalog is up to date.")


@adapter(IPloneCatalogTool, IBackgroundActionsLayer)
@implementer(IPublishTraverse)
class CatalogTraverser(DefaultPublishTraverse):
    """Finds the views of this module before the methods of the tool."""

    def publishTraverse(self, request, name):
        if name in VIEWS:
            return queryMultiAdapter((self.context, request), name=name)
        return super().publishTraverse(request, name)


class CatalogWork(BaseAsyncView):
    """Does what the method of its name does, which answers as it always did.

    The forms of the ZMI send some of them by GET, which starts a process, too:
    `answers.csrf` asks for the token, and has the user confirm at once.  Else
    plone.protect would ask when all is done, and have it done again.
    """

    cancellable = True
    single = "context"

    def run_process(self):
        """Return True where the site has many objects."""
        return is_site_in_background("catalog", self.context)

    def method(self):
        """Call the method of the tool, which redirects as it always does."""
        raise NotImplementedError(f"{type(self).__name__}.method")

    def initial_page(self):
        """Do it at once."""
        self.method()
        self.lead_back()

    def lead_to(self, page, message):
        """Redirect to a page of the tool, which tells a message."""
        url = f"{self.context.absolute_url()}/{page}"
        self.request.response.redirect(
            f"{url}?manage_tabs_message={quote(message)}"
        )

    def lead_back(self):
        """Redirect to the settings page instead, if the form is there."""
        if self.request.form.get(FROM_SETTINGS):
            IStatusMessage(self.request).add(DONE)
            led_to_settings(self)


class Rebuild(CatalogWork):
    """Empties the catalog, finds all content, and indexes that."""

    title = ACTIONS["catalog"]

    def method(self):
        response, url = self.request.response, self.request["URL1"]
        self.context.manage_catalogRebuild(response, url)

    def __run__(self, process_id=None):
        with indexing_told():
            self.method()
        self.lead_back()


class Update(CatalogWork):
    """Indexes anew what is in the catalog."""

    title = _("background_catalog_update", default="Update the catalog")

    def method(self):
        response, url = self.request.response, self.request["URL1"]
        self.context.manage_catalogReindex(self.request, response, url)

    def __run__(self, process_id=None):
        self.context.refreshCatalog(clear=1, pghandler=CatalogHandler())
        self.lead_to("manage_catalogAdvanced", "Catalog Updated")
        self.lead_back()


class ReindexIndexes(CatalogWork):
    """Fills some indexes anew."""

    title = _("background_catalog_indexes", default="Fill indexes anew")

    def run_process(self):
        """Return True if there is something to do, and much of it."""
        return bool(self.indexes) and super().run_process()

    @property
    def indexes(self):
        """Names of the indexes that the form has, a list or a str."""
        return self.request.form.get("ids")

    def method(self):
        response, url = self.request.response, self.request["URL1"]
        self.context.manage_reindexIndex(
            self.indexes, self.request, response, url
        )

    def __run__(self, process_id=None):
        handler = CatalogHandler()
        self.context.reindexIndex(self.indexes, self.request, handler)
        self.lead_to("manage_catalogIndexes", "Reindexing Performed")
        self.lead_back()


VIEWS = frozenset(
    {"manage_catalogRebuild", "manage_catalogReindex", "manage_reindexIndex"}
)
"""Names of the methods, and of the views."""
