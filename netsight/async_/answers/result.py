"""The result of a completed process, read once more."""

import logging
from functools import partial

from ZODB.POSException import POSKeyError

from netsight.async_.answers.headers import no_store
from netsight.async_.answers.ranges import NO_PART
from netsight.async_.answers.ranges import asked_part
from netsight.async_.answers.ranges import refuse_part
from netsight.async_.answers.ranges import tell_parts
from netsight.async_.answers.relative import made_absolute
from netsight.async_.exceptions import ResultGoneError
from netsight.async_.records.database import application_of
from netsight.async_.records.database import is_read_only
from netsight.async_.records.downloads import Download
from netsight.async_.records.responses import replay
from netsight.async_.running.monitor import monitor


logger = logging.getLogger(__name__)


def replay_result(process, context, request):
    """Set the response as the process did; return the body to publish.

    Or the part of it that was asked for.  Has it noted when the result was
    sent to its end; a HEAD sends nothing.  Raises ResultGoneError if it cannot
    be read, and logs why.
    """
    response = request.response
    part = asked_part(request, process)
    if part == NO_PART:
        return refuse_part(response, process)
    try:
        body = replay(process.response, response, part)
    except (OSError, POSKeyError) as exc:
        logger.exception("the result of process %s is gone", process.id)
        raise ResultGoneError(process.id) from exc
    body = made_absolute(process.response, body, request)
    no_store(response)
    tell_parts(response, process)
    if _is_to_the_end(process, request, part) and not is_read_only(
        application_of(context)
    ):
        _note_when_sent(process, body)
    return body


def _is_to_the_end(process, request, part):
    """Tell whether the last byte is sent, after which all is there."""
    if request.method == "HEAD":
        return False
    return part is None or part.stop == process.response.body.size


def _note_when_sent(process, body):
    """Have it noted that the result was fetched, when it has been."""
    note = partial(monitor.note_fetched, process.id)
    if isinstance(body, Download):
        body.when_sent = note
    else:
        # In memory: nobody tells when the server has sent it.
        note()
