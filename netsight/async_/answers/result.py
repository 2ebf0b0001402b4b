"""The result of a completed process, read once more."""

import logging

from ZODB.POSException import POSKeyError

from netsight.async_.answers.headers import no_store
from netsight.async_.exceptions import ResultGoneError
from netsight.async_.records.database import application_of
from netsight.async_.records.database import is_read_only
from netsight.async_.records.responses import replay
from netsight.async_.running.monitor import monitor


logger = logging.getLogger(__name__)


def replay_result(process, context, request):
    """Set the response as the process did; return the body to publish.

    Has it noted that the result was fetched; a HEAD fetches nothing.  Raises
    ResultGoneError if it cannot be read, and logs why.
    """
    try:
        body = replay(process.response, request.response)
    except (OSError, POSKeyError) as exc:
        logger.exception("the result of process %s is gone", process.id)
        raise ResultGoneError(process.id) from exc
    no_store(request.response)
    is_fetch = request.method != "HEAD"
    if is_fetch and not is_read_only(application_of(context)):
        monitor.note_fetched(process.id)
    return body
