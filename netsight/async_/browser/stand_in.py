"""The request by which code looks at a view, as its process will find it.

It is made for that, as there may be none: in a script, for example.  And the
one that there is has other fields, and may be of another site.
"""

import re
from contextlib import contextmanager
from io import BytesIO
from urllib.parse import quote

from AccessControl import getSecurityManager
from AccessControl.SecurityManagement import newSecurityManager
from AccessControl.SecurityManagement import setSecurityManager
from Acquisition import aq_base
from zope.component.hooks import getSite
from zope.component.hooks import setSite
from zope.globalrequest import getRequest
from zope.globalrequest import setRequest
from zope.publisher.browser import setDefaultSkin
from ZPublisher.BaseRequest import RequestContainer
from ZPublisher.HTTPResponse import WSGIResponse

from netsight.async_.context import API
from netsight.async_.exceptions import ContentGoneError
from netsight.async_.records.database import application_of
from netsight.async_.records.requests import kept_environ
from netsight.async_.running.publishing import OwnRequest
from netsight.async_.running.surroundings import enter_sites
from netsight.async_.running.surroundings import host_environ


OF_ONE_REQUEST = {
    "CONTENT_TYPE",
    "HTTP_ACCEPT",
    "HTTP_CONTENT_DISPOSITION",
    "HTTP_CONTENT_ENCODING",
    "HTTP_CONTENT_LANGUAGE",
    "HTTP_ORIGIN",
    "HTTP_PREFER",
    "HTTP_REFERER",
    "HTTP_SEC_FETCH_DEST",
    "HTTP_SEC_FETCH_MODE",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_SEC_FETCH_USER",
    "HTTP_SLUG",
    "HTTP_X_HTTP_METHOD_OVERRIDE",
    "HTTP_X_REQUESTED_WITH",
    "QUERY_STRING",
}
"""What crosses with a request, and says nothing of one that code makes."""

NO_HOST = "nohost"
"""SERVER_NAME of a request that `Testing.makerequest` makes, for a script."""

REQUIRED = {
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
}
"""What an environ has to have."""

VIRTUAL = re.compile(
    r"""
    (/VirtualHostBase/[^/]+/[^/]+)?
    (.*?/VirtualHostRoot(?=/|$)(/_vh_[^/]*)*)?
    """,
    re.VERBOSE,
)
"""What a proxy has put before a path, see VirtualHostMonster of Zope."""


@contextmanager
def standing_in(context, name, user=None):
    """Yield (context, request) as for a POST to a view of that name.

    In the block, its site is the current one, and `user`, if given, the
    current user; then all is as before.  The context is the same object, with
    that request.  Raises ContentGoneError or TypeError if its path does not
    lead to it.
    """
    path = path_of(context)
    before = getSite(), getRequest(), getSecurityManager()
    request = _request_for(path, name, _current_request(context))
    try:
        if user is not None:
            newSecurityManager(request, user)
        root = aq_base(application_of(context))
        root = root.__of__(RequestContainer(REQUEST=request))
        found = content_at(root, path)
        if aq_base(found) is not aq_base(context):
            raise TypeError(f"{context!r} is not what {path} leads to")
        enter_sites(found, request)
        yield found, request
    finally:
        setSite(before[0])
        setRequest(before[1])
        setSecurityManager(before[2])


def check_context(context):
    """Raise TypeError for what has no path in the database."""
    if path_of(context) is None or not hasattr(context, "getPhysicalRoot"):
        raise TypeError(f"{context!r} has no path in the database")


def path_of(content):
    """Return the physical path (str) of content, None if it has none."""
    find = getattr(content, "getPhysicalPath", None)
    if find is None or not hasattr(aq_base(content), "_p_jar"):
        return None
    return "/".join(find())


def content_at(root, path):
    """Return what has a physical path below the Zope application `root`.

    Raises ContentGoneError if nothing has.  What is acquired has another one.
    """
    found = root.unrestrictedTraverse(path.lstrip("/"), None)
    if found is None or path_of(found) != path:
        raise ContentGoneError(path)
    return found


def _current_request(context):
    """Return the request of this thread, or that of a context, or None.

    One that `Testing.makerequest` has made, as for a script, is of no host.
    """
    request = getRequest()
    if request is None:
        request = getattr(context, "REQUEST", None)
    environ = getattr(request, "environ", {})
    is_made = environ.get("SERVER_NAME") == NO_HOST
    if not environ or (is_made and "HTTP_HOST" not in environ):
        return None
    return request


def _request_for(path, name, current):
    environ = _environ(current)
    root = _virtual_root(current, path)
    environ["PATH_INFO"] = f"{path}/{name}"
    if root is not None:
        inside = f"{path}/{name}".removeprefix(root)
        environ["PATH_INFO"] = _virtual_part(current) + inside
    request = OwnRequest(BytesIO(), environ, WSGIResponse())
    setDefaultSkin(request)
    if root is not None:
        request["SERVER_URL"] = current["SERVER_URL"]
        request["VirtualRootPhysicalPath"] = tuple(root.split("/"))
        request._script[:] = current._script
    url = request.physicalPathToURL(path.split("/"))
    request["URL"] = request["ACTUAL_URL"] = f"{url}/{quote(name, '+@')}"
    return request


def _environ(current):
    if current is None:
        return host_environ()
    kept = kept_environ(current.environ)
    kept = {k: v for k, v in kept.items() if k not in OF_ONE_REQUEST}
    return {**REQUIRED, **kept}


def _virtual_root(current, path):
    """Return the path of what a request sees as root, None outside of it."""
    if current is None:
        return None
    root = "/".join(current.other.get("VirtualRootPhysicalPath", ("",)))
    return root if f"{path}/".startswith(f"{root}/") else None


def _virtual_part(current):
    """Return what a proxy has put before the path, or ""."""
    part = VIRTUAL.match(current.environ.get("PATH_INFO", ""))[0]
    # It would not be as for a POST of a browser.
    return part.replace(f"/{API}", "")
