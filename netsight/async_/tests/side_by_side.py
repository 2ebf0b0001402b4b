"""The same view at once and in the background, from the same site."""

import re
import threading
from contextlib import contextmanager
from difflib import unified_diff
from pprint import pformat
from typing import NamedTuple
from urllib.parse import quote

import transaction
from plone.app.testing import TEST_USER_ID
from plone.app.testing import FunctionalTesting
from plone.app.testing import PloneSandboxLayer
from plone.app.testing import setRoles
from plone.app.textfield import RichTextValue
from plone.registry.interfaces import IRegistry
from Products.CMFPlone.tests.utils import MockMailHost
from Products.MailHost.interfaces import IMailHost
from z3c.relationfield import RelationValue
from zope.component import getGlobalSiteManager
from zope.component import getUtilitiesFor
from zope.component import getUtility
from zope.component.hooks import setSite
from zope.interface import Interface
from zope.interface import providedBy
from zope.intid.interfaces import IIntIds
from zope.security.interfaces import IPermission

from netsight.async_.browser.directives import take_registered
from netsight.async_.interfaces import IProcessEndedEvent
from netsight.async_.tests.plone_support import PLONE_FUNCTIONAL
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.plone_support import published
from netsight.async_.tests.site_state import state_of
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.waiting import WAIT_SECONDS


WORK = "/plone/work"

FOLDERS = 5

PAGES = 8
"""In each folder.  They have versions and links, and take long to make."""

SUBFOLDERS = 51
"""In each of the first two folders, which are much each."""

FEW_SUBFOLDERS = 2
"""In each of the others."""

OBJECTS = (
    1
    + FOLDERS * (1 + PAGES)
    + 2 * SUBFOLDERS
    + (FOLDERS - 2) * FEW_SUBFOLDERS
)  # fmt: skip
"""At and below WORK."""

CHANGING = re.compile(
    r"""
    \b[0-9a-f]{40}\b           # a token of plone.protect
    | \d+-\d\d-\d\dT[\d:+.]+  # when something was done
    | \d+:\d\d:\d+[.\d]*      # when, or how long it took
    | [A-Z][a-z]{2}[ ]\d+,[ ]\d{4}[ ]\d\d:\d\d[ ][AP]M  # for people
    """,
    re.VERBOSE,
)
"""What is never the same in two pages."""

LED = re.compile(
    r"""
    <base[ ]href="[^"]*"[ ]/>
    | http[^"]*/result\?process_id=[\w-]+(?=\#)
    """,
    re.VERBOSE,
)
"""What a page of a result has, so that its links lead where they led."""

CACHED_OBJECTS = 50_000
"""Else types of files are loaded for each page that is made."""

DROPPED = {
    *("Accept-Ranges", "Cache-Control", "Content-Length", "Date", "Etag"),
    *("Expires", "Vary"),
}
"""Headers that a result has of its own: see docs/reference/crossing.rst."""


class ContentLayer(PloneSandboxLayer):
    """A site with folders, pages, links and relations between them."""

    defaultBases = (PLONE_FUNCTIONAL.__bases__[0],)

    def setUpPloneSite(self, portal):
        portal._p_jar.db().setCacheSize(CACHED_OBJECTS)
        setRoles(portal, TEST_USER_ID, ["Manager"])
        collect_mails(portal)
        portal.portal_workflow.setDefaultChain("simple_publication_workflow")
        work = make(portal, "Folder", "work")
        for number in range(FOLDERS):
            folder = make(work, "Folder", f"f{number}")
            pages = [make_page(folder, f"p{n}") for n in range(PAGES)]
            relate(pages[0], pages[1])
            subfolders = SUBFOLDERS if number < 2 else FEW_SUBFOLDERS
            for count in range(subfolders):
                make(folder, "Folder", f"s{count}")


CONTENT_FUNCTIONAL = FunctionalTesting(
    bases=(ContentLayer(name="AsyncViews:Content"),),
    name="AsyncViews:ContentFunctional",
)


def collect_mails(portal):
    """Have mails kept in the site instead of sent."""
    registry = getUtility(IRegistry)
    registry["plone.email_from_address"] = "site@example.org"
    registry["plone.email_from_name"] = "The site"
    portal.MailHost = MockMailHost("MailHost")
    manager = portal.getSiteManager()
    manager.registerUtility(portal.MailHost, IMailHost)


def make(container, kind, name, **fields):
    container.invokeFactory(kind, name, title=f"The {name}", **fields)
    return container[name]


def make_page(folder, name):
    first = folder.objectValues()[:1]
    links = "".join(
        f'<a href="resolveuid/{page.UID()}">first</a>' for page in first
    )
    text = f"<p>Text of {name}. {links}</p>"
    return make(folder, "Document", name, text=RichTextValue(text))


def relate(source, target):
    intids = getUtility(IIntIds)
    source.relatedItems = [RelationValue(intids.getId(target))]
    source.reindexObject()


class Outcome(NamedTuple):
    """What came of a request."""

    status: int
    headers: list
    body: list
    messages: list
    """What the next page tells."""

    state: dict
    """That of the site, as of `state_of`."""


