"""What the monitor writes and looks up for the processes that run here.

Each function works in a transaction that its caller commits.
"""

from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.lease import this_worker
from netsight.async_.records.unseen import note_seen


def show(root, batch, fetched):
    """Store progress, and when results were fetched.

    `batch` maps a Hold to what its Report has told, `fetched` a process id to
    a POSIX time, or to None where its owner has only seen that it has ended.
    """
    for hold, told in batch.items():
        process = _held(root, hold)
        if process is not None:
            process.show(*told)
    for process_id, when in fetched.items():
        process = _query(root, process_id)
        if process is not None:
            note_seen(query_registry(root), process)
            if when is not None:
                process.note_fetched(when)


def note_silence(root, changes):
    """Store since when runs are silent.

    `changes` maps a Hold to a POSIX time, or to None if it is heard again.
    """
    for hold, since in changes.items():
        process = _held(root, hold)
        if process is not None:
            process.note_silence(hold.token, since)


def wanted_cancels(root, holds):
    """Return which of these Holds are of processes to be cancelled."""
    processes = [(hold, _query(root, hold.process_id)) for hold in holds]
    return [
        hold
        for hold, process in processes
        if process is not None and process.is_cancel_requested
    ]


def beat(root):
    """Count a heartbeat of this worker."""
    query_registry(root).worker(this_worker()).beat()


def _held(root, hold):
    """Return the process of a Hold, None if its claim is lost.

    Such a run must not overwrite the progress of the new holder.
    """
    process = _query(root, hold.process_id)
    if process is None:
        return None
    held = process.claim.is_held_by(this_worker(), hold.token)
    return process if held else None


def _query(root, process_id):
    try:
        return get_process(root, process_id)
    except NoSuchProcessError:
        return None
