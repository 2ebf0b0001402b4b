"""A service that there is already runs in the background, in one line."""

from plone.restapi.services import Service

from netsight.async_.answers.negotiate import prefers_async
from netsight.async_.browser.in_background import checked_choices
from netsight.async_.rest.service import AsyncService


class TakenService(AsyncService):
    """Does in the background what a class behind it does at once."""

    always = False
    """Whether each request starts a process, not only one that asks for it."""

    taken_class = None
    """The class that does it."""

    def run_process(self):
        """Return True if the request has ``Prefer: respond-async``."""
        return self.always or prefers_async(self.request)

    @property
    def title(self):
        """Name of the process for people; a service may have no name."""
        return self.__name__ or self.taken_class.__name__

    def initial_page(self):
        """Answer at once."""
        return self.taken_class.render(self)

    def __run__(self, process_id=None):
        """Return what the service returns."""
        return self.taken_class.render(self)


def service_in_background(service_class, always=False, **choices):
    """Return a class of services that do what another class does.

    It answers a request with ``Prefer: respond-async`` with 202, and does the
    work in the background; any other request is answered by `service_class`
    at once.  With `always`, each request is.  `choices` are as for
    `netsight.async_.in_background`, and so are the errors; TypeError is raised
    for what is no service of plone.restapi, too.
    """
    if not issubclass(service_class, Service):
        raise TypeError(f"{service_class.__qualname__} is no service")
    members = {
        **checked_choices(service_class, choices),
        "always": always,
        "taken_class": service_class,
    }
    traverse = getattr(service_class, "publishTraverse", None)
    if traverse is not None:
        members["publishTraverse"] = traverse
    name = f"{service_class.__name__}InBackground"
    return type(name, (TakenService, service_class), members)
