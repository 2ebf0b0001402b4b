"""Where a context is: its site, its path, and its URL from outside."""

from urllib.parse import quote
from urllib.parse import quote_plus
from urllib.parse import urlsplit

from Acquisition import aq_base
from Acquisition import aq_chain
from Acquisition import aq_parent
from OFS.ObjectManager import ObjectManager
from zope.component.hooks import getSite
from zope.component.interfaces import ISite


def site_of(context):
    """Return the nearest ISite at or above `context`, or None.

    Unlike `getSite` it does not depend on what this thread did before.
    """
    return next(_sites(context), None)


def _sites(context):
    """Yield the ISites at and above `context`, the nearest first."""
    current = aq_base(getSite())
    for each in aq_chain(context):
        base = aq_base(each)
        # What content of Plone provides takes long to find out.
        if isinstance(base, ObjectManager) and base._components is None:
            continue
        if base is current or ISite.providedBy(each):
            yield each


LASTING_VIEW = "async-process"
"""Name of the view, on any context, that shows processes of gone contexts."""


def home_of(context):
    """Return the nearest site at or above `context` that has users; or None.

    Where no site has any, it is the nearest site.
    """
    sites = list(_sites(context))
    # Of Plone, to ask a site takes long, and most often there is but one.
    if len(sites) > 1:
        with_users = (s for s in sites if hasattr(aq_base(s), "acl_users"))
        return next(with_users, sites[0])
    return sites[0] if sites else None


def lasting_url(home, subview, process_id):
    """Return the URL of a page of a process that needs no context.

    `home` is the site, or the root of Zope, below which it is shown.
    """
    return subview_url(lasting_view_url(home), subview, process_id)


def lasting_view_url(home):
    """Return the URL of the view that needs no context."""
    return f"{home.absolute_url()}/@@{LASTING_VIEW}"


def subview_url(view_url, subview, process_id):
    """Return the URL of a page of a process, below that of its view."""
    return f"{view_url}/{subview}?process_id={quote_plus(process_id)}"


def found_at(root, path):
    """Return (object, path) of the last one on a physical path that is there.

    What is acquired from above is not.
    """
    here, done = root, [""]
    for name in path.split("/")[1:]:
        there = here.unrestrictedTraverse(name, None)
        if getattr(aq_base(there), "getPhysicalPath", None) is None:
            break
        if there.getPhysicalPath() != (*done, name):
            break
        here = there
        done.append(name)
    return here, "/".join(done)


API = "++api++"
"""What plone.rest has in an address to say that a program asks.

A frontend such as Volto has all other addresses of the site for itself.
"""


def as_came(url, request):
    """Return a URL of the site with ++api++, if the request came by that.

    It is put where the request had it: that may be what a proxy has before
    the virtual root, which no other URL shows.
    """
    steps = request.environ.get("PATH_INFO", "").split("/")
    if API not in steps or f"/{API}" in url:
        return url
    base, _root = _virtual_root(request)
    outside = request["ACTUAL_URL"].partition(f"/{API}")[0]
    is_shown = outside != request["ACTUAL_URL"]
    before = outside if is_shown and url.startswith(outside) else base
    return f"{before}/{API}{url.removeprefix(before)}"


def without_api(url):
    """Return a URL as if the request had not come by ++api++."""
    return url.replace(f"/{API}/", "/", 1)


def context_path(context):
    """Return the path of any context, with a leading slash; "" for the root.

    Contexts that are no Zope objects are named by their ``__name__`` and
    parents.
    """
    names = []
    while context is not None:
        if hasattr(context, "getPhysicalPath"):
            return "/".join([*context.getPhysicalPath(), *reversed(names)])
        names.append(getattr(context, "__name__", None) or "?")
        context = getattr(context, "__parent__", aq_parent(context))
    return "/".join(["", *reversed(names)])


def context_url(context, request):
    """Return the outside URL of any context."""
    if hasattr(context, "absolute_url"):
        return context.absolute_url()
    parent = context_url(context.__parent__, request)
    return f"{parent}/{quote(context.__name__)}"


def step_of(view, request):
    """Return the name in a URL by which `request` has come to a view.

    It is the name of the view, without "@@", or has a namespace before that,
    as "++add++Event" has.
    """
    name = view.__name__
    type_info = getattr(view, "ti", None)
    # An add form is called after the factory of what it adds.
    names = (name, type_info.getId()) if type_info else (name,)
    for step in request.steps:
        if step.startswith("++"):
            namespace, _plus, rest = step[2:].partition("++")
            if rest in names and namespace != "view":
                return step
    return name


def path_of_url(url, request):
    """Return path and query of a URL that was made by a request.

    The path is quoted, and begins at the root of Zope, whatever the virtual
    host: `url_of_path` makes a URL of it by another request.
    """
    base, root = _virtual_root(request)
    if url.startswith(f"{base}/"):
        return root + url.removeprefix(base)
    # Somebody makes URLs in a way of their own.
    return urlsplit(url)._replace(scheme="", netloc="").geturl()


def address_of(request):
    """Return the path, as of `path_of_url`, that a request was sent to.

    That is what a browser makes relative addresses of the answer absolute by.
    """
    url = request["ACTUAL_URL"]
    # Zope leaves it out.
    has_slash = request.environ.get("PATH_INFO", "").endswith("/")
    return path_of_url(f"{url}/" if has_slash else url, request)


def url_of_path(path, request):
    """Return the URL, as seen from outside by a request, of `path_of_url`."""
    base, root = _virtual_root(request)
    inside = path.startswith(f"{root}/")
    return base + (path.removeprefix(root) if inside else path)


def _virtual_root(request):
    """Return the URL and the quoted path of what a request sees as root."""
    path = request.other.get("VirtualRootPhysicalPath", ("",))
    return request.physicalPathToURL(path), "/".join(map(quote, path))
