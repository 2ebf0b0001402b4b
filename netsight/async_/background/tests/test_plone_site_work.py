"""Pages of Plone that work on a whole site, in the background."""

from Products.CMFPlone import relationhelper
from webtest import Upload
from zc.relation.interfaces import ICatalog
from zope.component import getUtility
from zope.component.hooks import setSite

from netsight.async_.background import site_work
from netsight.async_.background.progress import RELATED
from netsight.async_.background.tests.background_support import (
    BackgroundTestCase,
)
from netsight.async_.background.tests.background_support import CancelGate
from netsight.async_.background.tests.background_support import replaced
from netsight.async_.background.tests.background_support import tallied
from netsight.async_.tests.side_by_side import PAGES
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER


LINKS = "/plone/updateLinkIntegrityInformation"

RELATIONS = "/plone/rebuild-relations"

TYPES = "/plone/content-controlpanel"

REDIRECTS = "/plone/redirection-controlpanel"

UPGRADE = "/plone/plone-upgrade"


class LinksTests(BackgroundTestCase):
    def test_all_links_are_found_anew(self):
        done = self.assert_same_as_at_once(LINKS, [("update", "1")])
        self.assertEqual(done.status, 302)
        self.assertIn("updated", done.messages[0])

    def test_what_fails_is_left_out_as_at_once(self):
        page = f"{self.portal.work.f0.p1.getPhysicalPath()}"
        find = site_work.modifiedContent

        def failing(item, event):
            if f"{item.getPhysicalPath()}" == page:
                raise ValueError("no text")
            return find(item, event)

        total = len(self.portal.portal_catalog)
        with replaced(site_work, "modifiedContent", failing):
            response = self.post(LINKS, [("update", "1")])
            messages = response.follow().follow().follow().text
        self.assertIn(f"updated for {total - 1} items", messages)

    def test_it_is_cancelled_half_way(self):
        gate, find = CancelGate(50), site_work.modifiedContent

        def reach(item, event):
            gate.reach()
            return find(item, event)

        with replaced(site_work, "modifiedContent", reach):
            form = [("update", "1")]
            process = self.cancelled_half_way(LINKS, form, gate)
        self.assertEqual(process.state, "cancelled")

    def test_few_are_done_at_once(self):
        self.set("threshold", 1000)
        response = self.post(LINKS, [("update", "1")])
        self.assertEqual(response.location, "http://localhost/plone")
        self.assertEqual(self.processes(), [])

    def test_the_page_and_its_cancel_are_as_they_were(self):
        page = self.client(MANAGER).get(LINKS)
        self.assertIn("linkintegrity", page.text.lower())
        self.post(LINKS, [("cancel", "1")])
        self.assertEqual(self.processes(), [])

    def test_who_may_not_manage_the_site_starts_nothing(self):
        response = self.post(LINKS, [("update", "1")], login=EDITOR)
        self.assertIn("require_login", response.location)
        self.assertEqual(self.processes(), [])


class RelationsTests(BackgroundTestCase):
    def test_all_are_rebuilt(self):
        form = [("rebuild:boolean", "1")]
        done = self.assert_same_as_at_once(RELATIONS, form)
        self.assertGreater(len(done.state["site"]["relations"]), 1)

    def test_it_is_cancelled_half_way(self):
        gate, find = CancelGate(20), relationhelper.modifiedContent

        def reach(item, event):
            gate.reach()
            return find(item, event)

        with replaced(relationhelper, "modifiedContent", reach):
            form = [("rebuild:boolean", "1")]
            process = self.cancelled_half_way(RELATIONS, form, gate)
        self.assertEqual(process.state, "cancelled")

    def test_each_is_told_once(self):
        setSite(self.portal)
        total = sum(1 for each in getUtility(ICatalog).findRelationTokens())
        with tallied() as tallies:
            self.post(RELATIONS, [("rebuild:boolean", "1")])
        (tally,) = tallies
        self.assertEqual(tally.counts, {RELATED: total})
        self.assertEqual(tally.done, total)

    def test_nobody_listens_to_their_catalog_afterwards(self):
        self.post(RELATIONS, [("rebuild:boolean", "1")])
        setSite(self.portal)
        self.assertEqual(list(getUtility(ICatalog).iterListeners()), [])

    def test_few_are_rebuilt_at_once(self):
        self.set("threshold", 1000)
        page = self.post(RELATIONS, [("rebuild:boolean", "1")])
        self.assertIn("Finished!", page.text)
        self.assertEqual(self.processes(), [])


class TypesTests(BackgroundTestCase):
    FORM = [
        ("form.submitted", "1"),
        ("form.button.Save", "Save"),
        ("old_type_id", "Folder"),
        ("type_id", "Folder"),
    ]

    WORKFLOW = [
        *FORM,
        ("form.workflow.submitted", "1"),
        ("new_workflow", "one_state_workflow"),
        ("new_wfstates.old_state:records", "private"),
        ("new_wfstates.new_state:records", "published"),
    ]

    def test_another_workflow(self):
        done = self.assert_same_as_at_once(TYPES, self.WORKFLOW)
        chain = done.state["site"]["workflows"]["Folder"]
        self.assertEqual(chain, ("one_state_workflow",))
        folder = done.state["/plone/work/f0/s1"]["catalog"]
        self.assertEqual(folder["review_state"], "published")

    def test_another_workflow_of_few(self):
        form = [
            (name, "Document" if value == "Folder" else value)
            for name, value in self.WORKFLOW
        ]
        self.post(TYPES, form)
        self.assertEqual(self.processes(), [])

    def test_another_setting(self):
        self.post(TYPES, self.FORM)
        self.assertEqual(self.processes(), [])


class RedirectsTests(BackgroundTestCase):
    def form(self, count):
        lines = "".join(
            f"/old/p{n},/work/f0/p{n % PAGES}\n" for n in range(count)
        )
        upload = Upload("redirects.csv", lines.encode(), "text/csv")
        return [("form.button.Upload", "Upload"), ("file", upload)]

    def test_many(self):
        done = self.assert_same_as_at_once(REDIRECTS, self.form(51))
        redirects = done.state["site"]["redirects"]
        self.assertEqual(redirects["/plone/old/p17"], "/plone/work/f0/p1")

    def test_few(self):
        self.post(REDIRECTS, self.form(50))
        self.assertEqual(self.processes(), [])

    def test_no_file(self):
        upload = Upload("", b"", "text/csv")
        form = [("form.button.Upload", "Upload"), ("file", upload)]
        self.post(REDIRECTS, form)
        self.assertEqual(self.processes(), [])


class UpgradeTests(BackgroundTestCase):
    """Of a site that an older Plone has made."""

    FORM = [("form.submitted:boolean", "True")]

    def prepare(self):
        profile = "Products.CMFPlone:plone"
        setup = self.portal.portal_setup
        self.target = setup.getLastVersionForProfile(profile)
        older = "6100" if self.target > ("6100",) else "6020"
        setup.setLastVersionForProfile(profile, older)

    def test_it_is_upgraded(self):
        done = self.assert_same_as_at_once(UPGRADE, self.FORM)
        self.assertEqual(done.status, 200)
        migration = self.portal.portal_migration
        self.assertEqual(
            migration.getInstanceVersion(), migration.getFileSystemVersion()
        )

    def test_a_dry_run_is_left_to_plone(self):
        self.post(UPGRADE, [*self.FORM, ("dry_run:int", "1")])
        self.assertEqual(self.processes(), [])
