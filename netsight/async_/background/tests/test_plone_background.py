"""Actions of Plone that run in the background where much is concerned."""

import json
import subprocess
import sys
import unittest

import transaction
from plone.app.testing import applyProfile
from plone.registry.interfaces import IRegistry
from zope.component import getUtility
from zope.component.hooks import setSite

from netsight.async_.background.counting import PREFIX
from netsight.async_.tests.instance import zope_site
from netsight.async_.tests.side_by_side import SideBySideTestCase
from netsight.async_.tests.support import MANAGER


FOLDER = "/plone/work/f0"

LOAD = """
import sys
import Zope2.App
from zope.configuration import xmlconfig
xmlconfig.string(sys.argv[1])
"""


class LoadTests(unittest.TestCase):
    def test_a_zope_without_plone_loads_the_package(self):
        # Here Plone is installed, but not configured.
        command = sys.executable, "-c", LOAD, zope_site()
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)


class DeleteTests(SideBySideTestCase):
    """Objects that are selected in the list of a folder, and deleted."""

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        applyProfile(self.portal, "netsight.async_.background:default")
        transaction.commit()

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

    def test_what_is_in_them_counts_too(self):
        setSite(self.portal)
        getUtility(IRegistry)[f"{PREFIX}.threshold"] = 1
        transaction.commit()
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
