"""Processes of users, and how a list shows them."""

import re

from netsight.async_.records.database import getProcessRegistry
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import Never


class Counter:
    """Counts the loads of connections when they are closed."""

    loads = 0

    def closedConnection(self, connection):
        self.loads += connection.getTransferCounts(True)[0]


class ListMixin:
    """Processes by the editor, and the rows of a page; for a test case."""

    def registry(self):
        return getProcessRegistry(self.app)

    def done(self, login=EDITOR, view="job"):
        """Return the id of a process that completed."""
        return self.run_job(lambda view, pid: "x", login, view)[1]

    def failed(self, login=EDITOR, view="again-job"):
        with self.assertLogs("netsight.async_", "ERROR"):
            return self.run_job(lambda view, pid: 1 / 0, login, view)[1]

    def queued(self, login=EDITOR, view="cancellable-job"):
        with processes_run_by(Never()):
            return self.client(login).start(self.path(view))

    def ids(self, page):
        """Return the ids of the rows of a page."""
        return re.findall(r'<tr[^>]* id="netsight-async-([^"]+)"', page.text)

    def row(self, page, process_id):
        """Return the HTML of a row."""
        start = page.text.index(f'id="netsight-async-{process_id}"')
        return page.text[start:].partition("</tr>")[0]

    def state(self, process_id):
        return self.process(process_id).state

    def loads(self, path, login):
        """Return how many objects a request loads with empty caches."""
        database = self.app._p_jar.db()
        database.cacheMinimize()
        before = database.getActivityMonitor()
        database.setActivityMonitor(counter := Counter())
        try:
            self.client(login).get(path)
        finally:
            database.setActivityMonitor(before)
        return counter.loads
