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


def replay_result(process, context, response):
    """Set `response` as the process did; return the body to publish.

    Has it noted that the result was fetched.  Raises ResultGoneError if it
    cannot be read, and logs why.
    """
    try:
        body = replay(process.response, response)
    except (OSError, POSKeyError) as exc:
        logger.exception("the result of process %s is gone", process.id)
        raise ResultGoneError(process.id) from exc
    no_store(response)
    if not is_read_only(application_of(context)):
        monitor.note_fetched(process.id)
    return body
