"""A child that is forked by a process with threads, as servers do."""

import os
import subprocess
import sys
import unittest

from netsight.async_.tests.waiting import WAIT_SECONDS


FORK = """
import os
import threading

from netsight.async_.running import runner
from netsight.async_.executors.thread import thread_executor
from netsight.async_.records.lease import Hold
from netsight.async_.records.lease import this_worker
from netsight.async_.records.lease import lookout
from netsight.async_.running.monitor import monitor

WAIT = {wait}
name = this_worker()

def ask_in_vain():
    # A thread that the child does not have waits for ever.
    thread_executor._changed.acquire()
    lookout._lock.acquire()
    runner.claim_lock.acquire()
    monitor.watch(Hold("parent", "token"))
    monitor._lock.acquire()
    held.set()
    threading.Event().wait()

held = threading.Event()
threading.Thread(target=ask_in_vain, daemon=True).start()
assert held.wait(WAIT)

def check_child():
{check}

child = os.fork()
if not child:
    threading.Timer(WAIT, os._exit, (2,)).start()
    status = 1
    try:
        check_child()
        status = 0
    finally:
        os._exit(status)
_pid, status = os.waitpid(child, 0)
os._exit(os.waitstatus_to_exitcode(status))
"""


@unittest.skipUnless(hasattr(os, "fork"), "the system has no fork")
class ForkTests(unittest.TestCase):
    def check(self, *lines):
        """Fork while all locks are held, and run lines in the child."""
        check = "\n".join(f"    {line}" for line in lines)
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                FORK.format(wait=WAIT_SECONDS, check=check),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_child_is_another_worker(self):
        self.check(
            "assert this_worker() != name",
            "assert str(os.getpid()) in this_worker()",
        )

    def test_a_child_has_no_runs_and_a_monitor_that_works(self):
        self.check(
            "assert monitor.holds() == set()",
            "served = threading.Event()",
            "monitor.serve(served.set)",
            "assert served.wait(WAIT)",
            "assert monitor.stop(WAIT)",
        )

    def test_a_child_runs_what_is_rung_there(self):
        self.check(
            "ran = threading.Event()",
            "thread_executor._run = lambda process_id: ran.set()",
            "thread_executor.ring('an-id')",
            "assert ran.wait(WAIT)",
            "assert thread_executor.stop(WAIT)",
        )

    def test_a_child_can_claim_and_watch(self):
        self.check(
            "assert runner.claim_lock.acquire(timeout=WAIT)",
            "assert lookout._lock.acquire(timeout=WAIT)",
        )
