"""A folder that is deleted while processes of its views are there."""

import transaction

from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never


LASTING = "/@@async-process"


class LastingTestCase(AsyncTestCase):
    base = "/folder"

    def setUp(self):
        super().setUp()
        self.app.manage_addFolder("folder")
        transaction.commit()

    def delete(self):
        self.app.manage_delObjects(["folder"])
        transaction.commit()

    def done(self, login=EDITOR, view="job"):
        self.job(lambda view, process_id: "x")
        return self.client(login).start(self.path(view))

    def queued(self, login=EDITOR, view="cancellable-job"):
        with processes_run_by(Never()):
            return self.client(login).start(self.path(view))

    def see(self, subview, process_id, status=200, login=EDITOR, **form):
        client = self.client(login)
        return client.see(LASTING, subview, process_id, status, **form)


def headers_of(response):
    """Return a dict of the headers, but for the time."""
    return {k: v for k, v in response.headers.items() if k != "Date"}
