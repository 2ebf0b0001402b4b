"""What is published below an async view: the methods for visitors.

They carry the view's own roles, so that they work with and without
`allowed_attributes`.
"""

from zExceptions import Forbidden
from zope.interface import implementer
from zope.publisher.interfaces import NotFound
from zope.publisher.interfaces.browser import IBrowserPublisher
from ZPublisher import zpublish

from netsight.async_.answers.csrf import check_start
from netsight.async_.answers.fields import is_process_id
from netsight.async_.answers.headers import no_store
from netsight.async_.answers.headers import vary
from netsight.async_.answers.programs import RETRY_AFTER_SECONDS
from netsight.async_.answers.programs import accepted
from netsight.async_.answers.programs import json_text
from netsight.async_.answers.programs import problem
from netsight.async_.answers.refusals import REFUSED
from netsight.async_.answers.refusals import refusal_of
from netsight.async_.answers.sentences import sentence_of
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import check_writable
from netsight.async_.answers.unstored import tell_if_not_stored
from netsight.async_.browser.question import is_asked
from netsight.async_.browser.question import no_question
from netsight.async_.browser.question import stop_question
from netsight.async_.browser.question import wants_question
from netsight.async_.exceptions import ThreadDiedBeforeCompletionError
from netsight.async_.i18n import _


AGAIN_BY_POST = _(
    "error_again_by_post",
    default="A process is run again by the button on its page.",
)
BAD_PROCESS_ID = _(
    "error_process_id", default="The address has no valid process_id."
)
MAIL_BY_POST = _(
    "error_mail_by_post",
    default="A mail is asked for by the button on the page of a process.",
)
CANCEL_BY_POST = _(
    "error_cancel_by_post",
    default="A process is cancelled by the button on its page.",
)
FORGED_CHANGE = _(
    "error_cancel_forged",
    default="This request does not come from the page of the process. Reload "
    "that page and try again.",
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

    words = {}
    """Sentences of its own for refusals, by exception."""

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
            return self.refuse(400, BAD_PROCESS_ID)
        try:
            return self.answer(process_id)
        except ThreadDiedBeforeCompletionError:
            return self.ended_without_result(process_id)
        except REFUSED as exc:
            return self.refuse(*refusal_of(exc, self.words))

    @property
    def wants_json(self):
        """Whether the request has a true `output_json`."""
        return bool(self.request.form.get("output_json"))

    def answer(self, process_id):
        """Return the body for a known process."""
        raise NotImplementedError

    def check_known(self, process_id):
        """Raise NoSuchProcessError for an unknown id.

        With a true `output_json` the methods of the view return JSON for it.
        """
        if self.wants_json:
            self.view.get_process(process_id)

    def refuse(self, status, sentence):
        """Answer for an odd id, or a process that cannot be shown."""
        if not (self.has_json and self.wants_json):
            return self.view.message_page(status, sentence)
        self.request.response.setStatus(status)
        return json_text(self.request.response, {"completed": "ERROR"})

    def ended_without_result(self, process_id):
        """Answer for a process that failed, with the page for it."""
        if self.view.is_for_program and self.ended_status >= 400:
            return self._problem_of(self.view.get_process(process_id))
        response = self.request.response
        vary(response)
        response.setStatus(self.ended_status)
        no_store(response)
        return self.view.ended_page(process_id)

    def _problem_of(self, process):
        return problem(
            self.request,
            self.ended_status,
            sentence_of(process),
            self.view.process_url(self.name, process.id),
            detail=process.reason,
            state=process.state,
        )


class Processing(SubView):
    """The waiting page; that it tells of a failure is no failure itself."""

    name = "processing"
    ended_status = 200

    def answer(self, process_id):
        no_store(self.request.response)
        return self.view.processing(process_id)


class Completed(SubView):
    """The completion, as JSON if `output_json` is true."""

    name = "completed"
    has_json = True

    def answer(self, process_id):
        self.check_known(process_id)
        completed = self.view.completed(process_id, self.wants_json)
        if self.wants_json:
            return completed
        response = self.request.response
        response.setHeader("Content-Type", "text/plain")
        no_store(response)
        return str(completed)


class Result(SubView):
    """The response of the process; 202 and the waiting page before."""

    name = "result"
    has_json = True

    def answer(self, process_id):
        self.check_known(process_id)
        result = self.view.result(process_id, self.wants_json)
        if result is not None:
            return result
        if self.view.is_for_program and not self.wants_json:
            return accepted(self.view, self.view.get_process(process_id))
        response = self.request.response
        vary(response)
        response.setStatus(202)
        response.setHeader("Retry-After", str(RETRY_AFTER_SECONDS))
        no_store(response)
        if self.wants_json:
            return self.view.completed(process_id, output_json=True)
        return self.view.processing_page(process_id=process_id)


class ProcessStatus(SubView):
    """The richer JSON for the waiting page."""

    name = "process-status"

    def answer(self, process_id):
        return self.view.process_status(process_id)


class ProcessLog(SubView):
    """The lines that a process has logged, as a file to save."""

    name = "process-log"

    def answer(self, process_id):
        return self.view.process_log(process_id)


class Posted(SubView):
    """Changes a process; a POST that is checked as a start is."""

    by_post = None
    """Message id that says so to who has sent no POST."""

    words = {Forbidden: FORGED_CHANGE}

    def answer(self, process_id):
        if self.request.method != "POST":
            self.request.response.setHeader("Allow", "POST")
            return self.refuse(405, self.by_post)
        check_writable(self.context)
        return check_start(self.view) or self.change(process_id)

    def change(self, process_id):
        """Return the body after the change, or a question before it."""
        raise NotImplementedError


class ProcessCancel(Posted):
    """Cancels a process."""

    name = "process-cancel"
    by_post = CANCEL_BY_POST

    def change(self, process_id):
        return self._question(process_id) or self._cancel(process_id)

    def _question(self, process_id):
        """Return the page that asks first, or what a script is to know.

        None if the process is to be cancelled now.
        """
        request = self.request
        if self.view.is_for_program or not is_asked(request):
            return None
        question = stop_question(
            self.view.get_process(process_id),
            request,
            self.view.process_url(self.name, process_id),
            self.view.process_url("processing", process_id),
        )
        if question is not None:
            return self.view.question_page(question)
        return no_question(request) if wants_question(request) else None

    def _cancel(self, process_id):
        tell_if_not_stored(Change(self.view, process_id, "cancel"))
        page = self.view.process_cancel(process_id)
        if not self.view.is_for_program:
            return page
        process = self.view.get_process(process_id)
        self.request.response.headers.pop("location", None)
        # A running one is cancelled at its next sign of life.
        status = 200 if process.is_final else 202
        return accepted(self.view, process, status)


class ProcessAgain(Posted):
    """Runs a process again, and leads to the new one."""

    name = "process-again"
    by_post = AGAIN_BY_POST

    def change(self, process_id):
        tell_if_not_stored(Change(self.view, process_id, "again"))
        return self.view.process_again(process_id)


class ProcessMail(Posted):
    """Has the owner mailed when it has ended, or not, by the field `want`."""

    name = "process-mail"
    by_post = MAIL_BY_POST

    def change(self, process_id):
        tell_if_not_stored(Change(self.view, process_id, "mail"))
        is_wanted = self.request.form.get("want") == "1"
        return self.view.process_mail(process_id, is_wanted)


SUBVIEWS = {
    subview.name: subview
    for subview in (
        Processing,
        Completed,
        Result,
        ProcessStatus,
        ProcessLog,
        ProcessCancel,
        ProcessAgain,
        ProcessMail,
    )
}
