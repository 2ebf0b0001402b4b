"""A Zope within this Python process, without a server and without threads.

It is asked by WSGI.  What it queues is run when it is told to; the monitor and
the heartbeat do nothing by themselves.  So what is counted is the same each
time.  Everything is of the checkout that is first on PYTHONPATH.
"""

import base64
import os
import threading
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs
from urllib.parse import urlsplit

from checkout_paths import load_counts

from netsight.async_.tests.instance import include
from netsight.async_.tests.instance import plone_site
from netsight.async_.tests.instance import write_instance
from netsight.async_.tests.instance import zope_site


counts = load_counts()

USER = ("bench", "s3cret-of-bench")
OURS = "netsight.async"
"""What the names of our threads begin with."""

SETTINGS = {
    "NETSIGHT_ASYNC_MAX_QUEUED": "0",
    "NETSIGHT_ASYNC_MAX_QUEUED_USER": "0",
    "NETSIGHT_ASYNC_MAX_QUEUED_ANONYMOUS": "0",
}

AT_ONCE = 500
"""So many records are made in one transaction."""

FORM = "application/x-www-form-urlencoded"


class Rung:
    """An executor that remembers what it was rung for, and runs nothing."""

    runs_here = True

    def __init__(self):
        self.ids = []

    def ring(self, process_id, *choices, **more):
        self.ids.append(process_id)

    def health(self):
        return {"running": 0, "waiting": len(self.ids), "threads": 0}

    def stop(self, timeout):
        return True


class Answer:
    """What a request was answered."""

    def __init__(self, status, headers, body):
        self.status = int(status.partition(" ")[0])
        self.headers = dict(headers)
        self.body = body

    @property
    def process_id(self):
        """Of the process that a redirect leads to."""
        query = urlsplit(self.headers["Location"]).query
        return parse_qs(query)["process_id"][0]


class OneProcess:
    """A Zope on a FileStorage in a folder; there can be one in all.

    If it `is_new`, its configuration is written first.
    """

    def __init__(self, folder, plone=False, is_new=True):
        os.environ.update(SETTINGS)
        hold_threads()
        site = plone_site if plone else zope_site
        self.folder = Path(folder)
        if is_new:
            write_instance(self.folder, 0, site(include("bench_site")))
        self.executor = Rung()
        self.base = "/Plone" if plone else ""
        self._app = self._make_app()
        self._token = ""
        self._set_up(plone)

    @property
    def data(self):
        return self.folder / "var" / "Data.fs"

    def ask(self, path, method="GET", login=None, body=b"", **environ):
        """Return the Answer to a request; `login` is (name, password)."""
        told = []
        path, _mark, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.base + path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT": "text/html,*/*;q=0.8",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": BytesIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **environ,
        }
        if method == "POST":
            environ["CONTENT_TYPE"] = FORM
            environ["CONTENT_LENGTH"] = str(len(body))
        if login is not None:
            text = base64.b64encode(":".join(login).encode()).decode()
            environ["HTTP_AUTHORIZATION"] = f"Basic {text}"
            # Without it plone.protect refuses what a form of Plone may do.
            environ["HTTP_X_CSRF_TOKEN"] = self._token
        chunks = self._app(
            environ,
            lambda status, headers, *_exc: told.extend((status, headers)),
        )
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return Answer(*told, body)

    def started(self, view="bench-small", login=None):
        """Start a process and return its id; it stays queued."""
        return self.ask(f"/{view}", "POST", login).process_id

    def run(self, process_id):
        """Run a process to its end, in this thread."""
        from netsight.async_.running.runner import run

        run(process_id)

    def ended(self, view="bench-small", login=None):
        """Start a process, run it, and return its id."""
        process_id = self.started(view, login)
        self.run(process_id)
        return process_id

    def drain(self):
        """Run all that was started, and recover: nothing of it is active."""
        from netsight.async_.serving.server import Duty

        while self.executor.ids:
            self.run(self.executor.ids.pop())
        duty = Duty()
        while duty():
            pass
        # A round rings for what is queued, also for what was put there.
        self.executor.ids.clear()

    def transact(self, function):
        """Return ``function(application)``, in a transaction of its own."""
        from netsight.async_.records.database import transact

        return transact("bench", function)

    def cool(self):
        """Have no object in any cache."""
        import Zope2

        for database in Zope2.DB.databases.values():
            database.cacheMinimize()

    def others(self):
        """Have another connection do what is done in a block."""
        import Zope2

        return counts.elsewhere(Zope2.DB)

    def settle(self):
        """Have the caches as they are when all is seen that is committed."""
        self.ask("/bench-page")

    def _make_app(self):
        from zope.component import getGlobalSiteManager
        from Zope2.Startup.run import make_wsgi_app
        from ZPublisher.httpexceptions import HTTPExceptionHandler

        from netsight.async_.interfaces import IExecutor

        app = make_wsgi_app({}, str(self.folder / "etc" / "zope.conf"))
        getGlobalSiteManager().registerUtility(self.executor, IExecutor)
        return HTTPExceptionHandler(app)

    def _set_up(self, plone):
        import transaction
        import Zope2
        from bench_site import effects

        app = Zope2.app()
        app.acl_users.userFolderAddUser(*USER, ["Manager"], [])
        if plone:
            from Products.CMFPlone.factory import addPloneSite
            from Testing.makerequest import makerequest

            admin = app.acl_users.getUser(USER[0]).__of__(app.acl_users)
            from AccessControl.SecurityManagement import newSecurityManager

            newSecurityManager(None, admin)
            addPloneSite(makerequest(app), "Plone", setup_content=False)
            self._token = token_of(app.Plone)
        effects.make(app._p_jar.root())
        transaction.commit()
        app._p_jar.close()


def token_of(site):
    """Return what plone.protect asks of the user who is logged in here."""
    from plone.protect.authenticator import createToken
    from zope.component.hooks import site as site_of

    with site_of(site):
        return createToken()


def hold_threads():
    """Have no thread of ours begin: what it would do is called."""
    start = threading.Thread.start

    def start_others(thread):
        if not thread.name.startswith(OURS):
            start(thread)

    threading.Thread.start = start_others


def fill(zope, count, ended, owner=None):
    """Add some small processes that were started just now.

    They are queued, or have completed if `ended`.
    """
    from netsight.async_.records.database import getProcessRegistry
    from netsight.async_.records.ids import new_process_id
    from netsight.async_.tests.record_support import make_process

    more = {} if owner is None else {"owner": owner}

    def add(root, number):
        registry = getProcessRegistry(root)
        for _number in range(number):
            process = make_process(
                new_process_id(), path="/bench-small", **more
            )
            registry.add(process)
            if ended:
                process.complete(1, None)
        if ended:
            for process_id in registry.active_ids():
                if registry[process_id].finished is not None:
                    registry.retire(process_id)

    for begun in range(0, count, AT_ONCE):
        zope.transact(partial(add, number=min(count - begun, AT_ONCE)))
