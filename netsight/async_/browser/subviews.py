"""What is published below an async view: the methods for visitors.

They carry the view's own roles, so that they work with and without
`allowed_attributes`.
"""

import logging

from zExceptions import Forbidden
from zope.interface import implementer
from zope.publisher.interfaces import NotFound
from zope.publisher.interfaces.browser import IBrowserPublisher
from ZPublisher import zpublish

from netsight.async_.answers.csrf import check_start
from netsight.async_.answers.negotiate import vary
from netsight.async_.answers.programs import RETRY_AFTER_SECONDS
from netsight.async_.answers.programs import accepted
from netsight.async_.answers.programs import problem
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import refusal
from netsight.async_.answers.unstored import tell_if_not_stored
from netsight.async_.browser.pages import sentence_of
from netsight.async_.exceptions import NewerFormatError
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import NotCancellableError
from netsight.async_.exceptions import ResultGoneError
from netsight.async_.exceptions import ThreadDiedBeforeCompletionError
from netsight.async_.i18n import _


logger = logging.getLogger(__name__)

PROCESS_ID_CHARS = 64
"""An id is 36 characters; what is longer is refused unread."""

ERROR_PROCESS_ID = _(
    "error_process_id", default="The address has no valid process_id."
)
ERROR_NO_SUCH_PROCESS = _(
    "error_no_such_process",
    default="There is no such process here. It may have expired, or belong "
    "to somebody else.",
)
ERROR_NEWER_FORMAT = _(
    "error_newer_format",
    default="This process was stored by a newer version of the software than "
    "this server has. Please try again later.",
)
ERROR_CANCEL_BY_POST = _(
    "error_cancel_by_post",
    default="A process is cancelled by the button on its page.",
)
ERROR_CANCEL_FORGED = _(
    "error_cancel_forged",
    default="This request does not come from the page of the process. Reload "
    "that page and try again.",
)
ERROR_NOT_CANCELLABLE = _(
    "error_not_cancellable", default="This process cannot be cancelled."
)


def result_gone(process_id):
    """Return the message id that says that a result cannot be read."""
    return _(
        "error_result_gone",
        default="The result of this process cannot be read any more. The "
        "administrators of this site can find the cause by the number "
        "${process_id}.",
        mapping={"process_id": process_id},
    )


def is_process_id(value):
    """Tell whether a form value can be an id: one short printable text."""
    return (
        isinstance(value, str)
        and value.isprintable()
        and 0 < len(value) <= PROCESS_ID_CHARS
    )


@zpublish
@implementer(IBrowserPublisher)
class SubView:
    """Publishes one method of an async view."""

    name = None
    """The last part of the URL."""

    ended_status = 500
    """HTTP status if there will be no result."""

    has_json = False
    """Whether `output_json` gives JSON."""

    def __init__(self, view, request):
        self.view = self.__parent__ = view
        self.context = view.context
        self.request = request
        self.__name__ = self.name
        roles = getattr(view, "__roles__", self)
        if roles is not self:
            self.__roles__ = roles

    def publishTraverse(self, request, name):
        raise NotFound(self, name, request)

    def browserDefault(self, request):
        return self, ()

    def __call__(self):
        """Publish it."""
        process_id = self.request.form.get("process_id")
        if not is_process_id(process_id):
            return self.refuse(400, ERROR_PROCESS_ID)
        try:
            return self.answer(process_id)
        except NewerFormatError:
            return self.refuse(503, ERROR_NEWER_FORMAT)
        except NoSuchProcessError:
            return self.refuse(404, ERROR_NO_SUCH_PROCESS)
        except ThreadDiedBeforeCompletionError:
            return self.ended_without_result(process_id)

    @property
    def wants_json(self):
        """Whether the request has a true `output_json`."""
        return bool(self.request.form.get("output_json"))

    def answer(self, process_id):
        """Return the body for a known process."""
        raise NotImplementedError

    def refuse(self, status, sentence):
        """Answer for an odd id, or a process that cannot be shown."""
        if not (self.has_json and self.wants_json):
            return self.view.message_page(status, sentence)
        self.request.response.setStatus(status)
        return self.view.json_of("ERROR")

    def ended_without_result(self, process_id):
        """Answer for a process that failed, with the page for it."""
        if self.view.is_for_program and self.ended_status >= 400:
            return self._problem_of(self.view._get_process(process_id))
        response = self.request.response
        vary(response)
        response.setStatus(self.ended_status)
        response.setHeader("Cache-Control", "no-store, private")
        return self.view.ended_page(process_id)

    def _problem_of(self, process):
        return problem(
            self.request,
            self.ended_status,
            sentence_of(process),
            self.view.process_url(self.name, process.id),
            state=process.state,
        )


class Processing(SubView):
    """The waiting page; that it tells of a failure is no failure itself."""

    name = "processing"
    ended_status = 200

    def answer(self, process_id):
        self.request.response.setHeader("Cache-Control", "no-store, private")
        return self.view.processing(process_id)


class Completed(SubView):
    """The completion, as JSON if `output_json` is true."""

    name = "completed"
    has_json = True

    def answer(self, process_id):
        completed = self.view.completed(process_id, self.wants_json)
        if self.wants_json:
            return completed
        response = self.request.response
        response.setHeader("Content-Type", "text/plain")
        response.setHeader("Cache-Control", "no-store, private")
        return str(completed)


class Result(SubView):
    """The response of the process; 202 and the waiting page before."""

    name = "result"
    has_json = True

    def answer(self, process_id):
        try:
            result = self.view.result(process_id, self.wants_json)
        except ResultGoneError:
            logger.exception("the result of process %s is gone", process_id)
            return self.refuse(500, result_gone(process_id))
        if result is not None:
            return result
        if self.view.is_for_program and not self.wants_json:
            return accepted(self.view, self.view._get_process(process_id))
        response = self.request.response
        vary(response)
        response.setStatus(202)
        response.setHeader("Retry-After", str(RETRY_AFTER_SECONDS))
        response.setHeader("Cache-Control", "no-store, private")
        if self.wants_json:
            return self.view.completed(process_id, output_json=True)
        return self.view.processing_page(process_id=process_id)


class ProcessStatus(SubView):
    """The richer JSON for the waiting page."""

    name = "process-status"

    def answer(self, process_id):
        return self.view.process_status(process_id)


class ProcessCancel(SubView):
    """Cancels a process; a POST that is checked as a start is."""

    name = "process-cancel"

    def answer(self, process_id):
        if self.request.method != "POST":
            self.request.response.setHeader("Allow", "POST")
            return self.refuse(405, ERROR_CANCEL_BY_POST)
        try:
            return (
                refusal(self.view)
                or check_start(self.view)
                or self._cancel(process_id)
            )
        except Forbidden:
            return self.refuse(403, ERROR_CANCEL_FORGED)
        except NotCancellableError:
            return self.refuse(409, ERROR_NOT_CANCELLABLE)

    def _cancel(self, process_id):
        tell_if_not_stored(Change(self.view, process_id, "cancel"))
        page = self.view.process_cancel(process_id)
        if not self.view.is_for_program:
            return page
        process = self.view._get_process(process_id)
        self.request.response.headers.pop("location", None)
        # A running one is cancelled at its next sign of life.
        status = 200 if process.is_final else 202
        return accepted(self.view, process, status)


SUBVIEWS = {
    subview.name: subview
    for subview in (
        Processing,
        Completed,
        Result,
        ProcessStatus,
        ProcessCancel,
    )
}
