"""Processes that wait for a time, for tests."""

import time

import transaction

from netsight.async_ import start_process
from netsight.async_.records.database import get_process
from netsight.async_.records.database import transact
from netsight.async_.running.runner import run
from netsight.async_.tests.support import AsyncTestCase


VIEW = "/retry-job"
LATER = 4102444800
"""The first second of 2100."""


def is_away(view, process_id):
    raise TimeoutError("the mail server is away")


def come(root, process_id):
    """Let the time come that a process waits for."""
    get_process(root, process_id).claim.not_before = time.time() - 1


def show_half(root, process_id):
    """Do what the monitor does when a run tells progress."""
    get_process(root, process_id).show(50, "half")


class RetryTestCase(AsyncTestCase):
    def put_off(self, work=is_away):
        """Return the id of a process whose first run has failed."""
        self.job(work)
        with self.assertLogs("netsight.async_", "WARNING") as logs:
            process_id = self.client().start(VIEW)
        self.logged = logs.output
        return process_id

    def start_later(self, view="job", when=LATER):
        process_id = start_process(self.app, view, not_before=when).id
        transaction.commit()
        return process_id

    def run_in_time(self, process_id):
        transact("test", come, process_id)
        run(process_id)
        return self.process(process_id)

    def run_failing(self, process_id):
        with self.assertLogs("netsight.async_", "WARNING"):
            return self.run_in_time(process_id)
