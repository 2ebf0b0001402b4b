"""Registered views, taken into the background by ZCML."""

from OFS.interfaces import IFolder
from plone.testing import zca
from zope.component import getGlobalSiteManager
from zope.component import getMultiAdapter
from zope.configuration import xmlconfig
from zope.configuration.config import ConfigurationConflictError
from zope.configuration.exceptions import ConfigurationError
from zope.interface import Interface
from zope.interface import directlyProvides
from zope.publisher.interfaces.browser import IDefaultBrowserLayer

import netsight.async_
from netsight.async_ import in_background
from netsight.async_.browser.in_background import Taken
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.views import Exporting
from netsight.async_.tests.views import IOtherLayer


ZCML = """
<configure xmlns="http://namespaces.zope.org/zope"
           xmlns:async="http://namespaces.netsight.co.uk/async"
           xmlns:browser="http://namespaces.zope.org/browser">
  %s
</configure>
"""

PATH = "/registered-job"


class RegisteredTests(AsyncTestCase):
    """A view that the directive has taken, from wherever it is."""

    def test_its_template_is_the_one_that_it_had(self):
        page = self.client(MANAGER).get(PATH)
        self.assertIn("<p>none</p>", page.text)

    def test_a_button_starts_a_process(self):
        client = self.client(MANAGER)
        process_id = client.start(PATH, {"message": "done"})
        result = client.see(PATH, "result", process_id)
        self.assertIn("<p>done</p>", result.text)
        (process,) = self.processes()
        self.assertTrue(process.cancellable)
        self.assertEqual(process.priority, 3)

    def test_no_other_does(self):
        page = self.client(MANAGER).post(PATH, {"cancel": "1"})
        self.assertIn("<p>none</p>", page.text)
        self.assertEqual(self.processes(), [])

    def test_its_permission_is_the_one_that_it_had(self):
        stranger = self.client()
        stranger.get(PATH, status=401)
        stranger.post(PATH, {"message": "done"}, status=401)
        self.assertEqual(self.processes(), [])
        process_id = self.client(MANAGER).start(PATH, {"message": "done"})
        stranger.see(PATH, "result", process_id, status=401)

    def test_a_page_that_was_taken_before_keeps_its_permission(self):
        directlyProvides(self.app.REQUEST, IOtherLayer)
        names = self.app, self.app.REQUEST
        view = getMultiAdapter(names, name="managed-job")
        self.assertEqual(view.__name__, "managed-job")
        self.assertEqual(view.start_buttons, ("delete",))
        self.assertFalse(view.cancellable)
        ((title, _names),) = type(view).__ac_permissions__
        self.assertEqual(title, "View management screens")

    def test_it_can_be_taken_otherwise_for_a_layer(self):
        lookup = getGlobalSiteManager().adapters.lookup
        name = "registered-job"
        for layer, button in (
            (IDefaultBrowserLayer, ("message", "other")),
            (IOtherLayer, ()),
        ):
            taken = lookup((IFolder, layer), Interface, name)
            self.assertEqual(taken.start_buttons, button)


class IThirdLayer(IDefaultBrowserLayer):
    """A browser layer of an add-on with a view of the same name."""


class LayerTests(AsyncTestCase):
    """A view that is taken for a layer, and one of another layer."""

    name = "registered-job"

    def found(self, *layers):
        """Return what a request finds that has layers, the first first."""
        request = self.app.REQUEST.clone()
        directlyProvides(request, *layers, IDefaultBrowserLayer)
        return getMultiAdapter((self.app, request), name=self.name)

    def register(self, for_, view_class):
        manager = getGlobalSiteManager()
        registration = (for_, IThirdLayer), Interface, self.name
        manager.registerAdapter(view_class, *registration)
        self.addCleanup(manager.unregisterAdapter, None, *registration)

    def test_that_one_stays_whichever_comes_first(self):
        self.register(IFolder, Exporting)
        for layers in ((IOtherLayer, IThirdLayer), (IThirdLayer, IOtherLayer)):
            self.assertIs(type(self.found(*layers)), Exporting)

    def test_without_it_there_is_the_one_that_was_taken(self):
        self.register(IFolder, Exporting)
        self.assertIsInstance(self.found(IOtherLayer), Taken)

    def test_one_that_is_taken_for_the_other_layer_changes_nothing(self):
        self.register(IFolder, in_background(Exporting))
        found = self.found(IOtherLayer, IThirdLayer)
        self.assertEqual(found.taken_for, (IFolder, IOtherLayer, self.name))


class ArgumentTests(AsyncTestCase):
    """What the directive takes."""

    def setUp(self):
        super().setUp()
        zca.pushGlobalRegistry()
        self.addCleanup(zca.popGlobalRegistry)

    def load(self, directives):
        context = xmlconfig.file("meta.zcml", netsight.async_)
        xmlconfig.string(
            '<include xmlns="http://namespaces.zope.org/zope" '
            'package="Products.Five.browser" file="meta.zcml" />',
            context,
        )
        xmlconfig.string(ZCML % directives, context)

    def test_no_view_that_there_is_not(self):
        with self.assertRaisesRegex(ConfigurationError, "no view 'none'"):
            self.load('<async:inBackground name="none" />')

    def test_no_attribute_that_there_is_not(self):
        with self.assertRaisesRegex(ConfigurationError, "canceable"):
            self.load('<async:inBackground name="a" canceable="true" />')

    def test_no_value_that_there_is_not(self):
        with self.assertRaisesRegex(ConfigurationError, "priority"):
            self.load('<async:inBackground name="a" priority="10" />')

    def test_no_two_for_the_same(self):
        with self.assertRaises(ConfigurationConflictError):
            self.load(
                """
                <async:inBackground name="a" for="*" />
                <async:inBackground name="a" button="b" />
                """
            )

    def test_no_view_of_another_method(self):
        with self.assertRaisesRegex(ConfigurationError, "an attribute"):
            self.load(
                """
                <browser:page name="by-attribute" for="*"
                    class="netsight.async_.tests.views.Exporting"
                    attribute="__init__" permission="zope2.View" />
                <async:inBackground name="by-attribute" />
                """
            )
