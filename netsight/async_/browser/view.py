"""The base class: subclass it, and put the work in `__run__`."""

from collections.abc import Iterable
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING
from typing import Any
from typing import Literal
from typing import TypeVar
from urllib.parse import quote

from Products.Five import BrowserView
from zope.interface import implementer

from netsight.async_.answers.asked import asked_process
from netsight.async_.answers.headers import vary
from netsight.async_.answers.interfaces import IProcessView
from netsight.async_.browser.choices import choices_of
from netsight.async_.browser.mixins import call_behind
from netsight.async_.browser.mixins import check_order
from netsight.async_.browser.shown import PROCESSING_PAGE
from netsight.async_.browser.shown import Shown
from netsight.async_.browser.start import start
from netsight.async_.browser.start import started
from netsight.async_.browser.start import title_of
from netsight.async_.browser.start_page import START_PAGE
from netsight.async_.browser.subviews import SUBVIEWS
from netsight.async_.config import DEFAULT_QUEUE
from netsight.async_.context import as_came
from netsight.async_.context import context_path
from netsight.async_.context import context_url
from netsight.async_.context import step_of
from netsight.async_.context import subview_url
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import NothingToCallError
from netsight.async_.exceptions import ThreadDiedBeforeCompletionError
from netsight.async_.i18n import _
from netsight.async_.interfaces import IAsyncView
from netsight.async_.interfaces import IProcess
from netsight.async_.records.database import application_of
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.owners import may_see
from netsight.async_.records.retries import Retry
from netsight.async_.running.arguments import call_as_published
from netsight.async_.running.publishing import run_of
from netsight.async_.running.work import NO_WORK
from netsight.async_.running.work import Work


# What others import from here, since 1.x.
__all__ = [
    "BaseAsyncView",
    "NoSuchProcessError",
    "ThreadDiedBeforeCompletionError",
    "getProcessRegistry",
]

Item = TypeVar("Item")
Within = Literal["user", "context", "view"]
SingleWithin = Literal["user", "context", "form", "view"]

POST_ONLY = _(
    "error_post_only",
    default="There is no page here. A POST to this address starts a process.",
)


