"""Waiting for what another thread or program does.  Needs only Python."""

import time


WAIT_SECONDS = 30
"""Longest wait for an event; a test that needs it all has failed."""

READY_SECONDS = 60
"""Longest wait for a server to start."""


def wait_until(condition, seconds, step=0.05):
    """Wait until `condition()` is true; return whether it became so."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True
