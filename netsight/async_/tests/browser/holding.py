"""Objects that keep whoever deletes them waiting."""

from netsight.async_.running.work import current_process
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


HELD = "held"
"""The id of such an object."""


def hold(item, event):
    """Wait until the process that deletes an object is cancelled."""
    if item.getId() != HELD:
        return
    # That raises ProcessCancelled, which ends the wait.
    wait_until(current_process().check_cancelled, WAIT_SECONDS)
