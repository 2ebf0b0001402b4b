"""Caches are purged of each part of a run, when that is committed."""

from unittest import mock

import plone.cachepurging
import transaction
from plone.app.testing import FunctionalTesting
from plone.cachepurging.interfaces import ICachePurgingSettings
from plone.cachepurging.interfaces import IPurger
from plone.registry.interfaces import IRegistry
from z3c.caching.interfaces import IPurgePaths
from z3c.caching.purge import Purge
from zExceptions import Redirect
from ZODB.POSException import ConflictError
from zope.component import getGlobalSiteManager
from zope.component import getUtility
from zope.component.hooks import setSite
from zope.event import notify
from zope.interface import Interface
from zope.interface import implementer

from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.plone_support import PloneTestViewsLayer
from netsight.async_.tests.views import JobView


class PurgingLayer(PloneTestViewsLayer):
    """Has plone.cachepurging, switched on."""

    def setUpZope(self, app, configurationContext):
        super().setUpZope(app, configurationContext)
        self.loadZCML(package=plone.cachepurging, context=configurationContext)

    def setUpPloneSite(self, portal):
        registry = getUtility(IRegistry)
        registry.registerInterface(ICachePurgingSettings)
        settings = registry.forInterface(ICachePurgingSettings)
        settings.enabled = True
        settings.cachingProxies = ("http://cache",)


PURGING_FUNCTIONAL = FunctionalTesting(
    bases=(PurgingLayer(name="AsyncViews:Purging"),),
    name="AsyncViews:PurgingFunctional",
)


@implementer(IPurger)
class Purger:
    """Keeps what is to be purged, instead of asking a cache for it."""

    def __init__(self):
        self.urls = []

    def purgeAsync(self, url, httpVerb="PURGE"):
        self.urls.append(url)


@implementer(IPurgePaths)
class TitlePath:
    """The path to be purged has the title of an object."""

    def __init__(self, context):
        self.context = context

    def getRelativePaths(self):
        return ()

    def getAbsolutePaths(self):
        return (self.context.title,)


class PurgingTests(PloneTestCase):
    layer = PURGING_FUNCTIONAL

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        self.purger = Purger()
        manager = getGlobalSiteManager()
        before = manager.getUtility(IPurger)
        manager.registerUtility(self.purger, IPurger)
        self.addCleanup(manager.registerUtility, before, IPurger)
        registration = TitlePath, (Interface,), IPurgePaths, "title"
        manager.registerAdapter(*registration)
        self.addCleanup(manager.unregisterAdapter, *registration)

    def change(self, view, title):
        view.context.title = title
        notify(Purge(view.context))

    def purged(self):
        """Return the titles that were purged, without the path of the site."""
        paths = [url.removeprefix("http://cache/") for url in self.purger.urls]
        return [path for path in paths if path != "plone"]

    def test_each_part_is_purged_once(self):
        def work(view, process_id):
            self.change(view, "first")
            view.checkpoint()
            seen.append(self.purged())
            self.change(view, "last")

        seen = []
        self.run_job(work)
        self.assertEqual(seen, [["first"]])
        self.assertEqual(self.purged(), ["first", "last"])

    def test_a_part_is_purged_though_the_run_fails(self):
        def work(view, process_id):
            self.change(view, "first")
            view.checkpoint()
            self.change(view, "rolled back")
            raise ValueError("no")

        with self.assertLogs("netsight.async_", "ERROR"):
            self.run_job(work)
        self.assertEqual(self.purged(), ["first"])

    def test_a_part_that_conflicts_is_not_purged(self):
        def work(view, process_id):
            calls.append(view)
            self.change(view, f"call {len(calls)}")
            if len(calls) == 1:
                raise ConflictError("conflict")
            view.checkpoint()

        calls = []
        retry_conflicts(self)
        self.run_job(work)
        self.assertEqual(self.purged(), ["call 2"])

    def test_what_a_redirect_rolls_back_is_not_purged(self):
        def work(view, process_id):
            self.change(view, "rolled back")
            raise Redirect("http://localhost/plone")

        self.run_job(work)
        self.assertEqual(self.purged(), [])

    def test_what_is_doomed_is_purged_as_by_a_plain_view(self):
        def page(view):
            self.change(view, "rolled back")
            transaction.doom()
            return "answered"

        with mock.patch.object(JobView, "initial_page", page):
            self.client().get("/plone/job")
        by_plain = self.purged()
        self.purger.urls.clear()
        self.run_job(lambda view, process_id: page(view))
        self.assertEqual(self.purged(), by_plain)
