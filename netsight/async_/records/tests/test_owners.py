"""Whom a process belongs to, on Zope alone."""

import unittest
from unittest import mock

import transaction
from AccessControl.users import UnrestrictedUser
from AccessControl.users import emergency_user
from AccessControl.users import nobody
from AccessControl.users import system

from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.records.owners import Owner
from netsight.async_.records.owners import find_user
from netsight.async_.records.owners import owner_of
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.views import JobView


class OwnerTests(AsyncTestCase):
    def test_a_user_is_kept_by_id_and_folder(self):
        user = self.app.acl_users.getUserById("editor")
        user = user.__of__(self.app.acl_users)
        self.assertEqual(owner_of(user), Owner("editor", "/acl_users"))

    def test_he_is_found_again_as_he_is_now(self):
        owner = Owner("editor", "/acl_users")
        self.assertEqual(find_user(self.app, owner).getRoles()[0], "Owner")
        folder = self.app.acl_users
        folder._doChangeUser("editor", EDITOR[1], ["Manager"], [])
        self.assertEqual(find_user(self.app, owner).getRoles()[0], "Manager")

    def test_a_user_who_is_gone_is_none(self):
        self.assertIsNone(find_user(self.app, Owner("gone", "/acl_users")))

    def test_a_user_whose_folder_is_gone_is_none(self):
        self.assertIsNone(find_user(self.app, Owner("e", "/gone/acl_users")))

    def test_nobody_is_anonymous(self):
        for user in (None, nobody, nobody.__of__(self.app.acl_users)):
            self.assertIs(owner_of(user), ANONYMOUS)
        found = find_user(self.app, ANONYMOUS)
        self.assertEqual(found.getUserName(), "Anonymous User")

    def test_a_user_without_a_folder_gets_no_rights(self):
        self.assertIs(owner_of(system), ANONYMOUS)

    def test_the_emergency_user_is_kept_by_name(self):
        user = emergency_user.__of__(self.app.acl_users)
        owner = owner_of(user)
        self.assertEqual(owner.user_id, emergency_user.getUserName())
        self.assertIsInstance(
            find_user(self.app, owner).aq_base, type(emergency_user)
        )

    def test_a_user_of_a_folder_below(self):
        self.app.manage_addFolder("folder")
        self.app.folder.manage_addUserFolder()
        self.app.folder.acl_users.userFolderAddUser("local", "pw", [], [])
        transaction.commit()
        self.base = "/folder"
        name = self.seen_by(
            lambda view: (
                view.request["AUTHENTICATED_USER"].getUserName(),
                view.request["AUTHENTICATION_PATH"],
            ),
            login=("local", "pw"),
        )
        self.assertEqual(name, ("local", "folder"))


class OriginTests(AsyncTestCase):
    """On Zope alone there is no token; the browser's Origin is compared."""

    def setUp(self):
        super().setUp()
        self.job(lambda view, pid: "x")

    def start(self, origin, login=EDITOR, status=302):
        return self.client(login).post(
            "/job", headers={"Origin": origin}, status=status
        )

    def test_a_post_from_another_site_starts_nothing(self):
        for origin in (
            "http://evil.example",
            "https://localhost:8443",
            "http://localhost.evil.example",
            "https://localhost",
            "null",
        ):
            with self.subTest(origin):
                response = self.start(origin, status=403)
                self.assertIn("not come from a form of this site", response)
        self.assertEqual(self.processes(), [])

    def test_a_post_from_the_same_site_starts(self):
        self.start("http://localhost")
        self.assertEqual(len(self.processes()), 1)

    def start_by_get(self):
        """Have the view start by GET, too."""
        starts = mock.patch.object(JobView, "run_process", lambda view: True)
        starts.start()
        self.addCleanup(starts.stop)

    def test_what_the_browser_says_of_the_site_decides(self):
        self.start_by_get()
        for site, method, status in (
            ("same-origin", "post", 302),
            ("none", "post", 302),
            ("same-site", "post", 403),
            ("cross-site", "post", 403),
            ("same-origin", "get", 302),
            ("none", "get", 403),
            ("same-site", "get", 403),
            ("cross-site", "get", 403),
        ):
            with self.subTest(site, method=method):
                request = getattr(self.client(EDITOR), method)
                headers = {"Sec-Fetch-Site": site}
                request("/job", headers=headers, status=status)

    def test_behind_a_proxy_that_hides_the_scheme_it_still_decides(self):
        headers = {
            "Sec-Fetch-Site": "same-origin",
            "Origin": "https://localhost",
        }
        self.client(EDITOR).post("/job", headers=headers, status=302)

    def test_a_get_without_any_proof_starts_nothing(self):
        self.start_by_get()
        response = self.client(EDITOR).get("/job", status=403)
        self.assertIn("not come from a form of this site", response)
        self.assertEqual(self.processes(), [])

    def test_a_program_proves_itself_by_what_no_link_can_send(self):
        self.start_by_get()
        headers = {"Prefer": "respond-async"}
        self.client(EDITOR).get("/job", headers=headers, status=202)

    def test_a_client_that_is_no_browser_sends_none(self):
        self.client(EDITOR).start("/job")
        self.assertEqual(len(self.processes()), 1)

    def test_an_anonymous_visitor_has_nothing_to_forge(self):
        self.start("http://evil.example", login=None)
        self.assertEqual(len(self.processes()), 1)


class UnrestrictedTests(unittest.TestCase):
    def test_a_user_without_a_folder_is_anonymous_whatever_he_may(self):
        user = UnrestrictedUser("root", "", ("Manager",), [])
        self.assertIs(owner_of(user), ANONYMOUS)
