#!/usr/bin/env python
"""What an open control panel costs, in a minute: requests and CPU of Zope.

    .venv/bin/python tools/panel_cost.py
    PYTHONPATH=../other .venv/bin/python tools/panel_cost.py

Starts a Plone site and Chromium.  The site has 200 processes; of the 20 that
the panel shows none has ended.  CPU is that of the whole Zope, less what it
takes in a minute without a panel.  The second line measures another checkout.
"""

import os
import time
from contextlib import contextmanager
from pathlib import Path

from netsight.async_.tests.browser.list_support import ListTestCase
from netsight.async_.tests.browser.support import BROWSER_LAYER


ENDED, ACTIVE = 180, 20
MINUTE_SECONDS = 60


class Panel(ListTestCase):
    """The processes and the page, with what the tests have for it."""

    path = "/Plone/@@async-processes"

    def runTest(self):
        self.fill()
        self.see()
        os_process = self.server.os_process
        with cpu_ms_of(os_process.pid) as idle:
            self.page.goto("about:blank")
            self.page.wait_for_timeout(MINUTE_SECONDS * 1000)
        self.see()
        asked = []
        self.page.on("request", lambda request: asked.append(request.url))
        with cpu_ms_of(os_process.pid) as opened:
            self.page.wait_for_timeout(MINUTE_SECONDS * 1000)
        print(f"requests in a minute: {len(asked)}")
        print(f"CPU in a minute: {opened[0] - idle[0]:.0f} ms")
        print(f"without a panel: {idle[0]:.0f} ms")

    def fill(self):
        for steps in self.started(ENDED):
            steps.end("done")
        while self.active():
            time.sleep(1)
        self.started(ACTIVE)
        time.sleep(5)

    def active(self):
        self.see("?state=queued")
        queued = self.page.locator("tbody tr[id]").count()
        self.see("?state=running")
        return queued + self.page.locator("tbody tr[id]").count()


@contextmanager
def cpu_ms_of(pid):
    """Put the milliseconds of CPU that a block took into the list it gets."""
    took = []
    before = _cpu_ms(pid)
    yield took
    took.append(_cpu_ms(pid) - before)


def _cpu_ms(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    BROWSER_LAYER.setUp()
    try:
        case = Panel()
        result = case.run()
        for _test, trace in result.errors + result.failures:
            print(trace)
    finally:
        BROWSER_LAYER.tearDown()
