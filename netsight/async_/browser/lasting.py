"""The address of a process that needs no context: ``@@async-process``."""

from Products.Five import BrowserView
from zope.interface import implementer

from netsight.async_.answers.asked import asked_process
from netsight.async_.answers.headers import no_store
from netsight.async_.answers.headers import vary
from netsight.async_.answers.interfaces import IProcessView
from netsight.async_.answers.negotiate import HTML
from netsight.async_.answers.negotiate import JSON
from netsight.async_.answers.negotiate import prefers
from netsight.async_.answers.views import find_view
from netsight.async_.answers.views import may_see_somewhere
from netsight.async_.answers.views import may_use
from netsight.async_.browser.shown import PROCESSING_PAGE
from netsight.async_.browser.shown import Shown
from netsight.async_.browser.subviews import SUBVIEWS
from netsight.async_.browser.subviews import SubView
from netsight.async_.context import context_path
from netsight.async_.context import context_url
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.i18n import _
from netsight.async_.interfaces import IAsyncView
from netsight.async_.queries import is_below
from netsight.async_.records.database import application_of


CONTEXT_GONE = _(
    "hint_context_gone",
    default="The content that it was started on is not there any more.",
)


class NoForm(SubView):
    """Answers a form whose view is gone."""

    name = "result"

    def __call__(self):
        return self.refuse(404, CONTEXT_GONE)


@implementer(IProcessView)
class LastingView(Shown, BrowserView):
    """Shows the processes of a site to their owners, and to managers.

    It leads people to the pages of the view that a process is of.  Where that
    is gone, or does not let them in any more, it has the same pages itself.
    """

    def publishTraverse(self, request, name):
        """Return a sub-view, or what a base class finds.

        A form without an action, on the page that is a result, is told that
        the view for it is gone.
        """
        if name == "result" and request.method == "POST":
            return NoForm(self, request)
        if name in SUBVIEWS:
            return SUBVIEWS[name](self, request)
        return super().publishTraverse(request, name)

    def browserDefault(self, request):
        """Publish the waiting page."""
        return self, ("processing",)

    # For visitors

    def processing(self, process_id=None):
        """Lead to the waiting page of the view, or be it."""
        return self._at_view("processing") or super().processing(process_id)

    def result(self, process_id=None, output_json=False):
        """Lead a browser to the result at the view, or return its body."""
        is_browser = prefers(self.request, HTML, JSON)
        if is_browser and not (output_json or self.is_for_program):
            url = self._at_view("result")
            if url is not None:
                # No body: where it leads to has it.
                return b""
        return super().result(process_id, output_json)

    def processing_page(self, process_id=None, **kwargs):
        """Return the stock page that waits for a process."""
        return self._page(
            PROCESSING_PAGE, process_id=process_id, process_view=self, **kwargs
        )

    def ended_page(self, process_id):
        """Return the page that says why there is no result: the view's own.

        Or the stock one; so a view of 1.x need not have any.
        """
        view = self._view_of(self.get_process(process_id))
        page = super().ended_page if view is None else view.ended_page
        return page(process_id)

    def _at_view(self, subview):
        """Redirect to a page of the process at its view; return the URL.

        None if there is no view, or it would not show it.  Raises
        ThreadDiedBeforeCompletionError if there will be no result.
        """
        process = self.get_process()
        self._is_completed(process)
        view = self._view_of(process)
        if view is None:
            return None
        response = self.request.response
        vary(response)
        no_store(response)
        return response.redirect(view.process_url(subview, process.id))

    def _view_of(self, process):
        """Return the view that shows a process to this visitor, or None."""
        view = find_view(process, self._root, self.request)
        if not IAsyncView.providedBy(view) or not may_use(view):
            return None
        # This request has not come by it.
        view._found_by = process.view_path.rpartition("/")[2]
        return view if view.async_view_path == process.view_path else None

    # Where, and which

    @property
    def async_view_path(self):
        """Physical path of the context, '/', name: for the log."""
        return f"{context_path(self.context)}/{self.__name__}"

    @property
    def async_view_url(self):
        """Where links back lead to: the context of this view."""
        return context_url(self.context, self.request)

    def process_url(self, subview, process_id):
        """Return the URL of a sub-view for one process."""
        return self.lasting_url(subview, process_id)

    def get_process(self, process_id=None):
        """Return the IProcess with that id, or with the request's.

        Raises NoSuchProcessError for any that is not of this site, or not for
        this visitor.
        """
        process_id = self._asked_id(process_id)
        process = asked_process(self._root, process_id, self.request)
        site_path = "/".join(self._async_home.getPhysicalPath())
        if not is_below(process, site_path):
            raise NoSuchProcessError(process_id)
        if not may_see_somewhere(process, self._root, self.request):
            raise NoSuchProcessError(process_id)
        return process

    @property
    def _root(self):
        return application_of(self.context)
