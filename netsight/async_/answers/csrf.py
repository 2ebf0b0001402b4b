"""No page of another site may start a process for somebody who is logged in.

Where plone.protect is at work its token is asked for, before anything is
written: its automatic check looks only at what a request has written, and
answers some forgeries with 200.  On Zope alone, which has no token, browsers
themselves say where a request comes from: by Sec-Fetch-Site (Fetch Metadata of
the W3C) or else by Origin (RFC 6454, section 7).  A GET may come from a link
in a mail; so it starts nothing there without that proof.

A program has no form to take a token from.  It proves what it is by the
header ``Prefer``: a browser sends that for a page of another site only after
it has asked this one (the Fetch standard, CORS-preflight).
"""

from urllib.parse import urlencode

from zExceptions import Forbidden
from zope.component import queryMultiAdapter
from zope.component import queryUtility
from zope.interface import alsoProvides

from netsight.async_.answers.negotiate import is_program
from netsight.async_.answers.negotiate import prefers_async
from netsight.async_.context import site_of
from netsight.async_.records.owners import current_owner


try:
    from plone.keyring.interfaces import IKeyManager
    from plone.protect import auto
    from plone.protect.authenticator import check
    from plone.protect.authenticator import createToken
    from plone.protect.interfaces import IDisableCSRFProtection
    from plone.protect.utils import getRootKeyManager
except ImportError:
    auto = None


def check_start(view):
    """Return None if the request may start a process.

    Otherwise raise Forbidden or, for a GET in a Plone site, redirect to the
    page on which Plone lets the user confirm, and return its URL.
    """
    if current_owner().is_anonymous:
        return None
    if not is_protected(view):
        return _check_origin(view.request)
    if auto.CSRF_DISABLED or IDisableCSRFProtection.providedBy(view.request):
        return None
    if prefers_async(view.request):
        _check_origin(view.request)
        # What plone.protect sees as a write without a token is ours.
        alsoProvides(view.request, IDisableCSRFProtection)
        return None
    return _check_token(view)


def is_protected(view):
    """Tell whether plone.protect is configured and puts tokens in forms."""
    names = (view.context, view.request)
    return auto and queryMultiAdapter(names, name="authenticator") is not None


def _check_origin(request):
    """Raise Forbidden if a page of another site may have sent a request."""
    site = request.getHeader("Sec-Fetch-Site")
    origin = request.getHeader("Origin")
    is_get = request.method == "GET"
    if site:
        is_ours = site == "same-origin" or (site == "none" and not is_get)
    elif origin:
        is_ours = origin == request["SERVER_URL"]
    else:
        # No browser, or an old one.
        is_ours = not is_get or prefers_async(request)
    if not is_ours:
        raise Forbidden(f"Sec-Fetch-Site is {site}, Origin is {origin}")


def _check_token(view):
    request = view.request
    manager = queryUtility(IKeyManager)
    if manager is None:
        manager = getRootKeyManager(request["PARENTS"][-1])
    try:
        check(request, manager=manager)
    except Forbidden:
        site = site_of(view.context)
        is_page = request.method == "GET" and not is_program(request)
        if is_page and site is not None:
            return _confirm(view, site, manager)
        raise


def _confirm(view, site, manager):
    form = {**view.request.form, "original_url": view.async_view_url}
    form["_authenticator"] = createToken(manager=manager)
    # As Zope decoded it: bytes that are no UTF-8 are surrogates.
    query = urlencode(form, doseq=True, errors="surrogateescape")
    return view.request.response.redirect(
        f"{site.absolute_url()}/@@confirm-action?{query}"
    )
