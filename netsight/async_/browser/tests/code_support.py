"""What tests of `start_process` share: users, requests, and functions."""

from contextlib import contextmanager

import transaction
from AccessControl.SecurityManagement import newSecurityManager
from AccessControl.SecurityManagement import noSecurityManager

from netsight.async_ import start_process
from netsight.async_.records.owners import find_user_above
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.views import CodeView
from netsight.async_.tests.views import JobView


class CodeTestCase(AsyncTestCase):
    """Starts processes from code; the inline executor runs them."""

    def setUp(self):
        super().setUp()
        self.job(lambda view, process_id: "done")

    def tearDown(self):
        noSecurityManager()
        CodeView.work = None
        super().tearDown()

    def log_in(self, login, context=None):
        user = find_user_above(context or self.app, login[0])
        newSecurityManager(None, user)

    def start(self, context, work, *args, **kwargs):
        """Start a process, commit, and return it as it is then."""
        process_id = start_process(context, work, *args, **kwargs).id
        transaction.commit()
        return self.process(process_id)

    def result(self, process):
        """Return the text that a process has answered with."""
        self.assertEqual(process.state, "completed", process.error)
        return process.response.body.read().decode()

    def error_of(self, *args, **kwargs):
        """Start a process that fails, and return its error."""
        with self.assertLogs("netsight.async_", "ERROR"):
            process = self.start(*args, **kwargs)
        self.assertEqual(process.state, "failed")
        return process.error

    def in_request(self, work, path="/code", login=None, **kwargs):
        """Do ``work(view)`` in a request; return the response."""
        CodeView.work = staticmethod(work)
        return self.client(login).get(path, **kwargs)

    def page_at(self, url, login=None):
        """Return the page that a URL leads to in the end."""
        page = self.client(login).get(url)
        while page.status_int == 302:
            page = page.follow()
        return page

    def last(self):
        return self.processes()[-1]


def seen(function):
    """Return the work of a job that answers with ``repr(function(view))``."""
    JobView.work = staticmethod(lambda view, pid: repr(function(view)))


@contextmanager
def folder_in(app, name="folder"):
    """Have a folder in a Zope application, in a block."""
    app.manage_addFolder(name)
    transaction.commit()
    try:
        yield app[name]
    finally:
        transaction.begin()
        if name in app.objectIds():
            app.manage_delObjects([name])
        transaction.commit()


# Functions that tests start


def shout(context, text, mark="!"):
    return f"{context.getId()}: {text.upper()}{mark}"


def retitle(context, title):
    context.title = title
