"""How ZPublisher publishes for us, and what stands in for Zope's own there.

A request, a response, and the user folder.  This is the one module that calls
the publisher.
"""

import tempfile
from copy import copy
from io import BytesIO

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from AccessControl.SecurityManagement import newSecurityManager
from AccessControl.SecurityManagement import noSecurityManager
from zope.component.hooks import setSite
from ZPublisher.HTTPRequest import WSGIRequest
from ZPublisher.HTTPResponse import WSGIResponse
from ZPublisher.WSGIPublisher import publish as publish_view
from ZPublisher.WSGIPublisher import publish_module

from netsight.async_.records.owners import find_user
from netsight.async_.records.responses import SPOOL_BYTES


__all__ = [
    "Impersonation",
    "JobRequest",
    "JobResponse",
    "OwnRequest",
    "publish_environ",
    "publish_view",
]


def publish_environ(environ, publish, make_request):
    """Have Zope handle a request as it does one that came over HTTP.

    In a transaction of this thread, which is committed, and repeated when it
    conflicts.  ``publish(request, module_info)`` stands in for ZPublisher's
    function of that name, `publish_view` here; it returns the response.
    ``make_request(stdin, environ, response)`` returns the request.  Whatever
    is raised comes out, if the environ says ``x-wsgiorg.throw_errors``.
    """
    publish_module(
        environ,
        lambda status, headers, exc_info=None: None,
        _publish=publish,
        _request_factory=make_request,
        _response_factory=JobResponse,
    )


class OwnRequest(WSGIRequest):
    """A request that we publish ourselves, on a thread of our own."""

    def __init__(self, stdin, environ, response, clean=0):
        super().__init__(stdin, environ, response, clean)
        # As plone.subrequest makes, in the middle of another.
        self._is_clone = bool(clean)

    def close(self):
        """Forget all; when Zope calls this, the connection is closed.

        User and site go first: those who are told of this are looked up in
        the registry of the site, which may have to be loaded.
        """
        if not self._is_clone:
            noSecurityManager()
            setSite(None)
        super().close()


class JobRequest(OwnRequest):
    """The request of a running process.

    Only `running.runner` makes one with an `async_run`, its Run.  It is an
    attribute of the class and so is never looked up in the form, environ or
    cookies.
    """

    async_run = None

    def retry(self):
        request = super().retry()
        request.async_run = self.async_run
        request.async_run.forget_attempt()
        return request

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

    def write(self, data):
        """Add bytes to the output."""
        if not self._streaming:
            self.stdout = tempfile.SpooledTemporaryFile(SPOOL_BYTES)
        super().write(data)

    def detach(self):
        """Return a twin that has all, and outlives publishing; empty self."""
        twin = copy(self)
        if not self._streaming:
            # The publisher closes the one that it gave.
            twin.stdout = BytesIO()
        self.stdout, self.body = BytesIO(), b""
        return twin

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
