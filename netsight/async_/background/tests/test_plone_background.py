"""The profile: what it adds to a site, what it leaves, and its way back."""

import json
import subprocess
import sys
import unittest
from ast import literal_eval

import transaction
from plone.app.testing import applyProfile
from plone.browserlayer.utils import register_layer
from plone.browserlayer.utils import registered_layers
from plone.registry.interfaces import IRegistry
from Products.Five import BrowserView
from zope.component import getUtility
from zope.component.hooks import setSite
from zope.interface import Interface
from zope.publisher.interfaces.browser import IDefaultBrowserLayer

from netsight.async_.background.counting import PREFIX
from netsight.async_.background.interfaces import IBackgroundActionsLayer
from netsight.async_.background.tests.support import install
from netsight.async_.background.tests.support import set_threshold
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.instance import zope_site
from netsight.async_.tests.plone_support import published
from netsight.async_.tests.side_by_side import WORK
from netsight.async_.tests.side_by_side import SideBySideTestCase
from netsight.async_.tests.side_by_side import clipboard
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Never


FOLDER = f"{WORK}/f0"

UNINSTALL = "netsight.async_.background:uninstall"

LOAD = """
import sys
import Zope2.App
from OFS.Application import import_products
from zope.component import getGlobalSiteManager
from zope.configuration import xmlconfig
if sys.argv[2:]:
    import_products()
xmlconfig.string(sys.argv[1])
print([
    each.name
    for each in getGlobalSiteManager().registeredAdapters()
    if "netsight.async_.background." in str(each.required)
])
"""

BEFORE_PLONE = """
<configure xmlns="http://namespaces.zope.org/zope"
           xmlns:five="http://namespaces.zope.org/five">
  <include package="Zope2.App" />
  <include package="Products.Five" />
  <five:loadProducts file="meta.zcml" />
  <include package="netsight.async" />
  <five:loadProducts />
</configure>
"""
"""As where a buildout has the package in zcml."""


class LoadTests(unittest.TestCase):
    """In a program of its own, which knows nothing yet."""

    def load(self, *arguments):
        """Load a site.zcml; return the names of views for the layer."""
        command = sys.executable, "-W", "ignore", "-c", LOAD, *arguments
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return literal_eval(done.stdout.splitlines()[-1])

    def test_a_zope_without_plone_loads_the_package(self):
        # Here Plone is installed, but not configured.
        self.assertEqual(self.load(zope_site()), [])

    def test_it_may_be_loaded_before_plone(self):
        names = self.load(BEFORE_PLONE, "with products")
        self.assertIn("fc-delete", names)
        self.assertIn("background-actions", names)


class ThemeLayer(IDefaultBrowserLayer):
    """The browser layer of a theme, with a form of its own for sharing."""


class ThemedSharing(BrowserView):
    def __call__(self):
        return f"shared by the theme: {self.request.method}"


class ProfileTests(SideBySideTestCase):
    def setUp(self):
        super().setUp()
        install(self.portal)

    def test_site_setup_lists_it_beside_the_package(self):
        page = self.client(MANAGER).get("/plone/prefs_install_products_form")
        self.assertIn("Background actions (netsight.async)", page.text)

    def delete(self, *names):
        folder = self.portal.work.f0
        uids = [folder[name].UID() for name in names]
        client = self.client(MANAGER)
        form = [
            ("selection", json.dumps(uids)),
            ("folder", "/work/f0"),
            ("_authenticator", client.token()),
        ]
        return client.post(f"{FOLDER}/fc-delete", form)

    def test_few_are_deleted_at_once(self):
        response = self.delete("p0", "p1")
        self.assertEqual(response.json["status"], "success")
        self.assertEqual(self.processes(), [])

    def test_many_are_deleted_in_the_background(self):
        names = self.portal.work.f0.objectIds()
        response = self.delete(*names)
        self.assertEqual(response.status_int, 302)
        self.assertEqual(len(self.processes()), 1)

    def test_as_many_as_the_threshold_are_not_many(self):
        for threshold, processes in ((2, 0), (1, 1)):
            set_threshold(self.portal, threshold)
            self.delete(f"p{2 * threshold}", f"p{2 * threshold + 1}")
            self.assertEqual(len(self.processes()), processes)

    def test_what_is_in_them_counts_too(self):
        set_threshold(self.portal, 1)
        self.portal.work.f0.s0.invokeFactory("Document", "inner")
        transaction.commit()
        self.delete("s0")
        self.assertEqual(len(self.processes()), 1)

    def test_what_is_sent_wrongly_is_left_to_plone(self):
        client = self.client(MANAGER)
        form = {
            "selection": "{",
            "folder": "/",
            "_authenticator": client.token(),
        }
        client.post(f"{FOLDER}/fc-delete", form, status=500)
        self.assertEqual(self.processes(), [])

    def test_the_clipboard_is_stored_and_no_other_cookie(self):
        set_threshold(self.portal, 0)
        client = self.client(MANAGER)
        token = client.token()
        copied = clipboard(self.portal.work.manage_copyObjects(["f1"]))
        client.set_cookie("__cp", copied["__cp"])
        client.set_cookie("other", "secret")
        form = {"folder": "/work/f0", "_authenticator": token}
        with processes_run_by(Never()):
            client.post(f"{FOLDER}/fc-paste", form)
        (process,) = self.processes()
        cookies = process.request.environ["HTTP_COOKIE"]
        self.assertTrue(cookies.startswith("__cp="), cookies)
        self.assertNotIn("secret", cookies)

    def test_a_view_of_a_theme_stays(self):
        set_threshold(self.portal, 0)
        setSite(self.portal)
        register_layer(ThemeLayer, "theme")
        transaction.commit()
        names = "sharing", "zope2.View", Interface, ThemeLayer
        with published(ThemedSharing, *names):
            page = self.client(MANAGER).post(f"{FOLDER}/sharing", {})
        self.assertEqual(page.text, "shared by the theme: POST")
        self.assertEqual(self.processes(), [])


class UninstallTests(SideBySideTestCase):
    def setUp(self):
        super().setUp()
        install(self.portal, threshold=0)
        setSite(self.portal)
        applyProfile(self.portal, UNINSTALL)
        transaction.commit()

    def test_its_layer_and_its_settings_are_gone(self):
        setSite(self.portal)
        self.assertNotIn(IBackgroundActionsLayer, registered_layers())
        records = getUtility(IRegistry).records
        left = [name for name in records if name.startswith(PREFIX)]
        self.assertEqual(left, [])

    def test_all_is_done_at_once(self):
        client = self.client(MANAGER)
        form = {
            "form.buttons.Delete": "Delete",
            "_authenticator": client.token(),
        }
        client.post(f"{FOLDER}/delete_confirmation", form, status=302)
        self.assertEqual(self.processes(), [])
        self.assertNotIn("f0", self.portal.work)
