"""How ZPublisher publishes for us, and what stands in for Zope's own there.

A request, a response, and the user folder.  This is the one module that calls
the publisher.
"""

import tempfile
from io import BytesIO

import transaction
from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from AccessControl.SecurityManagement import newSecurityManager
from transaction.interfaces import TransientError
from zExceptions import Unauthorized as UnauthorizedAnswer
from zExceptions import upgradeException
from zope.component.hooks import setSite
from ZPublisher.HTTPRequest import WSGIRequest
from ZPublisher.HTTPResponse import WSGIResponse
from ZPublisher.WSGIPublisher import _exc_view_created_response
from ZPublisher.WSGIPublisher import publish
from ZPublisher.WSGIPublisher import publish_module

from netsight.async_ import config
from netsight.async_.records.body import SPOOL_BYTES
from netsight.async_.records.handed import FORM
from netsight.async_.records.handed import handed
from netsight.async_.records.owners import find_user
from netsight.async_.records.plain import loads


publish_view = publish
"""ZPublisher's own way from a request to a response, through the view."""


def publish_environ(environ, handle, make_request):
    """Have Zope handle a request as it does one that came over HTTP.

    In a transaction of this thread, which is committed, and repeated when it
    conflicts.  ``handle(request, module_info)`` takes the place of
    `publish_view`; it returns the response.
    ``make_request(stdin, environ, response)`` returns the request.  Whatever
    is raised comes out, if the environ says ``x-wsgiorg.throw_errors``.
    """
    publish_module(
        environ,
        lambda status, headers, exc_info=None: None,
        _publish=handle,
        _request_factory=make_request,
        _response_factory=JobResponse,
    )


def answer_refusal(exc, request):
    """Answer a request by what Zope answers to an exception, if it is a 4xx.

    The transaction is doomed then.  Returns False if it is another one, such
    as an error of the server, or one for which Zope repeats the request.  To
    be called where the exception is handled.
    """
    exc = _upgraded(exc)
    if isinstance(exc, TransientError) or not _is_refusal(exc):
        return False
    # There is no public way to it.
    if not _exc_view_created_response(exc, request, request.response):
        return False
    if isinstance(exc, UnauthorizedAnswer):
        exc.setRealm(request.response.realm)
        request.response._unauthorized()
        request.response.setStatus(exc.getStatus())
    transaction.doom()
    return True


def _upgraded(exc):
    """Return an exception as Zope would answer it: one of zExceptions."""
    kind, _ = upgradeException(type(exc), None)
    return exc if isinstance(exc, kind) else kind(str(exc))


def _is_refusal(exc):
    told = WSGIResponse()
    told.setStatus(type(exc))
    return 400 <= told.status < 500


class OwnRequest(WSGIRequest):
    """A request that we publish ourselves, on a thread of our own."""

    def close(self):
        """Forget all; when Zope calls this, the connection is closed.

        The site goes first: those who are told of this are looked up in its
        registry, which may have to be loaded.
        """
        setSite(None)
        super().close()


class JobRequest(OwnRequest):
    """The request of a running process.

    Only `running.runner` makes one with an `async_run`, its Run.  It is an
    attribute of the class and so is never looked up in the form, environ or
    cookies.
    """

    async_run = None

    @property
    def retry_max_count(self):
        """How often the request is repeated: more often than that of a page.

        Nobody waits for an answer, and there is more that would be lost.
        """
        return config.get("conflict-retries")

    def delay_retry(self):
        """Wait before `retry`."""
        self.async_run.pause(self.retry_count)

    def retry(self):
        request = super().retry()
        request.async_run = self.async_run
        request.async_run.forget_attempt()
        return request

    def processInputs(self, *args, **kwargs):
        super().processInputs(*args, **kwargs)
        text = self.async_run and handed(self, FORM)
        if text is not None:
            self.form.update(loads(text))

    def traverse(self, path, response=None, validated_hook=None):
        """Return what calls `__run__` of the process's view."""
        published = super().traverse(path, response, validated_hook)
        if self.async_run is None:
            # A clone.
            return published
        return self.async_run.callable_for(published, self)


def run_of(request):
    """Return the Run that made `request`, or None for all other requests."""
    return request.async_run if isinstance(request, JobRequest) else None


class JobResponse(WSGIResponse):
    """A response whose ``write`` does not fill the memory."""

    address = None
    """Path of the request, see `context.address_of`; None if not known."""

    def write(self, data):
        """Add bytes to the output."""
        if not self._streaming:
            self.stdout = tempfile.SpooledTemporaryFile(SPOOL_BYTES)
        super().write(data)

    def detach(self):
        """Return what was written, a file, and the body; empty self.

        They outlive publishing.
        """
        # The publisher closes the file that it gave.
        written = self.stdout if self._streaming else BytesIO()
        body = self.body
        self.stdout, self.body = BytesIO(), b""
        return written, body

    def retry(self):
        """Return a response without the output of this attempt."""
        self.stdout.close()
        return type(self)()


class Impersonation:
    """Stands in for the user folder when the runner publishes a view.

    ZPublisher.BaseRequest.traverse asks the published object's
    ``__allow_groups__`` for the user before any user folder.
    """

    def __init__(self, owner, root, view):
        self.owner = owner
        self.root = root
        self.view = view

    def validate(self, request, auth="", *roles):
        """Return the recorded user, if there still is one that may.

        `roles` is what the view asks for, left out if it asks nothing.
        Raises Unauthorized otherwise.  It never returns None, which would
        make Zope ask the user folders and go on as Anonymous.
        """
        user = find_user(self.root, self.owner)
        if user is None:
            raise Unauthorized(f"user {self.owner.user_id!r} is gone")
        newSecurityManager(request, user)
        context = self.view.__parent__
        if not getSecurityManager().validate(
            context, context, self.view.__name__, self.view, *roles
        ):
            raise Unauthorized(f"user {self.owner.user_id!r} may not")
        return user
