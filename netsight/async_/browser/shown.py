"""What visitors see of a process: the methods behind the pages of a view."""

from functools import cached_property
from typing import Any

from zope.component import getMultiAdapter

from netsight.async_ import interfaces
from netsight.async_.actions import cancel
from netsight.async_.actions import run_again
from netsight.async_.answers.headers import no_store
from netsight.async_.answers.headers import vary
from netsight.async_.answers.negotiate import is_program
from netsight.async_.answers.programs import json_text
from netsight.async_.answers.programs import problem
from netsight.async_.answers.result import replay_result
from netsight.async_.answers.status import links_of
from netsight.async_.answers.status import log_text
from netsight.async_.answers.status import shown_progress
from netsight.async_.answers.status import status_of
from netsight.async_.answers.views import check_may_do
from netsight.async_.browser.start import lead_to
from netsight.async_.browser.wishes import wish_mail
from netsight.async_.context import as_came
from netsight.async_.context import home_of
from netsight.async_.context import lasting_view_url
from netsight.async_.context import subview_url
from netsight.async_.exceptions import NewerFormatError
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import ThreadDiedBeforeCompletionError
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.owners import CONTROL


PROCESSING_PAGE = "netsight.async.processing"
"""Name of the view, on any context, that is the waiting page."""

ENDED_PAGE = "netsight.async.ended"
"""Name of the view, on any context, for a process without a result."""

QUESTION_PAGE = "netsight.async.question"
"""Name of the view, on any context, that asks before something is undone."""

MESSAGE_PAGE = "netsight.async.message"
"""Name of the view, on any context, that tells why a request is refused."""


ENDED_WITHOUT_RESULT = (
    interfaces.FAILED,
    interfaces.CANCELLED,
    interfaces.LOST,
)


