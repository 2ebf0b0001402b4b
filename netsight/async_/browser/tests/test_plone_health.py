"""The health of the processes, asked at a Plone site."""

import transaction
from plone.app.testing import applyProfile
from plone.app.testing import setRoles

from netsight.async_.tests.plone_support import ROOT_ADMIN
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import Client


SITE_ADMIN = ("siteadmin", "s3cret-of-siteadmin")


class PloneHealthTests(PloneTestCase):
    def test_it_answers_at_the_site_and_at_the_root(self):
        for path in ("/plone/@@async-health", "/@@async-health"):
            for accept in ("*/*", "application/json"):
                with self.subTest(path=path, accept=accept):
                    response = Client(ROOT_ADMIN).get(
                        path, headers={"Accept": accept}
                    )
                    self.assertEqual(response.json["queued"], 0)

    def test_a_monitor_may_ask_for_text(self):
        response = Client(ROOT_ADMIN).get(
            "/plone/@@async-health", headers={"Accept": "text/plain"}
        )
        self.assertIn("netsight_async_queued 0\n", response.text)

    def test_it_is_not_for_editors(self):
        headers = {"Accept": "application/json"}
        Client(EDITOR).get(
            "/plone/@@async-health", headers=headers, status=302
        )

    def test_with_the_profile_site_administrators_may_see_it(self):
        users = self.portal.acl_users
        users.userFolderAddUser(*SITE_ADMIN, ["Site Administrator"], [])
        transaction.commit()
        path = "/plone/@@async-health"
        headers = {"Accept": "application/json"}
        Client(SITE_ADMIN).get(path, headers=headers, status=302)
        setRoles(self.portal, "test_user_1_", ["Manager"])
        applyProfile(self.portal, "netsight.async:default")
        transaction.commit()
        Client(SITE_ADMIN).get(path, headers=headers)
        applyProfile(self.portal, "netsight.async:uninstall")
        transaction.commit()
        Client(SITE_ADMIN).get(path, headers=headers, status=302)
