"""What subscribers find around them when no view is published.

Code of Zope and Plone asks the thread for nearly all that it needs: its
transaction, its site, its request, its user.  Mails, indexing and savepoints
join the thread's own transaction and no other.
"""

from functools import partial
from io import BytesIO
from urllib.parse import urlsplit

import transaction
from AccessControl.SecurityManagement import newSecurityManager
from AccessControl.SecurityManagement import noSecurityManager
from AccessControl.users import nobody
from Acquisition import aq_chain
from zope.component.hooks import setSite
from zope.component.interfaces import ISite
from zope.event import notify
from zope.traversing.interfaces import BeforeTraverseEvent
from ZPublisher.BaseRequest import RequestContainer

from netsight.async_ import config
from netsight.async_.context import site_of
from netsight.async_.records.database import NOTE
from netsight.async_.records.database import get_ended
from netsight.async_.records.database import transact
from netsight.async_.records.owners import find_user
from netsight.async_.running.publishing import OwnRequest
from netsight.async_.running.publishing import publish_environ


PUBLISH_TRIES = 5
"""What conflicts is done this often."""

HOST_ENVIRON = {
    "HTTPS",
    "HTTP_FORWARDED",
    "HTTP_HOST",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_SERVER",
    "REQUEST_SCHEME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PORT_SECURE",
    "SERVER_URL",
    "wsgi.url_scheme",
}
"""What tells of the host, which a visitor can say in the header Host."""

NO_ORIGIN = "http://localhost"
"""That of links where the setting `origins` is empty."""


class OwnersRequest(OwnRequest):
    """A request by which something is done as the owner of a process."""

    retry_max_count = PUBLISH_TRIES - 1


def publish_as_owner(end, function, environ=None):
    """Call ``function(process, context)`` as Zope calls a view, for an End.

    In a transaction of this thread, which is committed, and repeated while it
    conflicts, PUBLISH_TRIES times in all.  The owner of the process is the
    current user; there are a site, a request, and the browser layers of the
    site.  `context` is that of the view, or the nearest parent that is left.
    `environ` is that of the request that started the process, if it is at
    hand; its host is not taken.  Raises what the function raises, and
    NoSuchProcessError.

    The thread must have no transaction, site or request of its own.
    """
    kept = {k: v for k, v in (environ or {}).items() if k not in HOST_ENVIRON}
    url = transact("end", _url_of, end)
    try:
        publish_environ(
            {**host_environ(url), **kept, **_extra_environ()},
            partial(_call, end, function),
            OwnersRequest,
        )
    finally:
        # Users are kept by the number of a thread, which another one gets
        # when this one has ended.
        noSecurityManager()


def _url_of(root, end):
    return get_ended(root, end).url


def host_environ(url=None):
    """Return a bare environ with the host of a known URL, or of our own."""
    if not config.has_known_origin(url):
        url = next(iter(config.get("origins")), NO_ORIGIN)
    parts = urlsplit(url)
    return {
        "HTTP_HOST": parts.netloc,
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port or config.DEFAULT_PORTS[parts.scheme]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": parts.scheme,
    }


def _extra_environ():
    return {
        # There is nothing to read, and nothing to be traversed to.
        "CONTENT_LENGTH": "0",
        "PATH_INFO": "",
        "wsgi.input": BytesIO(),
        # As in the process itself.
        "x-wsgiorg.throw_errors": True,
        "plone.transformchain.disable": True,
    }


def _call(end, function, request, module_info):
    """Stand in for ZPublisher's publish."""
    root = module_info[0]
    noSecurityManager()
    transaction.get().note(f"{NOTE}end")
    process = get_ended(root, end)
    context = _traverse(root, process.view_path, request)
    _log_in(root, process.owner, request)
    enter_sites(context, request)
    function(process, context)
    return request.response


def _traverse(root, view_path, request):
    """Return the context of a view, or the nearest parent that is left.

    `request` becomes its REQUEST; it is made to look as if it had traversed.
    """
    request["PARENTS"] = [root]
    request["URL"] = request["SERVER_URL"] + view_path
    context = root.__of__(RequestContainer(REQUEST=request))
    for name in view_path.split("/")[1:-1]:
        try:
            context = context.unrestrictedTraverse(name)
        except (AttributeError, LookupError):
            break
        request["PARENTS"].insert(0, context)
    return context


def _log_in(root, owner, request):
    user = find_user(root, owner) or nobody
    newSecurityManager(request, user)
    request["AUTHENTICATED_USER"] = user


def enter_sites(context, request):
    """Enter the sites above a context, and have what they give in traversal.

    That is browser layers and language.
    """
    for each in reversed(aq_chain(context)):
        if ISite.providedBy(each):
            setSite(each)
            notify(BeforeTraverseEvent(each, request))
    setSite(site_of(context))
