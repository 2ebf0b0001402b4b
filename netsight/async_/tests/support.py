"""A Zope with the test views, and a client that speaks HTTP to it."""

import base64
import re
import threading
import unittest
from collections import Counter
from contextlib import contextmanager
from urllib.parse import parse_qs
from urllib.parse import urlencode
from urllib.parse import urlsplit

import transaction
from AccessControl import getSecurityManager
from AccessControl.SecurityManagement import setSecurityManager
from plone.testing import Layer
from plone.testing import zca
from plone.testing import zope
from Products.SiteAccess.VirtualHostMonster import manage_addVirtualHostMonster
from webtest import TestApp
from zope.component.hooks import setSite
from zope.configuration import xmlconfig
from ZPublisher.httpexceptions import HTTPExceptionHandler
from ZPublisher.WSGIPublisher import publish_module

import netsight.async_.tests
from netsight.async_.executors.thread import ThreadExecutor
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.running.monitor import monitor
from netsight.async_.testing import NETSIGHT_ASYNC_ZOPE_FIXTURE
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.views import JobView
from netsight.async_.tests.waiting import WAIT_SECONDS


MANAGER = ("manager", "s3cret-of-manager")
EDITOR = ("editor", "s3cret-of-editor")
READER = ("reader", "s3cret-of-reader")


class TestViewsLayer(Layer):
    """Adds the test views."""

    def setUp(self):
        zca.pushGlobalRegistry()
        context = zca.stackConfigurationContext(
            self.get("configurationContext")
        )
        self["configurationContext"] = context
        xmlconfig.file("testing.zcml", netsight.async_.tests, context=context)

    def tearDown(self):
        del self["configurationContext"]
        zca.popGlobalRegistry()


TEST_VIEWS = TestViewsLayer(
    bases=(NETSIGHT_ASYNC_ZOPE_FIXTURE,), name="AsyncViews:Zope"
)
ZOPE_FUNCTIONAL = zope.FunctionalTesting(
    bases=(TEST_VIEWS,), name="AsyncViews:ZopeFunctional"
)


class Client(TestApp):
    """Speaks HTTP to the Zope of the test; `login` is (name, password)."""

    def __init__(self, login=None):
        super().__init__(
            HTTPExceptionHandler(publish_module),
            extra_environ={
                "HTTP_ACCEPT": "text/html,*/*;q=0.8",
                "HTTP_HOST": "localhost",
            },
            lint=False,
        )
        if login is not None:
            self.authorization = ("Basic", login)

    def do_request(self, *args, **kwargs):
        # A thread of a server begins without a site.
        setSite(None)
        # The user of the last request belongs to a connection that is closed.
        manager = getSecurityManager()
        try:
            return super().do_request(*args, **kwargs)
        finally:
            setSecurityManager(manager)

    def start(self, path, params=None, **kwargs):
        """POST, and return the id of the process that it started."""
        response = self.post(path, params or {}, **kwargs)
        return self.started(response)

    def started(self, response):
        """Return the id of the process that a response leads to."""
        assert response.status_int == 302, response
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        return query["process_id"][0]

    def see(self, path, subview, process_id, status=200, **form):
        """GET a sub-view for one process."""
        query = urlencode({"process_id": process_id, **form})
        return self.get(f"{path}/{subview}?{query}", status=status)


def basic(login):
    """Return the value of an Authorization header."""
    return "Basic " + base64.b64encode(":".join(login).encode()).decode()


class AsyncTestCase(unittest.TestCase):
    """A Zope root with three users, and jobs that are plain functions."""

    layer = ZOPE_FUNCTIONAL
    base = ""
    """Path of the context that the test uses."""

    def setUp(self):
        self.app = self.layer["app"]
        self.make_users(self.app.acl_users)
        if "virtual_hosting" not in self.app.objectIds():
            manage_addVirtualHostMonster(self.app)
        transaction.commit()

    def tearDown(self):
        JobView.work = None
        self.assertTrue(monitor.stopped(WAIT_SECONDS), "monitor survived")

    def make_users(self, folder):
        folder.userFolderAddUser(*MANAGER, ["Manager"], [])
        folder.userFolderAddUser(*EDITOR, ["Owner"], [])
        folder.userFolderAddUser(*READER, [], [])

    def client(self, login=None):
        return Client(login)

    def job(self, work):
        """Set what `__run__` does: `work(view, process_id)`."""
        JobView.work = staticmethod(work)
        return work

    def path(self, view):
        return f"{self.base}/{view}"

    def run_job(self, work, login=None, view="job", params=None, **kwargs):
        """Run a job to its end, and return (client, process id)."""
        self.job(work)
        client = self.client(login)
        process_id = client.start(self.path(view), params, **kwargs)
        return client, process_id

    def result_of(self, work, status=200, view="job", **kwargs):
        """Run a job to its end, and return the HTTP response `result`."""
        client, process_id = self.run_job(work, view=view, **kwargs)
        return client.see(self.path(view), "result", process_id, status)

    def seen_by(self, work, view="job", **kwargs):
        """Run a job, and return what it returned as a Python object."""
        seen = []
        self.job(lambda view, process_id: seen.append(work(view)))
        self.client(kwargs.pop("login", None)).start(
            self.path(view), kwargs.pop("params", None), **kwargs
        )
        process = self.processes()[-1]
        self.assertEqual(process.state, "completed", process.error)
        return seen[-1]

    @contextmanager
    def held(self, view="job", work=None):
        """Have a job that has done its work and waits, in a block.

        Yields the client that started it and its process id.
        """
        gate = Gate()

        def waiting(view, process_id):
            if work is not None:
                work(view, process_id)
            gate.reach()

        self.job(waiting)
        with self.threads():
            client = self.client()
            process_id = client.start(self.path(view))
            gate.wait()
            try:
                yield client, process_id
            finally:
                gate.open()

    def process(self, process_id):
        """Return the IProcess as it is now."""
        transaction.begin()
        return get_process(self.app, process_id)

    def processes(self):
        """Return all processes, the oldest first."""
        transaction.begin()
        registry = query_registry(self.app)
        ids = registry.process_ids()
        return sorted((registry[i] for i in ids), key=lambda p: p.created)

    @contextmanager
    def threads(self):
        """Run processes on threads, as in production, in a block."""
        executor = ThreadExecutor()
        with processes_run_by(executor):
            try:
                yield executor
            finally:
                self.assertTrue(
                    executor.stop(WAIT_SECONDS), "a thread survived"
                )


class Bell:
    """An executor that notes the rings, and leaves everything queued."""

    runs_here = True

    def __init__(self):
        self.rung = []

    def ring(self, process_id, *choices):
        self.rung.append(process_id)


class Never:
    """An executor that leaves everything queued."""

    def ring(self, process_id, *choices):
        pass


class Gate:
    """Where a job waits until the test lets it go on."""

    def __init__(self):
        self._reached = threading.Event()
        self._open = threading.Event()

    def reach(self):
        """In the job: tell that it is here, and wait."""
        self._reached.set()
        if not self._open.wait(WAIT_SECONDS):
            raise AssertionError("the test did not open the gate")

    def wait(self):
        """In the test: wait until the job is here."""
        if not self._reached.wait(WAIT_SECONDS):
            raise AssertionError("the job did not reach the gate")

    def open(self):
        """In the test: let the job go on."""
        self._open.set()


def ids_twice(response):
    """Return the ids that two elements of an HTML response have."""
    ids = re.findall(r'<[^<>]*\sid="([^"]*)"', response.text)
    return [each for each, count in Counter(ids).items() if count > 1]


def text_of(response):
    """Return the text of an HTML response without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.text))