class SideBySideTestCase(PloneTestCase):
    """Compares a view at once with the same one in the background."""

    layer = CONTENT_FUNCTIONAL
    maxDiff = 4000

    login = MANAGER
    """Who sends the requests."""

    def compare(self, view, name, path, form, cookies=None):
        """Fail if a POST has another outcome when it is done by `view`.

        That is a class, or a dict of arguments of ``async:inBackground``.  It
        is registered in the place of the view `name`, at the context of which
        `path` is the address.  `form` is a list of tuples, and `cookies` are
        those that the visitor has.  Returns the Outcome.
        """
        visit = f"{path}/{name}", form, cookies or {}
        at_once = self.outcome(self.at_once, *visit)
        self.begin_anew()
        context = self.app.unrestrictedTraverse(path)
        with registered(view, name, context):
            later = self.outcome(self.in_background, *visit)
        self.assert_same_outcome(at_once, later)
        return later

    def assert_same_outcome(self, at_once, later):
        for field in ("status", "headers", "messages", "body"):
            with self.subTest(field):
                self.assert_same(
                    getattr(at_once, field), getattr(later, field)
                )
        self.assert_same_state(at_once.state, later.state)

    def assert_same_state(self, at_once, later):
        self.assertEqual(sorted(at_once), sorted(later))
        for path, expected in at_once.items():
            for part, values in expected.items():
                with self.subTest(path=path, part=part):
                    self.assertEqual(values, later[path][part])

    def assert_same(self, at_once, later):
        """Fail with the lines that differ, and no others."""
        if at_once != later:
            lines = [pformat(each).splitlines() for each in (at_once, later)]
            diff = unified_diff(*lines, "at once", "in background", n=0)
            self.fail("\n".join(diff))

    def begin_anew(self):
        """Have the site as it was when the test began."""
        self.layer.testTearDown()
        self.layer.testSetUp()
        self.setUp()

    def outcome(self, post, path, form, cookies):
        client = self.client(self.login)
        for name, value in cookies.items():
            client.set_cookie(name, value)
        token = ("_authenticator", client.token())
        response = post(client, path, [*form, token])
        next_page = client.get("/plone/@@sitemap")
        transaction.begin()
        setSite(self.portal)
        return Outcome(
            response.status_int,
            sorted(
                item
                for item in response.headers.items()
                if item[0] not in DROPPED and not is_message(*item)
            ),
            CHANGING.sub("...", LED.sub("", response.text)).splitlines(),
            messages_of(CHANGING.sub("...", next_page.text)),
            state_of(self.portal),
        )

    def send(self, client, path, form):
        return client.post(path, form)

    def at_once(self, client, path, form):
        return self.send(client, path, form)

    def in_background(self, client, path, form):
        with self.threads(), ends_told() as ended:
            start = self.send(client, path, form)
            process_id = client.started(start)
            self.assertTrue(ended.wait(WAIT_SECONDS))
        self.assertEqual(self.process(process_id).state, "completed")
        response = start
        # To the waiting page, and to the result, which may lead elsewhere.
        while process_id in response.headers.get("Location", ""):
            response = response.follow()
        return response

    def uids(self, path=f"{WORK}/f0"):
        """Return the ids by which Plone's lists call what is in a folder."""
        folder = self.app.unrestrictedTraverse(path)
        return [each.UID() for each in folder.objectValues()]


def clipboard(content):
    """Return the cookie that has it, as Zope sets cookies."""
    return {"__cp": quote(content)}


@contextmanager
def ends_told():
    """Return an Event that is set when a process ends, in a block."""
    ended = threading.Event()

    def told(event):
        ended.set()

    manager = getGlobalSiteManager()
    manager.registerHandler(told, (IProcessEndedEvent,))
    try:
        yield ended
    finally:
        manager.unregisterHandler(told, (IProcessEndedEvent,))


def is_message(header, value):
    """Tell whether a header has messages for the next page."""
    return header == "Set-Cookie" and value.startswith("statusmessages=")


def messages_of(html):
    """Return the messages that a page of Plone tells."""
    found = re.findall(r'<div class="portalMessage.*?</div>', html, re.DOTALL)
    return [re.sub(r"\s+|<[^>]*>", " ", each).split() for each in found]


@contextmanager
def registered(view, name, context):
    """Have a view in the place of one that is registered, in a block.

    See `SideBySideTestCase.compare`.
    """
    required, factory = registration_of(name, context)
    if not isinstance(view, dict):
        with published(view, name, permission_of(factory), *required):
            yield
        return
    take_registered(name, *required, view.pop("button", None), view)
    try:
        yield
    finally:
        manager = getGlobalSiteManager()
        manager.unregisterAdapter(None, required, Interface, name)


def registration_of(name, context):
    """Return (for, layer) and the class of the view that visitors see."""
    specs = providedBy(context), providedBy(context.REQUEST)
    factory = getGlobalSiteManager().adapters.lookup(specs, Interface, name)
    return next(
        (each.required, factory)
        for each in all_registered()
        if each.name == name and each.factory is factory
    )


def all_registered():
    """Yield what is registered in this registry, and in those below it."""
    manager = getGlobalSiteManager()
    while manager is not None:
        yield from manager.registeredAdapters()
        manager = next(iter(manager.__bases__), None)


def permission_of(factory):
    """Return the id of the permission that a registered view asks for."""
    return next(
        name
        for name, permission in getUtilitiesFor(IPermission)
        if permission.title == factory.__ac_permissions__[0][0]
    )