class Shown:
    """For an IProcessView: all but how a process is found, and where.

    Each method for visitors is published by a sub-view of the same name.
    """

    # For visitors

    def processing(self, process_id: str | None = None) -> Any:
        """Return the waiting page, or redirect to the result when done."""
        process = self.get_process(process_id)
        if self._is_completed(process):
            url = self.process_url("result", process.id)
            return self.request.response.redirect(url)
        return self.processing_page(process_id=process.id)

    def completed(
        self, process_id: str | None = None, output_json: bool = False
    ) -> Any:
        """Return False, True or the progress.  See IAsyncView."""
        try:
            completed = self._completed(self.get_process(process_id))
        except NewerFormatError:
            raise
        except (NoSuchProcessError, ThreadDiedBeforeCompletionError):
            if not output_json:
                raise
            completed = "ERROR"
        return self._json_of(completed) if output_json else completed

    def result(
        self, process_id: str | None = None, output_json: bool = False
    ) -> Any:
        """Return the body of the response, or None.  See IAsyncView."""
        try:
            process = self.get_process(process_id)
            done = self._is_completed(process)
        except NewerFormatError:
            raise
        except (NoSuchProcessError, ThreadDiedBeforeCompletionError):
            if not output_json:
                raise
            return self._json_of("ERROR")
        if done:
            return replay_result(process, self.context, self.request)

    def process_status(self, process_id: str | None = None) -> str:
        """Return what the waiting page polls, as JSON text.

        See `answers.status.status_of`.
        """
        process = self.get_process(process_id)
        return json_text(self.request.response, self.status_of(process))

    def process_log(self, process_id: str | None = None) -> bytes:
        """Return what a process has logged, as plain text to be saved."""
        process = self.get_process(process_id)
        response = self.request.response
        no_store(response)
        for name, value in (
            ("Content-Type", "text/plain; charset=utf-8"),
            (
                "Content-Disposition",
                f'attachment; filename="{process.id}.txt"',
            ),
            ("X-Content-Type-Options", "nosniff"),
        ):
            response.setHeader(name, value)
        return log_text(process, self.request).encode("utf-8", "replace")

    def process_cancel(self, process_id: str | None = None) -> Any:
        """Have a process cancelled, and return to its page.

        A queued one is cancelled at once, a running one at its next
        `set_progress`, `track` or `check_cancelled`; one that has ended stays
        as it is.  Raises NotCancellableError if the view does not allow it,
        and NotAllowedError for who may see it only.
        """
        process = self._process_to(CONTROL, process_id)
        cancel(process)
        url = self.process_url("processing", process.id)
        return self.request.response.redirect(url)

    def process_again(self, process_id=None):
        """Run a process again, and lead to the page of the new one.

        Programs get 202, as for a start.  Raises NotRepeatableError,
        AlreadyRunningError, QueueFullError or NotAllowedError.
        """
        process = self._process_to(CONTROL, process_id)
        registry = query_registry(application_of(self.context))
        return lead_to(self, run_again(registry, process))

    def process_mail(self, process_id=None, is_wanted=True):
        """Have the visitor mailed when their process has ended, or not.

        Leads back to its page; a program gets its status.  Raises NoMailError.
        """
        process = self.get_process(process_id)
        wish_mail(process, self.context, self.request, is_wanted)
        if self.is_for_program:
            return json_text(self.request.response, self.status_of(process))
        url = self.process_url("processing", process.id)
        return self.request.response.redirect(url)

    # For the answers: see IProcessView

    def lasting_url(self, subview, process_id):
        """Return the URL of a sub-view, good also when the context is gone."""
        return subview_url(self._async_lasting_url, subview, process_id)

    @cached_property
    def _async_lasting_url(self):
        return as_came(lasting_view_url(self._async_home), self.request)

    @cached_property
    def _async_home(self):
        """The site, or the root, below which it is good.

        To find it takes as long as all else that a poll does.
        """
        return home_of(self.context) or application_of(self.context)

    def _process_to(self, action, process_id):
        """Return a process that the visitor may do an action to."""
        process = self.get_process(process_id)
        check_may_do(action, process, application_of(self.context))
        return process

    def _asked_id(self, process_id):
        """Return an id, or that of the request; raises NoSuchProcessError."""
        if process_id is None:
            process_id = self.request.form.get("process_id")
        if not isinstance(process_id, str):
            raise NoSuchProcessError(process_id)
        return process_id

    @property
    def is_for_program(self):
        """Whether this request is answered with JSON, and 202 for a start."""
        return is_program(self.request)

    def _get_process(self, process_id=None):
        """Return what `get_process` does; its name in 1.x."""
        return self.get_process(process_id)

    def status_of(self, process):
        """Return what programs are told of a process, a plain dict."""
        registry = query_registry(application_of(self.context))
        status = status_of(process, registry, self.request)
        return {**status, "links": links_of(self, process)}

    def ended_page(self, process_id):
        """Return the page that says why there is no result."""
        return self._page(ENDED_PAGE, process_id=process_id, process_view=self)

    def question_page(self, question):
        """Return the page that asks a `browser.question.Question`."""
        vary(self.request.response)
        no_store(self.request.response)
        return self._page(QUESTION_PAGE, question=question)

    def message_page(self, status, sentence, back_url=None):
        """Set the HTTP status (int); return a page with one message id.

        It links to `back_url`, by default to this view.  Programs get it as
        a problem (RFC 9457).
        """
        if self.is_for_program:
            return problem(self.request, status, sentence)
        vary(self.request.response)
        self.request.response.setStatus(status)
        no_store(self.request.response)
        back_url = back_url or self.async_view_url
        return self._page(MESSAGE_PAGE, sentence=sentence, back_url=back_url)

    # Internal

    def _page(self, name, **options):
        page = getMultiAdapter((self.context, self.request), name=name)
        return page(**options)

    def _is_completed(self, process):
        state = process.state
        if state in ENDED_WITHOUT_RESULT:
            raise ThreadDiedBeforeCompletionError(process.id)
        return state == interfaces.COMPLETED

    def _completed(self, process):
        if self._is_completed(process):
            return 100 if process.has_progress else True
        progress = shown_progress(process)
        return False if progress is None else progress

    def _json_of(self, completed):
        response = self.request.response
        return json_text(response, {"completed": completed})
