"""What the monitor writes and looks up for the processes that run here.

Each function works in a transaction that its caller commits.
"""

from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.lease import this_worker


def show(root, batch, fetched):
    """Store progress, and when results were fetched.

    `batch` maps a Hold to (number, message), `fetched` a process id to a
    POSIX time.
    """
    for hold, (number, message) in batch.items():
        process = _query(root, hold.process_id)
        # A run that lost its claim must not overwrite the progress of the
        # new holder.
        if process is not None and process.claim.is_held_by(
            this_worker(), hold.token
        ):
            process.progress_part.show(number, message)
    for process_id, when in fetched.items():
        process = _query(root, process_id)
        if process is not None:
            process.retention.note_fetched(when)


def wanted_cancels(root, holds):
    """Return which of these Holds are of processes to be cancelled."""
    processes = [(hold, _query(root, hold.process_id)) for hold in holds]
    return [
        hold
        for hold, process in processes
        if process is not None and process.control.cancel_requested
    ]


def beat(root):
    """Count a heartbeat of this worker."""
    query_registry(root).worker(this_worker()).beat()


def _query(root, process_id):
    try:
        return get_process(root, process_id)
    except NoSuchProcessError:
        return None
