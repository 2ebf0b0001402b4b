"""The answers for programs: 202 with JSON, and problems (RFC 9457)."""

import json

from zope.i18n import translate

from netsight.async_.answers.headers import no_store
from netsight.async_.answers.headers import vary
from netsight.async_.answers.negotiate import RESPOND_ASYNC
from netsight.async_.answers.negotiate import prefers_async
from netsight.async_.context import as_came
from netsight.async_.i18n import _


RETRY_AFTER_SECONDS = 5

PROBLEMS = (
    "https://github.com/netsight/netsight.async/blob/HEAD/docs/reference/"
    "problems.rst"
)
"""Where the types of problems are explained."""

NO_TOKEN = _(
    "program_no_token",
    default="This request has no token of this site. A program sends the "
    "header “Prefer: respond-async” instead, and no Origin of another site.",
)
FOR_PROGRAMS = {
    "error_forged_start": NO_TOKEN,
    "error_cancel_forged": NO_TOKEN,
}
"""What is said in place of a sentence that tells what to do with a page."""


def accepted(view, process, status=202):
    """Answer for a process that has not ended, or has just been started.

    Returns what ``process-status`` says of it at an IProcessView.
    """
    request, response = view.request, view.request.response
    response.setStatus(status)
    if not process.is_final:
        response.setHeader("Retry-After", str(RETRY_AFTER_SECONDS))
    if prefers_async(request):
        response.setHeader("Preference-Applied", RESPOND_ASYNC)
    vary(response)
    return json_text(response, view.status_of(process))


def json_text(response, value, media_type="application/json"):
    """Return plain data as JSON text, and say on the response that it is."""
    response.setHeader("Content-Type", media_type)
    no_store(response)
    return json.dumps(value)


def problem(request, status, sentence, instance=None, detail=None, **more):
    """Set the HTTP status (int); return a problem as JSON text.

    Its type is made from the message id `sentence`, its detail is the text of
    that, or of `detail`; `instance` is a URL, by default that of the request.
    """
    response = request.response
    response.setStatus(status)
    vary(response)
    detail = detail or FOR_PROGRAMS.get(sentence, sentence)
    told = {
        "type": f"{PROBLEMS}#{problem_name(sentence)}",
        # The words of the status line; Python's change with its version.
        "title": response.errmsg,
        "status": status,
        "detail": translate(detail, context=request),
        "instance": instance or as_came(request["ACTUAL_URL"], request),
        **more,
    }
    return json_text(response, told, "application/problem+json")


def problem_name(sentence):
    """Return the name of a problem: error_single is "single"."""
    return sentence.partition("_")[2].replace("_", "-")