@implementer(IAsyncView, IProcessView)
class BaseAsyncView(Shown, BrowserView):
    """A view whose `__run__` is done in the background.

    See IAsyncView.  A request for which `run_process` is true starts a
    process and is redirected to `processing`; any other shows the initial
    page: the attribute or method `initial_page`, else what a class behind this
    one is called for, else the template that the view is registered with, else
    one with the title and a button that starts a process.
    """

    initial_page: Any = None

    if TYPE_CHECKING:
        # A text or message id; without one the name of the view is the title.
        title: str

    cancellable: bool = False
    """Whether its owner, or a manager, may cancel a process of this view."""

    restart_after_crash: bool = False
    """Whether a process whose worker died is run again, else it is lost."""

    max_attempts: int = 3
    """With restart_after_crash: after so many dead workers it is failed."""

    time_limit: int | None = None
    """Seconds that a run may take, its retries included; then it fails."""

    queue: str = DEFAULT_QUEUE
    """Name of the queue in which processes of this view wait."""

    priority: int = 0
    """How early a process is taken, 0 to 9; those with 9 come first."""

    single: SingleWithin | None = None
    """At most one active process: of this view for each "user", of this view
    and "context", of these with the same "form", or of this "view" anywhere in
    the database."""

    max_queued: int | None = None
    """How many processes of this view may wait anywhere in the database, in
    addition to what the settings say; None: any number."""

    in_turn: Within | None = None
    """At most one runs, within the same; a second one waits for its end."""

    retry: Retry | None = None
    """A Retry: which errors begin the work anew, later; None: none."""

    cookies: tuple[str, ...] = ()
    """Names of cookies that a process of this view sees, beside those of the
    setting `cookies`."""

    _found_by = None
    """What leads to it in a URL, if the request has come by another one."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a subclass that could never start a process."""
        super().__init_subclass__(**kwargs)
        check_order(cls, BaseAsyncView)

    def __run__(self, *args: Any, **kwargs: Any) -> Any:
        """Override this with the work to do.  See IAsyncView."""
        raise NotImplementedError(f"{type(self).__name__}.__run__")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Start a process, or show the initial page.

        With a true `no_process`, the page is shown anyway; all other
        arguments are handed to it.  Within `__run__` it is what a class behind
        this one is called for, else the page; raises NothingToCallError if
        there is neither.
        """
        no_process = kwargs.pop("no_process", False)
        run = run_of(self.request)
        if run is not None:
            return self._call_within(run, *args, **kwargs)
        may_start = not no_process and self.request.method != "HEAD"
        if may_start and self.run_process():
            return self._start()
        # Who wrote the view shall learn of a mistake at the first look.
        choices_of(self)
        return self._initial_page(*args, **kwargs)

    # Choices of a subclass

    def run_process(self) -> bool:
        """Return True if this request shall start a process: if it POSTs."""
        return self.request.method == "POST"

    def process_title(self) -> Any:
        """Return what names a new process for people: text or message id.

        What is neither stands for the name of the view.
        """
        return getattr(self, "title", None)

    def processing_page(
        self, process_id: str | None = None, **kwargs: Any
    ) -> Any:
        """Return the page that waits for the process.

        It is the view netsight.async.processing, which a site replaces for
        all views by registering one on its own layer; a subclass replaces it
        for itself by a method or template of this name.
        """
        return self._page(
            PROCESSING_PAGE, process_id=process_id, process_view=self, **kwargs
        )

    # Within `__run__`

    def set_progress(
        self,
        process_id: str | None,
        percentage: float | None,
        message: str | None = None,
    ) -> None:
        """Tell how far the process is.  See IAsyncView."""
        work = self._async_work
        if process_id is not None and process_id != work.id:
            raise NoSuchProcessError(process_id)
        if not work.is_enough(percentage, message):
            work.set_progress(percentage, message)

    def log(self, text: str) -> None:
        """Keep a line for the user, a text or message id.  See IAsyncView."""
        self._async_work.log(text)

    def check_cancelled(self) -> None:
        """Raise ProcessCancelled if somebody wants this process cancelled.

        Raises TimeLimitExceeded if it has run for longer than `time_limit`.
        """
        self._async_work.check_cancelled()

    def track(
        self, iterable: Iterable[Item], total: int | None = None
    ) -> Iterator[Item]:
        """Yield the items of `iterable`, and report progress item by item.

        `total` is their number (int); without it ``len(iterable)`` is taken
        and, where there is none, only the count is told.
        """
        return self._async_work.track(iterable, total)

    def checkpoint(self) -> None:
        """Commit what is done so far, and shrink the ZODB cache to its size.

        From here on it stays, whatever becomes of the process: a later
        attempt must find out what is done.  Raises ProcessCancelled if
        somebody wants the process cancelled, ClaimLostError if it was given
        to another worker, ConflictError as any commit: then the run begins
        anew, also if that is caught.
        """
        self._async_work.checkpoint()

    @cached_property
    def _async_work(self):
        """What `current_process` returns within the run of this view."""
        run = run_of(self.request)
        return NO_WORK if run is None else Work(run, self.request)

    # Traversal

    def publishTraverse(self, request, name):
        """Return a sub-view, or what a base class finds.

        For a POST to `result` it is this view.  The page there may have its
        form, and a form without an action is sent to where its page is.
        """
        if name == "result" and request.method == "POST":
            url = request["ACTUAL_URL"].removesuffix(f"/{name}")
            request["ACTUAL_URL"] = url
            return self
        if name in SUBVIEWS:
            return SUBVIEWS[name](self, request)
        return super().publishTraverse(request, name)

    def browserDefault(self, request):
        """Publish the view itself, not its method: see `__allow_groups__`."""
        if getattr(self, "__page_attribute__", "__call__") != "__call__":
            return super().browserDefault(request)
        return self, ()

    @property
    def __allow_groups__(self):
        """Who validates the user: for the runner's own request, no folder.

        See `running.publishing.Impersonation`.
        """
        run = run_of(self.request)
        if run is None:
            raise AttributeError("__allow_groups__")
        return run.impersonation(self, self.request)

    # Addresses

    @property
    def async_view_path(self) -> str:
        """Physical path of the context, '/', name of the view.

        A namespace that the view was found in stands before the name.
        """
        return f"{context_path(self.context)}/{self._step}"

    @property
    def async_view_url(self) -> str:
        """URL of the view as seen from outside."""
        name = quote(self._step, safe="+")
        if f"/@@{name}" in self.request["URL"]:
            name = f"@@{name}"
        url = f"{context_url(self.context, self.request)}/{name}"
        return as_came(url, self.request)

    def process_url(self, subview: str, process_id: str) -> str:
        """Return the URL of a sub-view for one process."""
        return subview_url(self.async_view_url, subview, process_id)

    # For the answers: see IProcessView

    def get_process(self, process_id: str | None = None) -> IProcess:
        """Return the IProcess with that id, or with the request's.

        Raises NoSuchProcessError for any that is not of this view and
        context, or is not for this visitor.
        """
        process_id = self._asked_id(process_id)
        process = asked_process(
            application_of(self.context), process_id, self.request
        )
        if process.view_path != self.async_view_path:
            raise NoSuchProcessError(process_id)
        if not may_see(process, self.context):
            raise NoSuchProcessError(process_id)
        return process

    # Internal

    @property
    def _step(self):
        return self._found_by or step_of(self, self.request)

    def _start(self):
        return start(self)

    def _run(self):
        """Start a process; return its id (str).

        Its name is of 1.x: a view's own `__call__` may call it, and a start
        calls what overrides it.  Within `__run__` it starts nothing, and
        returns the id of the running process.  Raises what `started` does.
        """
        run = run_of(self.request)
        return started(self).id if run is None else run.process_id

    def _call_within(self, run, *args, **kwargs):
        call = call_behind(self, BaseAsyncView)
        if call is not None and not args and not kwargs:
            return call_as_published(call, self.request, run.process_id)
        call = call or self._page_call()
        if call is None:
            raise NothingToCallError(type(self).__name__)
        return call(*args, **kwargs)

    def _page_call(self):
        """Return what is called for the initial page, or None."""
        return (
            self.initial_page
            or call_behind(self, BaseAsyncView)
            # The template that the view is registered with.
            or getattr(self, "index", None)
        )

    def _initial_page(self, *args, **kwargs):
        page = self._page_call()
        if page is None:
            return self._no_page()
        if self._stands_for(page) and not args and not kwargs:
            return call_as_published(page, self.request)
        return page(*args, **kwargs)

    def _stands_for(self, page):
        """Tell whether the publisher would have called that class behind."""
        if self.request.get("PUBLISHED") is not self:
            return False
        return page == call_behind(self, BaseAsyncView)

    def _no_page(self):
        """Return a page with a button that starts a process, or a 405."""
        if self._is_for_start_page:
            vary(self.request.response)
            return self._page(
                START_PAGE, process_view=self, title=title_of(self)
            )
        self.request.response.setHeader("Allow", "POST")
        back_url = context_url(self.context, self.request)
        return self.message_page(405, POST_ONLY, back_url)

    @property
    def _is_for_start_page(self):
        """Whether a person has come by a GET, and any POST would start it."""
        starts = type(self).run_process is BaseAsyncView.run_process
        is_get = self.request.method in ("GET", "HEAD")
        return starts and is_get and not self.is_for_program
