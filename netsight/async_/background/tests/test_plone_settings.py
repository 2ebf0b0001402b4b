"""The settings page of the profile "Background actions"."""

import transaction
from plone.app.testing import applyProfile
from plone.registry.interfaces import IRegistry
from zope.component import getUtility
from zope.component.hooks import setSite

from netsight.async_.background.actions import ACTIONS
from netsight.async_.background.counting import PREFIX
from netsight.async_.background.tests.background_support import (
    EXPORTS_ARE_THERE,
)
from netsight.async_.background.tests.background_support import (
    BackgroundTestCase,
)
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import ids_twice
from netsight.async_.tests.support import text_of


PAGE = "/plone/@@background-actions"

UNINSTALL = "netsight.async_.background:uninstall"


class SettingsTests(BackgroundTestCase):
    def page(self):
        return self.client(MANAGER).get(PAGE)

    def settings(self):
        """Return {name: value} of the records."""
        transaction.begin()
        setSite(self.portal)
        records = getUtility(IRegistry).records
        names = [name for name in records if name.startswith(PREFIX)]
        return {name: records[name].value for name in names}

    def form_of(self, page, button):
        return next(
            each for each in page.forms.values() if button in each.fields
        )

    def test_no_two_elements_have_one_id(self):
        self.assertEqual(ids_twice(self.page()), [])

    def test_all_actions_are_on_at_first(self):
        self.assertEqual(
            self.settings(),
            {f"{PREFIX}.threshold": 50, f"{PREFIX}.actions": list(ACTIONS)},
        )

    def test_they_are_saved(self):
        form = self.form_of(self.page(), "form.buttons.save")
        form["form.widgets.threshold"] = "7"
        boxes = form.fields["form.widgets.actions:list"]
        for box in boxes:
            box.checked = box._value in ("delete", "links")
        page = form.submit("form.buttons.save").follow()
        self.assertIn("Changes saved", page.text)
        self.assertEqual(
            self.settings(),
            {
                f"{PREFIX}.threshold": 7,
                f"{PREFIX}.actions": ["delete", "links"],
            },
        )

    def test_an_action_that_is_off_is_done_at_once(self):
        self.set("actions", ["delete"])
        self.post("/plone/rebuild-relations", [("rebuild:boolean", "1")])
        self.assertEqual(self.processes(), [])

    def test_it_starts_a_work_and_tells_who_did_last(self):
        self.assertIn("Not started lately", self.page().text)
        form = self.page().forms
        form = next(
            each
            for each in form.values()
            if each.action.endswith("/manage_catalogRebuild")
        )
        page = form.submit()
        while page.status_int == 302:
            page = page.follow()
        self.assertEqual(page.request.path, PAGE)
        text = text_of(page)
        self.assertIn("The catalog is up to date.", text)
        self.assertRegex(
            text, f"Last started .* by {MANAGER[0]} *: *Completed"
        )

    def test_each_form_leads_to_what_it_names(self):
        names = [
            "manage_catalogRebuild",
            "manage_catalogReindex",
            "manage_reindexIndex",
            "updateLinkIntegrityInformation",
            "rebuild-relations",
        ]
        if EXPORTS_ARE_THERE:
            names += ["background-export", "background-import"]
        page = self.page()
        actions = [each.action for each in page.forms.values()]
        for name in names:
            with self.subTest(name):
                self.assertTrue(any(each.endswith(name) for each in actions))

    def test_what_they_may_not_do_is_not_shown(self):
        users = self.portal.acl_users
        admin = "siteadmin", "siteadmin-secret"
        users.userFolderAddUser(*admin, ["Site Administrator"], [])
        transaction.commit()
        page = self.client(admin).get(PAGE)
        self.assertIn("form.widgets.threshold", page.text)
        # All works are for managers, as Plone has it.
        self.assertNotIn("rebuild-relations", page.text)
        self.assertNotIn("manage_catalogRebuild", page.text)
        self.assertNotIn("Work on the whole site", page.text)

    def test_it_is_for_administrators(self):
        response = self.client(EDITOR).get(PAGE)
        self.assertIn("require_login", response.location)

    def test_it_is_in_the_control_panel(self):
        page = self.client(MANAGER).get("/plone/@@overview-controlpanel")
        self.assertIn(f"http://localhost{PAGE}", page.text)

    def test_uninstalled_nothing_is_left(self):
        setSite(self.portal)
        applyProfile(self.portal, UNINSTALL)
        transaction.commit()
        self.assertEqual(self.settings(), {})
        page = self.client(MANAGER).get("/plone/@@overview-controlpanel")
        self.assertNotIn("background-actions", page.text)
        self.client(MANAGER).get(PAGE, status=404)
        self.post("/plone/portal_catalog/manage_catalogRebuild")
        self.assertEqual(self.processes(), [])
