"""How a run ends.

Each is done in a transaction that the caller commits, and only under the claim
of the run: raises ClaimLostError when that is gone.
"""

from zope.event import notify

from netsight.async_.events import ProcessCompletedEvent
from netsight.async_.records.database import get_process
from netsight.async_.records.lease import this_worker
from netsight.async_.records.responses import take_response


def complete(root, hold, attempts, response):
    """Complete the process of a Hold with a JobResponse."""
    process = _held(root, hold)
    process.complete(attempts, take_response(response, process._p_jar))
    notify(ProcessCompletedEvent(process))


def fail(root, hold, attempts, error):
    """Let the process of a Hold fail with an Error."""
    _held(root, hold).fail(attempts, error)


def cancel(root, hold, attempts):
    """Let the process of a Hold be cancelled."""
    _held(root, hold).cancel(attempts)


def _held(root, hold):
    process = get_process(root, hold.process_id)
    process.check_claim(this_worker(), hold.token)
    return process
