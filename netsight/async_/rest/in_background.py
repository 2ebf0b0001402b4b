"""A service that there is already runs in the background, in one line."""

from contextlib import nullcontext

from plone.restapi.services import Service

from netsight.async_.answers.negotiate import other_preferences
from netsight.async_.answers.negotiate import prefers_async
from netsight.async_.browser.in_background import checked_choices
from netsight.async_.rest.service import AsyncService
from netsight.async_.running.publishing import answer_refusal
from netsight.async_.running.publishing import run_of


class TakenService(AsyncService):
    """Does in the background what a class behind it does at once."""

    always = False
    """Whether each request starts a process, not only one that asks for it."""

    taken_class = None
    """The class that does it."""

    titled_by = None
    """Name of the process for people (str or message id), if it has one."""

    works_within = None
    """Called with the service: the context manager in which it works."""

    def run_process(self):
        """Return True if the request has ``Prefer: respond-async``."""
        return self.always or prefers_async(self.request)

    def render(self):
        """Start a process if the request wants one, else answer at once."""
        if run_of(self.request) or self.run_process():
            return super().render()
        # As if this class were not there.
        return self.taken_class.render(self)

    def process_title(self):
        """Return what people see; a service may have no name."""
        name = self.__name__ or self.taken_class.__name__
        return type(self).titled_by or name

    def __run__(self, process_id=None):
        """Return what the service returns.

        If it raises what is no failure, but says that the request is wrong,
        its answer to that is the result, and its writes are rolled back.
        """
        # It may compare the whole header with what it knows.
        self.request.environ.update(
            HTTP_PREFER=other_preferences(self.request)
        )
        within = type(self).works_within
        try:
            with within(self) if within else nullcontext():
                return self.taken_class.render(self)
        except Exception as exc:
            if not answer_refusal(exc, self.request):
                raise
            return b""


class TakenRegistered(TakenService):
    """The same for a class that is registered already, with all it has."""

    def __new__(cls, context, request):
        """Return what there would be without this class, if that will do."""
        if cls.always or run_of(request) or prefers_async(request):
            return super().__new__(cls)
        return cls.taken_class(context, request)


def service_in_background(
    service_class, always=False, title=None, within=None, **choices
):
    """Return a class of services that do what another class does.

    It answers a request with ``Prefer: respond-async`` with 202, and does the
    work in the background; any other request is answered by `service_class`
    at once.  With `always`, each request is.  `title` (str or message id) is
    what lists call it, else its name.  `within` is called with the service, in
    the process, and returns a context manager, in which the work is done.
    `choices` are as for `netsight.async_.in_background`, and so are the
    errors; TypeError is raised for what is no service of plone.restapi, too.
    """
    own = {"always": always, "title": title, "within": within}
    return taken(TakenService, service_class, **own, **choices)


def taken(
    base, service_class, always=False, title=None, within=None, **choices
):
    """Return a subclass of a TakenService and of a class of services.

    All else is as in `service_in_background`.
    """
    if not issubclass(service_class, Service):
        raise TypeError(f"{service_class.__qualname__} is no service")
    members = {
        **checked_choices(service_class, choices),
        "always": always,
        "titled_by": title,
        "works_within": within,
        "taken_class": service_class,
    }
    traverse = getattr(service_class, "publishTraverse", None)
    if traverse is not None:
        members["publishTraverse"] = traverse
    name = f"{service_class.__name__}InBackground"
    return type(name, (base, service_class), members)
