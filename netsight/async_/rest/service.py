"""A service of plone.restapi whose work is done in the background."""

from plone.protect.interfaces import IDisableCSRFProtection
from plone.restapi.services import Service
from zope.interface import alsoProvides
from zope.interface import implementer
from zope.publisher.interfaces import NotFound
from zope.publisher.interfaces.browser import IBrowserPublisher

from netsight.async_.browser.view import BaseAsyncView
from netsight.async_.context import site_of
from netsight.async_.rest.errors import RestErrors
from netsight.async_.rest.representation import process_url
from netsight.async_.rest.representation import represent


@implementer(IBrowserPublisher)
class AsyncService(RestErrors, Service, BaseAsyncView):
    """Base class: `reply` is called in the background.

    A request is answered with 202 and the address of the process, which is
    below @async-processes at the site; so is the result: what `reply` returns,
    as JSON.  All choices of BaseAsyncView hold.  A request for which
    `run_process` is false is answered at once, by `reply`.
    """

    # That of plone.rest; it calls `render`.
    __call__ = Service.__call__

    def __init__(self, context, request):
        super().__init__(context, request)
        # plone.rest puts method and media type before it.
        service = getattr(request, "_rest_service_id", "")
        self.__name__ = self.__name__.removeprefix(service)

    def run_process(self):
        """Return True if this request shall start a process."""
        return True

    def render(self):
        self.check_permission()
        # As the services of plone.restapi.
        alsoProvides(self.request, IDisableCSRFProtection)
        return BaseAsyncView.__call__(self)

    def initial_page(self):
        """Answer at once."""
        return Service.render(self)

    def __run__(self, process_id=None):
        """Return what `reply` returns, as JSON."""
        return Service.render(self)

    def publishTraverse(self, request, name):
        """Override this for a service with names behind its own."""
        raise NotFound(self, name, request)

    def process_url(self, subview, process_id):
        """Return the URL of a process, or of its result."""
        url = process_url(site_of(self.context), self.request, process_id)
        return f"{url}/result" if subview == "result" else url

    def lasting_url(self, subview, process_id):
        return self.process_url(subview, process_id)

    def status_of(self, process):
        return represent(site_of(self.context), self.request, process)
