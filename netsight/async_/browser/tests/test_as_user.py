"""`start_process`: as whom, and who may."""

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from AccessControl.SecurityManagement import newSecurityManager
from AccessControl.users import nobody
from AccessControl.users import system

from netsight.async_ import start_process
from netsight.async_.browser.tests.code_support import CodeTestCase
from netsight.async_.browser.tests.code_support import folder_in
from netsight.async_.browser.tests.code_support import seen
from netsight.async_.exceptions import NoSuchUserError
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER


class UserTests(CodeTestCase):
    """As whom it runs, and who may start it."""

    def setUp(self):
        super().setUp()
        seen(lambda view: getSecurityManager().getUser().getId())

    def test_it_runs_as_the_current_user(self):
        self.log_in(EDITOR)
        process = self.start(self.app, "job")
        self.assertEqual(process.owner.user_id, "editor")
        self.assertEqual(self.result(process), "'editor'")

    def test_or_as_nobody(self):
        process = self.start(self.app, "job")
        self.assertTrue(process.owner.is_anonymous)
        self.assertEqual(self.result(process), "None")

    def test_a_user_who_may_not_publish_the_view_starts_nothing(self):
        for login in (READER, None):
            with self.subTest(login):
                if login is None:
                    newSecurityManager(None, nobody)
                else:
                    self.log_in(login)
                with self.assertRaises(Unauthorized):
                    start_process(self.app, "manager-job")

    def test_one_who_may_does(self):
        self.log_in(MANAGER)
        process = self.start(self.app, "manager-job")
        self.assertEqual(self.result(process), "'manager'")

    def test_a_manager_may_name_somebody_else(self):
        self.log_in(MANAGER)
        process = self.start(self.app, "job", as_user="editor")
        self.assertEqual(self.result(process), "'editor'")
        self.assertEqual(getSecurityManager().getUser().getId(), "manager")

    def test_that_one_must_be_allowed_to_publish_the_view(self):
        self.log_in(MANAGER)
        with self.assertRaises(Unauthorized):
            start_process(self.app, "manager-job", as_user="reader")

    def test_others_may_name_themselves_only(self):
        self.log_in(EDITOR)
        start_process(self.app, "job", as_user="editor")
        for user_id in ("manager", "reader"):
            with self.subTest(user_id), self.assertRaises(Unauthorized):
                start_process(self.app, "job", as_user=user_id)

    def test_nobody_may_name_nobody(self):
        with self.assertRaises(Unauthorized):
            start_process(self.app, "job", as_user="reader")

    def test_a_script_as_system_may_name_anybody(self):
        newSecurityManager(None, system)
        process = self.start(self.app, "manager-job", as_user="manager")
        self.assertEqual(self.result(process), "'manager'")

    def test_it_must_do_so(self):
        newSecurityManager(None, system)
        with self.assertRaises(NoSuchUserError):
            start_process(self.app, "job")

    def test_an_unknown_name_is_refused(self):
        newSecurityManager(None, system)
        with self.assertRaises(NoSuchUserError):
            start_process(self.app, "job", as_user="no-such-user")

    def test_a_manager_of_a_folder_may_not_name_users_above_it(self):
        with folder_in(self.app) as folder:
            folder.manage_addUserFolder()
            folder.acl_users.userFolderAddUser("local", "x", ["Manager"], [])
            folder.acl_users.userFolderAddUser("other", "x", ["Owner"], [])
            self.log_in(("local",), folder)
            start_process(folder, "job", as_user="other")
            with self.assertRaises(Unauthorized):
                start_process(folder, "job", as_user="reader")

    def test_a_field_of_the_form_names_nobody(self):
        self.log_in(EDITOR)
        process = self.start(self.app, "job", form={"as_user": "manager"})
        self.assertEqual(self.result(process), "'editor'")
