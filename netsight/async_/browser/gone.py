"""Requests for a page of a process at a view that is not there any more.

A process may have moved or deleted its context, or have locked its owner out,
before the browser has followed the redirect of the start.  So whoever asks for
such a page and is told that there is none, or that they may not, is led to the
address that needs no context.
"""

import re

from AccessControl import getSecurityManager
from AccessControl.SecurityManagement import setSecurityManager
from Products.Five import BrowserView
from zope.component import adapter
from zope.component import queryMultiAdapter
from zope.interface import Interface
from zope.interface import noLongerProvides
from ZPublisher.interfaces import IPubStart

from netsight.async_.answers.marks import mark
from netsight.async_.browser.subviews import SUBVIEWS
from netsight.async_.browser.subviews import Posted
from netsight.async_.context import as_came
from netsight.async_.context import home_of
from netsight.async_.context import lasting_url
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.records.database import get_process
from netsight.async_.records.owners import owner_of


PAGES = frozenset(
    name for name, page in SUBVIEWS.items() if not issubclass(page, Posted)
)
"""What is asked for by GET."""

PROCESS_ID = re.compile(
    r"(?:^|&)process_id=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:&|$)"
)
"""In a query string, what `records.ids.new_process_id` makes."""


class IAskingForProcess(Interface):
    """A request for a page of a process, by its path and query."""


@adapter(IPubStart)
def note_what_is_asked(event):
    """Mark a request that is for a page of a process."""
    environ = event.request.environ
    page = environ.get("PATH_INFO", "").rpartition("/")[2]
    if page in PAGES and _process_id(environ):
        mark(event.request, IAskingForProcess)


def _process_id(environ):
    """Return the id in the query string, or None."""
    found = PROCESS_ID.search(environ.get("QUERY_STRING", ""))
    return found and found[1]


class GonePage(BrowserView):
    """The exception view of such requests, for NotFound.

    It leads on whether there is such a process or not, so that nobody learns
    which ids exist.
    """

    def __call__(self):
        url = self._url()
        if url is None:
            return self._usual_page()
        self.request.response.redirect(url, lock=True)
        return ""

    def _url(self):
        """Return the address that needs no context; None to leave it."""
        request = self.request
        here, environ = request["PARENTS"][0], request.environ
        home = home_of(here) or self._root
        page = environ["PATH_INFO"].rpartition("/")[2]
        url = lasting_url(home, page, _process_id(environ))
        url = as_came(url, request)
        is_json = request.form.get("output_json")
        return f"{url}&output_json=1" if is_json else url

    @property
    def _root(self):
        return self.request["PARENTS"][-1]

    def _usual_page(self):
        noLongerProvides(self.request, IAskingForProcess)
        names = (self.context, self.request)
        page = queryMultiAdapter(names, name="index.html")
        if page is None:
            raise self.context
        page.__parent__ = self.__parent__
        return page()


class LockedOutPage(GonePage):
    """The same for Unauthorized: it leads on whom the process belongs to.

    All others are asked to log in, as elsewhere.
    """

    def __call__(self):
        body = super().__call__()
        if self.request.response.getHeader("Location"):
            # Nobody is asked to log in.
            self.request.response._unauthorized = lambda: None
        return body

    def _url(self):
        return super()._url() if self._is_own else None

    @property
    def _is_own(self):
        """Whether the visitor owns the process, or nobody is known to."""
        process_id = _process_id(self.request.environ)
        try:
            owner = get_process(self._root, process_id).owner
        except NoSuchProcessError:
            return False
        users = filter(None, map(self._user_of, self.request["PARENTS"]))
        return owner.is_anonymous or owner in map(owner_of, users)

    def _user_of(self, parent):
        """Return the user of this request whom the folder there knows.

        Zope keeps none that may not have what was asked for.  A folder says
        who it is when it is asked for what is open to all.
        """
        folder = getattr(parent, "__allow_groups__", None)
        if folder is None:
            return None
        manager = getSecurityManager()
        try:
            return folder.validate(
                self.request, self.request._auth or "", ("Anonymous",)
            )
        finally:
            setSecurityManager(manager)
