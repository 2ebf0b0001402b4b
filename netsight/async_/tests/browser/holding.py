"""Objects that keep whoever deletes them waiting."""

import time

from netsight.async_.running.work import current_process


HELD = "held"
"""The id of such an object."""

MOST_SECONDS = 30

STEP_SECONDS = 0.05


def hold(item, event):
    """Wait until the process that deletes an object is cancelled."""
    if item.getId() != HELD:
        return
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        current_process().check_cancelled()
        time.sleep(STEP_SECONDS)
