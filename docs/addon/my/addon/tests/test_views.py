import io
import unittest

import my.addon
from netsight.async_.testing import NETSIGHT_ASYNC_FIXTURE
from plone.app.testing import SITE_OWNER_NAME
from plone.app.testing import SITE_OWNER_PASSWORD
from plone.app.testing import FunctionalTesting
from plone.app.testing import PloneSandboxLayer
from plone.testing.zope import Browser


class AddonLayer(PloneSandboxLayer):
    defaultBases = (NETSIGHT_ASYNC_FIXTURE,)

    def setUpZope(self, app, configurationContext):
        self.loadZCML(package=my.addon)


ADDON_FIXTURE = AddonLayer()
ADDON_FUNCTIONAL = FunctionalTesting(
    bases=(ADDON_FIXTURE,), name="AddonFunctional"
)


class ViewTests(unittest.TestCase):
    layer = ADDON_FUNCTIONAL

    def setUp(self):
        self.site_url = self.layer["portal"].absolute_url()
        self.browser = Browser(self.layer["app"])
        login = f"{SITE_OWNER_NAME}:{SITE_OWNER_PASSWORD}"
        self.browser.addHeader("Authorization", f"Basic {login}")

    def test_fibonacci_shows_the_number(self):
        self.browser.open(f"{self.site_url}/fibonacci")
        self.browser.getControl("Position").value = "10"
        self.browser.getControl("Start").click()
        self.assertIn("<code>37</code>", self.browser.contents)

    def test_import_makes_pages(self):
        self.browser.open(f"{self.site_url}/import")
        titles = io.BytesIO(b"One\nTwo\n")
        upload = self.browser.getControl(name="file")
        upload.add_file(titles, "text/plain", "titles.txt")
        self.browser.getControl("Start").click()
        self.assertEqual(self.browser.url, self.site_url)
        self.assertIn("Pages made: 2.", self.browser.contents)
        self.browser.getLink("Two").click()
        self.assertEqual(self.browser.url, f"{self.site_url}/two")

    def test_export_is_a_download(self):
        self.browser.open(f"{self.site_url}/export")
        self.browser.getControl("Start").click()
        self.assertIn(
            "content.csv", self.browser.headers["Content-Disposition"]
        )
        self.assertIn("path,type,title", self.browser.contents)
