"""The way from the Contents of the Zope root in the ZMI to the list there."""

from Products.Five import BrowserView
from zExceptions import NotFound
from zope.component import adapter
from zope.component import getMultiAdapter
from zope.interface import implementer
from zope.publisher.interfaces.browser import IBrowserPublisher
from zope.publisher.interfaces.browser import IBrowserRequest

from netsight.async_.interfaces import IProcessRegistry
from netsight.async_.records.database import application_of


ZMI_LINK = "manage_workspace"
"""What the ZMI appends to the id of each object that it lists."""


@implementer(IBrowserPublisher)
@adapter(IProcessRegistry, IBrowserRequest)
class RegistryPublisher:
    """Nothing of the registry has an address but what the ZMI links to."""

    def __init__(self, context, request):
        self.context = context
        self.request = request

    def publishTraverse(self, request, name):
        if name != ZMI_LINK:
            raise NotFound(name)
        return getMultiAdapter((self.context, request), name=ZMI_LINK)

    def browserDefault(self, request):
        raise NotFound(self.context.getId())


class RegistryPage(BrowserView):
    """Leads to the list of all processes."""

    def __call__(self):
        root = application_of(self.context)
        url = f"{root.absolute_url()}/@@async-processes"
        return self.request.response.redirect(url)
