"""How a run ends.

Each is done in a transaction that the caller commits, and only under the claim
of the run: raises ClaimLostError when that is gone.
"""

from zope.event import notify

from netsight.async_ import interfaces
from netsight.async_.events import ProcessCompletedEvent
from netsight.async_.records.database import get_process
from netsight.async_.records.lease import this_worker
from netsight.async_.records.logs import Log
from netsight.async_.records.responses import take_response


def complete(root, hold, attempts, response, has_progress=False):
    """Complete the process of a Hold with a JobResponse.

    `has_progress` tells whether it had told a number.
    """
    process = _held(root, hold)
    snapshot = take_response(response, process._p_jar)
    process.complete(attempts, snapshot, has_progress)
    notify(ProcessCompletedEvent(process))


def fail(root, hold, attempts, error):
    """Let the process of a Hold fail with an Error; return the End."""
    if not _is_written(root, hold, interfaces.FAILED):
        process = _held(root, hold)
        process.fail(attempts, error)
        process.outcome.token = hold.token
    return get_process(root, hold.process_id).end


def cancel(root, hold, attempts):
    """Let the process of a Hold be cancelled; return the End."""
    if not _is_written(root, hold, interfaces.CANCELLED):
        process = _held(root, hold)
        process.cancel(attempts)
        process.outcome.token = hold.token
    return get_process(root, hold.process_id).end


def keep_log(root, hold, lines):
    """Keep the Lines of the run of a Hold with its outcome, if any."""
    outcome = get_process(root, hold.process_id).outcome
    if lines.lines and outcome.log is None:
        outcome.log = Log(lines)


def put_back(root, hold):
    """Put the process of a Hold back into the queue: it was not begun.

    If somebody wants it cancelled, it is instead, and its End is returned.
    """
    process = get_process(root, hold.process_id)
    if process.is_cancel_requested:
        return cancel(root, hold, 0)
    # Of an earlier attempt, the commit may be done and its answer lost.
    process.check_running(this_worker(), hold.token)
    process.outcome.guard()
    _held(root, hold).claim.put_back()
    return None


def put_off(root, hold, attempts, until):
    """Put the process of a Hold back into the queue, for a POSIX time.

    If somebody wants it cancelled, it is instead, and its End is returned.
    """
    process = get_process(root, hold.process_id)
    if process.is_cancel_requested:
        return cancel(root, hold, attempts)
    # As in `put_back`.
    process.check_running(this_worker(), hold.token)
    process.outcome.guard()
    _held(root, hold).claim.put_off(until)
    if process.told != (None, None):
        process.show(None, None)
    return None


def _is_written(root, hold, state):
    """Tell whether the run of a Hold has written this outcome itself.

    The commit was done then, and its answer lost; others may have put the
    claim away meanwhile.
    """
    outcome = get_process(root, hold.process_id).outcome
    return (outcome.state, outcome.token) == (state, hold.token)


def _held(root, hold):
    process = get_process(root, hold.process_id)
    process.check_claim(this_worker(), hold.token)
    return process
