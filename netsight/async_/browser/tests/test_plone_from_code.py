"""`start_process` in a Plone site."""

import transaction
from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from AccessControl.SecurityManagement import newSecurityManager
from AccessControl.users import system
from plone.app.testing import applyProfile
from plone.browserlayer.utils import register_layer
from zope.component.hooks import getSite
from zope.component.hooks import setSite
from zope.globalrequest import getRequest
from zope.interface import Interface

from netsight.async_ import page_url
from netsight.async_ import start_process
from netsight.async_.browser.tests.code_support import CodeTestCase
from netsight.async_.browser.tests.code_support import seen
from netsight.async_.tests.plone_support import ROOT_ADMIN
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.views import CodeView


ADMIN = ("site-admin", "s3cret-of-site-admin")


class ISiteLayer(Interface):
    """The layer of some site."""


def capitalize(context, page):
    page.title = page.title.upper()
    page.reindexObject(idxs=["Title"])


class PloneCodeTestCase(CodeTestCase, PloneTestCase):
    def make_users(self, folder):
        super().make_users(folder)
        users = self.layer["portal"].acl_users
        roles = ["Site Administrator", "Member"]
        users.userFolderAddUser(*ADMIN, roles, [])
        applyProfile(self.layer["portal"], "netsight.async:default")

    def log_in(self, login, context=None):
        super().log_in(login, context or self.portal)

    def post(self, work):
        """Do ``work(view)`` in a request of a form that has the token."""
        CodeView.work = staticmethod(work)
        client = self.client(EDITOR)
        token = {"_authenticator": client.token()}
        return client.post("/plone/code", token)


class SurroundingsTests(PloneCodeTestCase):
    def test_the_process_is_in_its_site(self):
        seen(lambda view: getSite().getPhysicalPath())
        setSite(None)
        process = self.start(self.portal, "job")
        self.assertEqual(self.result(process), "('', 'plone')")
        self.assertIsNone(getSite())

    def test_a_view_of_a_layer_of_the_site_is_found(self):
        """As it would be by a request, whatever that of this thread has."""
        setSite(self.portal)
        register_layer(ISiteLayer, "site-layer")
        transaction.commit()
        seen(lambda view: ISiteLayer.providedBy(view.request))
        setSite(None)
        process = self.start(self.portal, "job")
        self.assertEqual(self.result(process), "True")

    def test_content_is_handed_over_and_indexed(self):
        self.log_in(MANAGER)
        setSite(self.portal)
        self.portal.invokeFactory("Document", "page", title="Page")
        self.start(self.portal, capitalize, self.portal.page)
        setSite(self.portal)
        found = self.portal.portal_catalog(Title="PAGE")
        self.assertEqual([brain.getId for brain in found], ["page"])

    def test_a_request_that_starts_one_goes_on_as_it_was(self):
        def work(view):
            before = getRequest(), getSite(), getSecurityManager().getUser()
            start_process(view.context, "job")
            after = getRequest(), getSite(), getSecurityManager().getUser()
            # The skin is kept by thread.
            view.context.restrictedTraverse("main_template")
            return repr(
                [a is b for a, b in zip(before, after)]
                + [before[0] is view.request]
            )

        page = self.post(work)
        self.assertEqual(page.text, "[True, True, True, True]")

    def test_its_page_is_that_of_the_site(self):
        def work(view):
            url = page_url(start_process(view.context, "job"))
            return view.request.response.redirect(url)

        page = self.post(work)
        self.assertEqual(self.page_at(page.location, EDITOR).text, "done")


class UserTests(PloneCodeTestCase):
    def setUp(self):
        super().setUp()
        seen(lambda view: getSecurityManager().getUser().getId())

    def start_as(self, login, user_id):
        self.log_in(login)
        process = self.start(self.portal, "job", as_user=user_id)
        self.assertEqual(self.result(process), repr(user_id))

    def assert_refused(self, login, user_id):
        self.log_in(login)
        with self.assertRaises(Unauthorized):
            start_process(self.portal, "job", as_user=user_id)

    def test_managers_may_name_users_of_their_site(self):
        self.start_as(MANAGER, "editor")
        self.start_as(MANAGER, "site-admin")

    def test_site_administrators_may_name_those_who_may_no_more(self):
        self.start_as(ADMIN, "site-admin")
        self.start_as(ADMIN, "reader")
        self.assert_refused(ADMIN, "manager")
        self.assert_refused(ADMIN, "editor")

    def test_members_may_name_themselves_only(self):
        self.start_as(READER, "reader")
        self.assert_refused(READER, "editor")
        self.assert_refused(EDITOR, "reader")

    def test_a_manager_of_the_site_may_not_name_one_of_the_root(self):
        self.assert_refused(MANAGER, ROOT_ADMIN[0])

    def test_a_script_as_system_may_name_any_of_them(self):
        for user_id in ("editor", ROOT_ADMIN[0]):
            newSecurityManager(None, system)
            process = self.start(self.portal, "job", as_user=user_id)
            self.assertEqual(self.result(process), repr(user_id))
