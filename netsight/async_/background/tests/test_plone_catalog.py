"""The catalog is rebuilt, updated and filled anew in the background."""

import transaction
from Products.ZCatalog.ZCatalog import ZCatalog
from zope.component.hooks import setSite

from netsight.async_.background import ticks
from netsight.async_.background.tests.background_support import (
    BackgroundTestCase,
)
from netsight.async_.background.tests.background_support import CancelGate
from netsight.async_.background.tests.background_support import replaced
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Never


TOOL = "/plone/portal_catalog"

PAGE = "/plone/work/f0/p1"

GONE = "/plone/work/f0/p2"


class CatalogTestCase(BackgroundTestCase):
    """The catalog has a record that is wrong, and one too few."""

    def prepare(self):
        self.portal.work.f0.p1.title = "Not yet indexed"
        self.portal.portal_catalog.uncatalog_object(GONE)


class SideBySideTests(CatalogTestCase):
    """What the ZMI sends."""

    def done(self, method, form=()):
        """Return the outcome, which is the same, but for what it took."""
        at_once, later = self.outcomes(f"{TOOL}/{method}", form)
        self.assert_same_state(at_once.state, later.state)
        self.assertEqual(later.status, 302)
        addresses = [
            dict(each.headers)["Location"].partition("%0A")[0].strip("%20")
            for each in (at_once, later)
        ]
        self.assertEqual(*addresses)
        return later

    def test_it_is_rebuilt(self):
        done = self.done("manage_catalogRebuild")
        self.assertIn(GONE, done.state)
        title = done.state[PAGE]["catalog"]["Title"]
        self.assertEqual(title, "Not yet indexed")

    def test_it_is_updated(self):
        done = self.done("manage_catalogReindex")
        self.assertNotIn(GONE, done.state)
        title = done.state[PAGE]["catalog"]["Title"]
        self.assertEqual(title, "Not yet indexed")

    def test_indexes_are_filled_anew(self):
        form = [("ids:list", "sortable_title"), ("ids:list", "getId")]
        done = self.done("manage_reindexIndex", form)
        page = done.state[PAGE]["catalog"]
        self.assertEqual(page["sortable_title"], "not yet indexed")
        # Columns are left as they are.
        self.assertEqual(page["Title"], "The p1")


class StartTests(CatalogTestCase):
    def test_buttons_of_the_zmi_start_a_process(self):
        self.post(TOOL, [("manage_catalogReindex:method", "Update Catalog")])
        process = self.processes()[0]
        self.assertEqual(process.view_path, f"{TOOL}/manage_catalogReindex")

    def test_a_form_that_is_sent_by_get_has_the_user_confirm(self):
        client = self.client(MANAGER)
        confirm = client.get(
            f"{TOOL}?manage_catalogReindex:method=Update+Catalog"
        ).follow()
        self.assertEqual(self.processes(), [])
        form = next(
            each
            for each in confirm.forms.values()
            if "form.button.confirm" in each.fields
        )
        started = form.submit("form.button.confirm")
        self.assertIn("/processing?process_id=", started.location)
        self.assertEqual(len(self.processes()), 1)

    def test_a_second_one_is_led_to_the_first(self):
        with processes_run_by(Never()):
            for _each in range(2):
                response = self.post(f"{TOOL}/manage_catalogRebuild")
        self.assertIn("/processing?process_id=", response.location)
        self.assertEqual(len(self.processes()), 1)

    def test_few_objects_are_done_at_once(self):
        self.set("threshold", 1000)
        response = self.post(f"{TOOL}/manage_catalogRebuild")
        self.assertIn("Catalog%20Rebuilt", response.location)
        self.assertEqual(self.processes(), [])

    def test_an_empty_catalog_is_of_a_large_site_too(self):
        setSite(self.portal)
        self.portal.portal_catalog.manage_catalogClear()
        transaction.commit()
        self.post(f"{TOOL}/manage_catalogRebuild")
        self.assertEqual(len(self.processes()), 1)

    def test_no_index_is_refused_at_once(self):
        self.post(f"{TOOL}/manage_reindexIndex", status=400)
        self.assertEqual(self.processes(), [])

    def test_who_may_not_manage_the_catalog_may_start_nothing(self):
        for name in ("manage_catalogRebuild", "manage_catalogReindex"):
            response = self.post(f"{TOOL}/{name}", login=EDITOR)
            self.assertIn("require_login", response.location)
        self.assertEqual(self.processes(), [])

    def test_a_forged_one_starts_nothing(self):
        client = self.client(MANAGER)
        client.post(f"{TOOL}/manage_catalogRebuild", status=403)
        self.assertEqual(self.processes(), [])

    def test_code_has_the_methods_as_they_are(self):
        setSite(self.portal)
        self.portal.portal_catalog.manage_catalogRebuild()
        transaction.commit()
        self.assertIn(GONE, self.portal.portal_catalog._catalog.uids)
        self.assertEqual(self.processes(), [])


class CancelTests(CatalogTestCase):
    """Each tells its progress, and can be cancelled half-way."""

    def check(self, method, form=()):
        gate, catalog_object = CancelGate(50), ZCatalog.catalog_object

        def reach(catalog, *args, **kw):
            gate.reach()
            return catalog_object(catalog, *args, **kw)

        with (
            replaced(ZCatalog, "catalog_object", reach),
            replaced(ticks, "FREE_AFTER", 100),
        ):
            path = f"{TOOL}/{method}"
            process = self.cancelled_half_way(path, form, gate)
        self.assertEqual(process.state, "cancelled")
        self.assert_as_before()

    def assert_as_before(self):
        setSite(self.portal)
        catalog = self.portal.portal_catalog
        self.assertNotIn(GONE, catalog._catalog.uids)
        found = catalog.unrestrictedSearchResults(path=PAGE)
        self.assertEqual([each.Title for each in found], ["The p1"])

    def test_a_rebuild(self):
        self.check("manage_catalogRebuild")

    def test_an_update(self):
        self.check("manage_catalogReindex")

    def test_indexes(self):
        self.check("manage_reindexIndex", [("ids:list", "SearchableText")])
