"""The registry in the Contents of the Zope root: the way to its list."""

from OFS.interfaces import IObjectWillBeRemovedEvent
from Products.Five import BrowserView
from zExceptions import BadRequest
from zExceptions import NotFound
from zope.component import adapter
from zope.component import getMultiAdapter
from zope.globalrequest import getRequest
from zope.i18n import translate
from zope.interface import implementer
from zope.publisher.interfaces.browser import IBrowserPublisher
from zope.publisher.interfaces.browser import IBrowserRequest

from netsight.async_.i18n import _
from netsight.async_.interfaces import IProcessRegistry
from netsight.async_.queries import active_of
from netsight.async_.records.database import application_of


REGISTRY_IN_USE = _(
    "error_registry_in_use",
    default="Background processes wait or run. Let them end, or cancel them, "
    "before you remove their records.",
)

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


@adapter(IProcessRegistry, IObjectWillBeRemovedEvent)
def refuse_removal(registry, event):
    """Raise BadRequest while processes of a registry have not ended.

    Without its record, nothing tells a run that it must not commit.
    """
    active = active_of(registry)
    if active.queued or active.running or active.held:
        raise BadRequest(translate(REGISTRY_IN_USE, context=getRequest()))
