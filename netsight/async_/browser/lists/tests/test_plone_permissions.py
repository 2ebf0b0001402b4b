"""Who may only look, in a Plone site; and sites of an earlier version."""

import re

import transaction
from plone.app.testing import applyProfile
from zope.component.hooks import setSite

from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.browser.lists.upgrades import VIEWER
from netsight.async_.browser.lists.upgrades import add_permissions
from netsight.async_.config import CONTROL_PROCESSES
from netsight.async_.config import MANAGE_PROCESSES
from netsight.async_.config import PAUSE_QUEUES
from netsight.async_.config import REMOVE_PROCESSES
from netsight.async_.config import VIEW_PROCESSES
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import text_of


ALL = "/plone/@@async-processes"
ACTIONS = (CONTROL_PROCESSES, REMOVE_PROCESSES, PAUSE_QUEUES)
SITE_ADMINS = {"Manager", "Site Administrator"}


class PermissionTestCase(ListMixin, PloneTestCase):
    def setUp(self):
        super().setUp()
        setSite(self.portal)
        applyProfile(self.portal, "netsight.async:default")
        transaction.commit()

    def roles(self, permission):
        """Return a set of the roles that have it, acquired ones left out."""
        return {
            each["name"]
            for each in self.portal.rolesOfPermission(permission)
            if each["selected"]
        }


class ViewerTests(PermissionTestCase):
    """The editor is one, too."""

    def setUp(self):
        super().setUp()
        self.portal.acl_users.userFolderEditUser(
            "editor", EDITOR[1], ["Member", VIEWER], []
        )
        transaction.commit()

    def test_the_role_may_see_and_no_more(self):
        self.assertEqual(self.roles(VIEW_PROCESSES), SITE_ADMINS | {VIEWER})
        for permission in ACTIONS:
            self.assertEqual(self.roles(permission), SITE_ADMINS)

    def test_the_control_panel_has_no_button(self):
        ids = [self.done(READER), self.failed(READER)]
        page = self.client(EDITOR).get(ALL)
        self.assertEqual(self.ids(page), ids[::-1])
        ours = page.text.partition('class="netsight-async-list"')[2]
        names = re.findall(r'<button[^>]* name="([\w-]+)"', ours)
        self.assertEqual(names, [])

    def test_a_post_is_refused_with_a_sentence(self):
        process_id = self.done(READER)
        client = self.client(EDITOR)
        form = {"remove": process_id, "sure": "1"}
        token = {"_authenticator": client.token()}
        page = client.post(ALL, form | token, status=403)
        self.assertIn("you may look at this", text_of(page))
        self.assertEqual(self.state(process_id), "completed")

    def test_the_site_setup_has_the_link_for_them(self):
        tool = self.portal.portal_controlpanel
        (action,) = [a for a in tool.listActions() if "netsight" in a.id]
        self.assertEqual(action.permissions, (VIEW_PROCESSES,))

    def test_others_see_nothing(self):
        self.client(READER).get(ALL, status=302)

    def test_site_administrators_may_do_all(self):
        process_id = self.done(READER)
        page = self.client(MANAGER).get(ALL)
        self.assertIn('name="remove"', self.row(page, process_id))
        self.assertIn('name="pause"', page)


class UpgradeTests(PermissionTestCase):
    def setUp(self):
        super().setUp()
        for permission in (VIEW_PROCESSES, *ACTIONS):
            self.portal.manage_permission(permission, [], 1)
        self.portal._delRoles([VIEWER])

    def upgrade(self):
        add_permissions(self.portal.portal_setup)

    def test_it_adds_the_role_and_who_may_do_what(self):
        self.upgrade()
        self.assertIn(VIEWER, self.portal.valid_roles())
        self.assertEqual(self.roles(VIEW_PROCESSES), SITE_ADMINS | {VIEWER})
        for permission in ACTIONS:
            self.assertEqual(self.roles(permission), SITE_ADMINS)

    def test_who_was_given_the_old_permission_keeps_it(self):
        self.portal.manage_permission(MANAGE_PROCESSES, ["Editor"], 0)
        self.upgrade()
        self.assertEqual(self.roles(MANAGE_PROCESSES), {"Editor"})
        self.assertEqual(self.roles(VIEW_PROCESSES), {"Editor", VIEWER})
        self.assertEqual(self.roles(REMOVE_PROCESSES), {"Editor"})

    def test_what_a_site_has_changed_stays(self):
        self.portal.manage_permission(PAUSE_QUEUES, ["Manager"], 0)
        self.upgrade()
        self.assertEqual(self.roles(PAUSE_QUEUES), {"Manager"})

    def test_it_is_offered_to_sites_of_before(self):
        setup = self.portal.portal_setup
        profile = "netsight.async:default"
        setup.setLastVersionForProfile(profile, "2001")
        setup.upgradeProfile(profile)
        self.assertEqual(setup.getLastVersionForProfile(profile), ("2002",))
        self.assertIn(VIEWER, self.portal.valid_roles())
