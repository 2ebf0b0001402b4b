"""Views of the tests.  What `JobView` does is set by the test."""

from contextlib import contextmanager

from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from zope.component import getMultiAdapter
from zope.interface import alsoProvides
from zope.publisher.browser import BrowserView as OldView
from zope.publisher.interfaces.browser import IDefaultBrowserLayer

from netsight.async_ import BaseAsyncView
from netsight.async_ import Retry
from netsight.async_ import in_background


class IOtherLayer(IDefaultBrowserLayer):
    """A browser layer of another add-on."""


class JobView(BaseAsyncView):
    """Does what the test says: `JobView.work(view, process_id)`."""

    work = None
    broken = ViewPageTemplateFile("broken.pt")

    def initial_page(self, *args, **kwargs):
        return "the form"

    def __run__(self, process_id=None):
        return JobView.work(self, process_id)


class NoIdView(BaseAsyncView):
    """Does not take the id."""

    def __run__(self):
        return "ran without an id"


class ChoosyView(NoIdView):
    """Has no page, and says itself which requests start it."""

    def run_process(self):
        return self.request.form.get("start") == "now"


class KeywordsView(BaseAsyncView):
    """Takes the id among the keywords, as the first example of 1.x."""

    def __run__(self, *args, **kwargs):
        return "process_id" if kwargs["process_id"] else "none"


class Exporting(BrowserView):
    """Somebody else's view: a form, and long work when it is sent."""

    def __call__(self):
        if "export" not in self.request.form:
            return "the form of the export"
        self.request.response.setHeader("Content-Type", "text/csv")
        return f"exported {self.request.form['export']}"


class ExportingBy(BrowserView):
    """Somebody else's view, which the publisher hands fields of the form."""

    def __call__(self, kind=None, limit=10, REQUEST=None):
        is_mine = REQUEST is self.request
        return f"{kind!r} {limit!r} {is_mine}"


class MixedByView(BaseAsyncView, ExportingBy):
    """Does that in the background."""

    def __run__(self, process_id=None):
        return super().__call__()


class FieldsView(BaseAsyncView):
    """Names the fields that it wants."""

    def __run__(self, kind, process_id=None, *, limit=10):
        return f"{kind!r} {limit!r} {process_id}"


class MixedView(BaseAsyncView, Exporting):
    """Does that in the background."""

    def __run__(self, process_id=None):
        return super().__call__()


class ExportingTemplate(BrowserView):
    """Somebody else's view that ends with its template."""

    def __call__(self):
        return self.index(message=self.request.form.get("message", "none"))


class MixedTemplateView(BaseAsyncView, ExportingTemplate):
    """Does that in the background."""

    def __run__(self, process_id=None):
        return super().__call__()


class Deleting(OldView):
    """Somebody else's form with two buttons, on bare zope.publisher."""

    def __init__(self, context, request):
        super().__init__(context, request)
        self.names = sorted(request.form.get("names", "").split())

    def __call__(self):
        if "delete" in self.request.form:
            return f"deleted {self.names}"
        if "cancel" in self.request.form:
            return "nothing deleted"
        return "the form with buttons"


Deleted = in_background(
    Deleting, button="delete", cancellable=True, queue="slow"
)
DeletedByEach = in_background(Deleting, button=("delete", "cancel"))
DeletedIfMany = in_background(Deleting, when=lambda view: len(view.names) > 1)


@contextmanager
def with_another(view):
    """Have a view delete one more, in a block."""
    view.names.append("within")
    yield


DeletedOnce = in_background(
    Deleting,
    button="delete",
    title=lambda view: f"Delete {len(view.names)}",
    within=with_another,
    methods=("GET", "POST"),
    cookies=("box",),
    single="form",
)


class DeletingByAnother(BrowserView):
    """Calls a view that may run in the background."""

    def __call__(self):
        names = (self.context, self.request)
        return getMultiAdapter(names, name="deleted-once-job")()


Exported = in_background(Exporting)
ExportedBy = in_background(ExportingBy)
ExportedTemplate = in_background(ExportingTemplate)


class NothingView(BaseAsyncView):
    """Has no page, and is no other view."""

    def __run__(self, process_id=None):
        return super().__call__()


class TemplatedView(BaseAsyncView):
    """Has its page from ZCML, or from an attribute."""

    def run_process(self):
        return "run" in self.request.form

    def __run__(self, *args, **kwargs):
        return self.__call__(message="from the process", no_process=True)


class AttributePageView(TemplatedView):
    """Has its page in an attribute."""

    initial_page = ViewPageTemplateFile("page.pt")


class OwnProcessingPageView(JobView):
    """Has a waiting page of its own, in the manner of 1.x."""

    processing_page = ViewPageTemplateFile("waiting.pt")


class OwnProcessingMethodView(JobView):
    """Has a method as waiting page."""

    def processing_page(self, process_id=None):
        return "wait for it"


class BarePage(BrowserView):
    """Replaces the waiting page of all views on a layer."""

    def __call__(self, process_id=None, **options):
        return f"site's own page for {process_id}"


class CallingView(BrowserView):
    """Calls an async view instead of being one."""

    def __call__(self):
        return self.context.restrictedTraverse("job")()


class ExemptView(JobView):
    """Is exempt from CSRF checks, as the services of plone.restapi are."""

    def run_process(self):
        from plone.protect.interfaces import IDisableCSRFProtection

        alsoProvides(self.request, IDisableCSRFProtection)
        return super().run_process()


class Thing:
    """No Zope object: only a name and a parent."""

    def __init__(self, parent, name):
        self.__parent__ = parent
        self.__name__ = name


class ThingsView(BrowserView):
    """Traverses to things."""

    def absolute_url(self):
        return f"{self.context.absolute_url()}/@@{self.__name__}"

    def publishTraverse(self, request, name):
        return Thing(self, name)


class CancellableView(JobView):
    """May be cancelled."""

    cancellable = True


class AgainView(JobView):
    """Is run again when its worker died."""

    restart_after_crash = True


class SingleUserView(JobView):
    """Runs once at a time for each user."""

    single = "user"


class SingleContextView(JobView):
    """Runs once at a time in each context."""

    single = "context"


class InTurnView(JobView):
    """Runs once at a time in each context; the next one waits."""

    in_turn = "context"
    cancellable = True


class SingleView(JobView):
    """Runs once at a time."""

    single = "view"


class CodeView(BrowserView):
    """No async view; does what the test says: `CodeView.work(view)`."""

    work = None

    def __call__(self):
        return CodeView.work(self)


class RetryView(JobView):
    """Is tried again when another system is away."""

    retry = Retry(on=OSError, times=2, first_delay=100)
    cancellable = True
