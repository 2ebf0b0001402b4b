"""What netsight.async 1.1.1 does, on the Zope of today.

That version runs on Python 2 and Zope 2.13 alone.  This is its code where it
matters, and not itself: one mapping at the root has a mapping for each
process, a POST adds one, commits and starts a thread, without a limit; the
thread publishes the request again, and keeps the result in that mapping.

With BENCH_KIND=in_memory all of that is kept in a dict of this Zope instead,
which is the least that one can do.
"""

import threading
import uuid
from io import BytesIO

import transaction
import Zope2
from bench_site import effects
from persistent.mapping import PersistentMapping
from Products.Five import BrowserView
from transaction.interfaces import TransientError
from zope.publisher.skinnable import setDefaultSkin
from ZPublisher.BaseRequest import RequestContainer
from ZPublisher.HTTPRequest import HTTPRequest
from ZPublisher.HTTPResponse import HTTPResponse

from bench_peers import environment


NAME = "async_process_registry"
TRIES = 3

in_memory = {}


def registry_of(app):
    if environment.KIND == "in_memory":
        return in_memory
    root = app._p_jar.root()
    if NAME not in root:
        root[NAME] = PersistentMapping()
    return root[NAME]


def start(view):
    """Start a process; return where its visitor is led to."""
    process_id = uuid.uuid4().hex
    registry = registry_of(view.context)
    make = dict if registry is in_memory else PersistentMapping
    registry[process_id] = make(progress=False, result=None, completed=False)
    environ = dict(view.request.environ)
    view.request.stdin.seek(0)
    body = view.request.stdin.read()
    transaction.commit()
    threading.Thread(target=work, args=(process_id, body, environ)).start()
    return f"processing?process_id={process_id}"


def work(process_id, body, environ):
    for _number in range(TRIES):
        app = Zope2.bobo_application()
        try:
            transaction.begin()
            publish(process_id, app, BytesIO(body), dict(environ))
            transaction.commit()
            return
        except TransientError:
            """Again."""
        finally:
            transaction.abort()
            app._p_jar.close()


def publish(process_id, app, body, environ):
    response = HTTPResponse(stdout=BytesIO(), stderr=BytesIO())
    request = HTTPRequest(body, environ, response)
    try:
        setDefaultSkin(request)
        request.processInputs()
        request["PARENTS"] = [app.__of__(RequestContainer(REQUEST=request))]
        published = request.traverse(request["PATH_INFO"])
        # That is a method of the view.
        response.setBody(run(published.__self__))
        process = registry_of(app)[process_id]
        process["result"] = (
            response.getStatus(),
            dict(response.headers),
            response.body,
        )
        process["progress"] = process["completed"] = True
    finally:
        request.close()


def run(view):
    effects.have(view.context._p_jar.root(), view.request.form["key"])
    return "done"


def status(view):
    """What the page that waits asks for."""
    process = registry_of(view.context)[view.request.form["process_id"]]
    return str(process["progress"])


class JobView(BrowserView):
    """A POST starts a process; a GET is the form."""

    def __call__(self):
        if self.request.method != "POST":
            return "the form"
        return self.request.response.redirect(
            f"{self.context.absolute_url()}/bench-effect/{start(self)}"
        )


class StatusView(BrowserView):
    def __call__(self):
        return status(self)
