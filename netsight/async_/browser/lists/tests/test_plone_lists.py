"""Control panel, user's list, viewlet and profile in a Plone site."""

import re
from html import unescape
from unittest import mock

import transaction
from plone.app.testing import applyProfile
from plone.app.testing import setRoles
from zope.component.hooks import setSite

from netsight.async_.browser.lists.listing import PAGE_SIZE
from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.browser.lists.viewlet import COUNT_MOST
from netsight.async_.browser.lists.viewlet import MyProcessesViewlet
from netsight.async_.config import MANAGE_PROCESSES
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import this_worker
from netsight.async_.records.owners import Owner
from netsight.async_.records.shards import SHARDS
from netsight.async_.running import signs
from netsight.async_.running.monitor import monitor
from netsight.async_.serving import server
from netsight.async_.serving.recovery import recover
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.plone_support import ROOT_ADMIN
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.plone_support import speak_german
from netsight.async_.tests.record_support import add
from netsight.async_.tests.record_support import add_ended
from netsight.async_.tests.record_support import deployed
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import Client
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of


PROFILE = "netsight.async:default"
MINE, ALL = "/plone/@@my-processes", "/plone/@@async-processes"
EDITORS = Owner("editor", "/plone/acl_users")


class PloneListTestCase(ListMixin, PloneTestCase):
    """A site with the profile."""

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        applyProfile(self.portal, PROFILE)
        transaction.commit()

    def next_page(self, login, first_page):
        """Return the link of a list to the five processes that are left."""
        add_ended(self.registry(), PAGE_SIZE + 5, EDITORS, "/plone/job")
        transaction.commit()
        page = self.client(login).get(first_page)
        return re.search(r'href="([^"]*b_start[^"]*)"', page.text)[1]

    def press(self, page, button, login=EDITOR, **fields):
        """Submit a button of a page, with the token that is in its form."""
        client = self.client(login)
        token = client.get(page).forms.values()
        token = next(f for f in token if f.method == "post")["_authenticator"]
        fields["_authenticator"] = token.value
        form = {**button, **fields, "sure": "1"}
        return client.post(page, form, status=302)


class MyProcessesTests(PloneListTestCase):
    def test_somebody_who_is_not_logged_in_is_led_to_the_login(self):
        response = self.client().get(MINE, status=302)
        self.assertIn("/require_login?came_from=", response.location)

    def test_it_works_without_the_profile(self):
        applyProfile(self.portal, "netsight.async:uninstall")
        transaction.commit()
        process_id = self.done()
        self.assertEqual(self.ids(self.client(EDITOR).get(MINE)), [process_id])

    def test_it_is_a_page_of_the_site(self):
        self.done()
        page = self.client(EDITOR).get(MINE)
        self.assertIn('id="portal-footer-wrapper"', page)

    def test_each_navigation_root_has_it_for_the_whole_site(self):
        from plone.base.interfaces import INavigationRoot
        from zope.interface import alsoProvides

        setRoles(self.portal, "test_user_1_", ["Manager"])
        self.portal.invokeFactory("Folder", "en")
        alsoProvides(self.portal.en, INavigationRoot)
        transaction.commit()
        process_id = self.done()
        page = self.client(EDITOR).get("/plone/en/@@my-processes")
        self.assertEqual(self.ids(page), [process_id])

    def test_of_a_user_of_the_root_it_has_what_is_in_this_site(self):
        here = self.done(ROOT_ADMIN)
        self.base = ""
        there = self.client(ROOT_ADMIN).start("/job")
        page = self.client(ROOT_ADMIN).get(MINE)
        self.assertEqual(self.ids(page), [here])
        page = self.client(ROOT_ADMIN).get("/@@my-processes")
        self.assertEqual(self.ids(page), [there, here])

    def test_long_lists_have_plones_batch_navigation(self):
        url = self.next_page(EDITOR, f"{MINE}?done=remove")
        self.assertNotIn("done", url)
        page = self.client(EDITOR).get(url)
        self.assertEqual(len(self.ids(page)), 5)

    def test_a_button_works_with_the_token_of_its_form(self):
        process_id = self.queued()
        self.press(MINE, {"cancel": process_id})
        self.assertEqual(self.state(process_id), "cancelled")

    def test_a_post_without_a_token_changes_nothing(self):
        queued, done, failed = self.queued(), self.done(), self.failed()
        for path, login in ((MINE, EDITOR), (ALL, MANAGER)):
            for button, process_id in (
                ("cancel", queued), ("remove", done), ("again", failed),
                ("remove-ended", "1"), ("drop-held", "1"),
            ):  # fmt: skip
                for token in ({}, {"_authenticator": "0" * 40}):
                    with self.subTest(path=path, button=button, token=token):
                        form = {button: process_id, "sure": "1", **token}
                        page = Client(login).post(path, form, status=403)
                        self.assertIn("Nothing was changed", page)
        states = [process.state for process in self.processes()]
        self.assertEqual(states, ["queued", "completed", "failed"])

    def test_it_is_translated(self):
        speak_german()
        self.done()
        headers = {"Accept-Language": "de"}
        page = self.client(EDITOR).get(MINE, headers=headers)
        for text in ("Meine Vorgänge im Hintergrund", "Abgeschlossen"):
            self.assertIn(text, page)

    def test_so_are_search_and_details_of_the_control_panel(self):
        speak_german()
        process_id = self.queued()
        client, headers = self.client(MANAGER), {"Accept-Language": "de"}
        page = client.get(f"{ALL}?state=lost", headers=headers)
        for text in ("Suchen und sortieren", "Keiner passt zum Filter."):
            self.assertIn(text, page)
        page = client.get(f"{ALL}?process_id={process_id}", headers=headers)
        self.assertIn("Gestartet auf", page)
        page = client.get(f"{ALL}?known=", headers=headers)
        self.assertIn("Wartet", page.json["html"])

    def test_the_viewlet_is_translated(self):
        speak_german()
        self.queued()
        headers = {"Accept-Language": "de"}
        page = self.client(EDITOR).get("/plone/sitemap", headers=headers)
        self.assertIn('aria-label="Meine Vorgänge im Hintergrund"', page)
        self.assertIn("Laufen oder warten: 1", page)

    def test_the_titles_of_action_and_control_panel_are_translated(self):
        speak_german()
        page = self.client(MANAGER).get(
            "/plone/@@overview-controlpanel",
            headers={"Accept-Language": "de"},
        )
        self.assertRegex(page.text, r">\s*Vorgänge im Hintergrund\s*<")
        self.assertIn("Meine Vorgänge im Hintergrund", page)


class ControlPanelTests(PloneListTestCase):
    def test_it_needs_the_permission(self):
        for login in (EDITOR, READER):
            self.client(login).get(ALL, status=302)
        self.client(MANAGER).get(ALL, status=200)

    def test_site_administrators_have_it(self):
        self.portal.acl_users.userFolderAddUser(
            "admin2", "s3cret-of-admin", ["Site Administrator"], []
        )
        transaction.commit()
        client = self.client(("admin2", "s3cret-of-admin"))
        client.get(ALL, status=200)

    def test_it_is_a_page_of_the_site_setup(self):
        page = self.client(MANAGER).get(ALL)
        self.assertIn("@@overview-controlpanel", page)
        overview = self.client(MANAGER).get("/plone/@@overview-controlpanel")
        self.assertIn(f'href="http://localhost{ALL}"', overview)

    def test_views_that_are_not_there_are_no_filter(self):
        page = self.client(MANAGER).get(ALL).text
        names = re.findall('<option value="([^"]+)"', page)
        self.assertIn("cancellable-job", names)
        for other in ("fc-paste", "updateLinkIntegrityInformation"):
            self.assertNotIn(other, names)
        self.assertNotIn("_application_json_", "".join(names))

    def test_it_has_the_processes_of_this_site(self):
        here = self.done()
        there = self.client().start("/job")
        page = self.client(MANAGER).get(ALL)
        self.assertEqual(self.ids(page), [here])
        page = self.client(ROOT_ADMIN).get("/@@async-processes")
        self.assertEqual(self.ids(page), [there, here])

    def test_processes_of_other_sites_cannot_be_changed_or_read(self):
        there = self.client().start("/job")
        self.done()
        page = self.client(MANAGER).get(
            f"{ALL}?process_id={there}", status=404
        )
        self.assertNotIn(f"netsight-async-{there}", page)
        with self.assertRaisesRegex(Exception, "404"):
            self.press(ALL, {"remove": there}, MANAGER)
        self.press(ALL, {"remove-ended": "1"}, MANAGER)
        self.assertEqual([p.id for p in self.processes()], [there])

    def test_what_is_held_is_decided_for_this_site(self):
        with processes_run_by(Never()):
            there = self.client().start("/job")
        here = self.queued()
        with deployed("staging"):
            server.Duty()()
            page = self.client(MANAGER).get(ALL)
            self.assertIn("On hold: 1", text_of(page))
            self.assertIn('name="sure"', page)
            self.press(ALL, {"release-held": "1", "sure": "1"}, MANAGER)
            self.assertFalse(self.process(here).is_held)
            self.assertTrue(self.process(there).is_held)
            self.assertNotIn('name="sure"', self.client(MANAGER).get(ALL))

    def test_the_token_does_not_come_into_addresses(self):
        forms = self.client(MANAGER).get(ALL).forms.values()
        filters = next(each for each in forms if "state" in each.fields)
        self.assertEqual(filters.method.lower(), "get")
        field = filters["_authenticator"]
        self.assertEqual(field.attrs.get("disabled"), "disabled")
        self.assertFalse(field.value)

    def test_a_user_is_asked_for_by_login_name(self):
        process_id = self.done()
        self.done(READER)
        page = self.client(MANAGER).get(f"{ALL}?user=editor")
        self.assertEqual(self.ids(page), [process_id])

    def test_batch_navigation_keeps_the_filters(self):
        url = self.next_page(MANAGER, f"{ALL}?state=completed&view=job")
        self.assertIn("state=completed", url)
        self.assertIn("view=job", url)

    def test_run_again_by_a_manager_runs_as_the_owner(self):
        failed = self.failed()
        seen = []
        self.job(lambda v, pid: seen.append(v.request["AUTHENTICATED_USER"]))
        self.press(ALL, {"again": failed}, MANAGER)
        self.assertEqual([user.getId() for user in seen], ["editor"])


class ViewletTests(PloneListTestCase):
    def text(self, login=EDITOR, path="/plone/sitemap"):
        page = self.client(login).get(path)
        found = re.search(
            r'(?s)<nav class="netsight-async-viewlet.*?</nav>', page.text
        )
        return found and re.sub(r"\s+", " ", found[0])

    def test_it_tells_how_many_of_ones_own_run_or_wait(self):
        self.queued()
        self.queued()
        self.done()
        self.queued(READER)
        text = self.text()
        self.assertIn("Running or waiting: 2", text)
        self.assertIn(f'href="http://localhost{MINE}"', text)

    def beat(self):
        """Have recovery come by."""
        transaction.begin()
        recover(self.registry())
        transaction.commit()

    def test_it_tells_what_has_ended_success_and_failure_apart(self):
        self.done(), self.done(), self.failed()
        self.done(READER), self.done(None)
        for _each in range(2):
            text = self.text()
            self.assertIn("Done: 2", text)
            self.assertIn("Without a result: 1", text)
            self.assertNotIn("Running", text)
            self.beat()

    def test_what_its_owner_has_had_does_not_count(self):
        first, second = self.done(), self.done()
        transact("test", signs.show, {}, {first: 12.0})
        self.assertIn("Done: 1", self.text())
        self.beat()
        self.assertIn("Done: 1", self.text())
        transact("test", signs.show, {}, {second: 12.0})
        self.assertIsNone(self.text())

    def test_what_was_seen_in_the_list_does_not_count(self):
        process_id = self.done()
        self.beat()
        with mock.patch.object(monitor, "note_seen") as note_seen:
            self.client(EDITOR).get(MINE)
        note_seen.assert_called_once_with([process_id])
        transact("test", signs.show, {}, {process_id: None})
        self.assertIsNone(self.text())
        self.assertIsNone(self.process(process_id).fetched)

    def test_what_is_removed_does_not_count(self):
        process_id = self.done()
        self.beat()
        self.registry().remove(process_id)
        transaction.commit()
        self.assertIsNone(self.text())

    def test_that_of_another_site_does_not_count(self):
        self.done()
        self.beat()
        with mock.patch.object(
            MyProcessesViewlet, "_path", "/other", create=True
        ):
            view = MyProcessesViewlet(None, None, None)
            owner = self.processes()[0].owner
            view._count_unseen(self.registry(), owner)
        self.assertEqual(view.done, 0)

    def test_its_own_page_does_not_count_it(self):
        process_id = self.queued()
        path = f"/plone/cancellable-job/processing?process_id={process_id}"
        self.assertIsNone(self.text(path=path))
        self.queued()
        self.assertIn("Running or waiting: 1", self.text(path=path))

    def test_what_runs_for_a_context_is_named_there(self):
        process_id = self.queued()
        self.queued(READER)
        text = self.text(path="/plone")
        self.assertIn("Running or waiting here: cancellable-job", text)
        self.assertIn(f"processing?process_id={process_id}", text)
        self.assertEqual(text.count("waiting here"), 1)
        setSite(self.portal)
        setRoles(self.portal, "test_user_1_", ["Manager"])
        self.portal.invokeFactory("Folder", "other")
        transaction.commit()
        text = self.text(path="/plone/other")
        self.assertNotIn("waiting here", text)

    def test_several_with_one_title_are_one_line(self):
        self.queued()
        self.queued()
        text = self.text(path="/plone")
        self.assertIn("Running or waiting here: cancellable-job (2)", text)
        self.assertEqual(text.count("waiting here"), 1)
        self.assertNotIn("processing?process_id=", text)

    def test_there_is_none_when_nothing_runs(self):
        self.queued(READER)
        self.queued(None)
        self.assertIsNone(self.text())
        self.assertIsNone(self.text(None))

    def test_there_is_none_on_the_list_itself(self):
        self.queued()
        self.assertIsNone(self.text(path=MINE))

    def test_many_are_not_counted_to_the_end(self):
        for number in range(COUNT_MOST + 1):
            add(self.registry(), number, EDITORS, "/plone/job")
        transaction.commit()
        self.assertIn(f"{COUNT_MOST} or more", self.text())

    def test_it_is_for_sites_with_the_profile(self):
        applyProfile(self.portal, "netsight.async:uninstall")
        transaction.commit()
        self.queued()
        self.assertIsNone(self.text())

    def cost(self):
        """Return how many objects the viewlet loads with empty caches."""
        costs = []

        def begin(root):
            # What Plone has loaded for the page until now does not matter.
            root._p_jar.cacheMinimize()
            root._p_jar.getTransferCounts(True)
            return query_registry(root)

        count_unseen = MyProcessesViewlet._count_unseen

        def end(viewlet, registry, owner):
            count_unseen(viewlet, registry, owner)
            costs.append(registry._p_jar.getTransferCounts(True)[0])

        module = "netsight.async_.browser.lists.viewlet"
        with (
            mock.patch(f"{module}.query_registry", begin),
            mock.patch.object(MyProcessesViewlet, "_count_unseen", end),
        ):
            self.text()
        return costs[0]

    def test_it_costs_little_among_10000_processes(self):
        registry = self.registry()
        registry.worker(this_worker())
        add_ended(registry, 10_000, EDITORS, "/plone/job")
        recover(registry)
        transaction.commit()
        self.assertLess(self.cost(), 15)
        add(registry, 10_001, EDITORS, "/plone/job")
        transaction.commit()
        # Of the active ids and those of the owner, the newest of each shard.
        self.assertLess(self.cost(), 20 + 4 * SHARDS)


class ProfileTests(PloneListTestCase):
    """What the profile adds, and what is left of it."""

    def configlets(self):
        panel = self.portal.portal_controlpanel
        return [each.id for each in panel.listActions()]

    def user_actions(self):
        return list(self.portal.portal_actions.user.objectIds())

    def test_the_action_is_before_the_logout(self):
        actions = self.user_actions()
        mine = actions.index("netsight.async.my-processes")
        self.assertEqual(actions[mine + 1], "logout")

    def test_only_who_is_logged_in_has_the_action(self):
        for login, expected in ((EDITOR, True), (None, False)):
            page = self.client(login).get("/plone/sitemap")
            self.assertEqual("/@@my-processes" in page.text, expected)

    def test_uninstalling_leaves_nothing(self):
        applyProfile(self.portal, "netsight.async:uninstall")
        self.assertNotIn("netsight.async", self.configlets())
        self.assertNotIn("netsight.async.my-processes", self.user_actions())
        transaction.commit()
        page = self.client(MANAGER).get("/plone/sitemap")
        self.assertNotIn("my-processes", page)
        self.client(MANAGER).get(ALL, status=404)

    def test_a_site_is_as_it_was_before(self):
        applyProfile(self.portal, "netsight.async:uninstall")
        before = self.exported()
        applyProfile(self.portal, PROFILE)
        self.assertNotEqual(self.exported(), before)
        applyProfile(self.portal, "netsight.async:uninstall")
        self.assertEqual(self.exported(), before)

    def exported(self):
        return (
            self.configlets(),
            self.user_actions(),
            self.portal.rolesOfPermission(MANAGE_PROCESSES),
            self.portal.acquiredRolesAreUsedBy(MANAGE_PROCESSES),
        )

    def test_a_site_with_the_older_profile_is_upgraded(self):
        setup = self.portal.portal_setup
        self.portal.portal_controlpanel.unregisterConfiglet("netsight.async")
        self.portal.portal_actions.user._delObject(
            "netsight.async.my-processes"
        )
        setup.setLastVersionForProfile(PROFILE, "2000")
        setup.upgradeProfile(PROFILE)
        self.assertIn("netsight.async", self.configlets())
        self.assertIn("netsight.async.my-processes", self.user_actions())
        self.assertEqual(setup.getLastVersionForProfile(PROFILE), ("2002",))
        self.assertEqual(setup.listUpgrades(PROFILE), [])


class TitleTests(PloneListTestCase):
    """The title of the window names what the page is about."""

    def title(self, path, login=EDITOR, **kwargs):
        page = self.client(login).get(path, **kwargs)
        return unescape(re.search("<title>(.*?)</title>", page.text)[1])

    def test_of_the_page_that_waits(self):
        process_id = self.queued()
        self.process(process_id).title = "Salt & <b>pepper"
        transaction.commit()
        view = self.path("cancellable-job")
        self.assertEqual(
            self.title(f"{view}/processing?process_id={process_id}"),
            "Waiting – Salt & <b>pepper – Plone site",
        )

    def test_of_the_page_of_one_that_failed(self):
        process_id = self.failed()
        path = f"{self.path('again-job')}/processing?process_id={process_id}"
        self.assertEqual(self.title(path), "Failed – again-job – Plone site")

    def test_of_a_refusal(self):
        path = f"{self.path('job')}/processing?process_id=abcde"
        self.assertEqual(
            self.title(path, status=404),
            "Not found – Plone site",
        )

    def test_of_the_lists(self):
        for path, login, text in (
            (MINE, EDITOR, "My background processes"),
            (ALL, MANAGER, "Background processes"),
        ):
            with self.subTest(path):
                self.assertEqual(
                    self.title(path, login), f"{text} – Plone site"
                )

    def test_of_other_pages_it_is_plones(self):
        self.assertEqual(self.title("/plone/@@sitemap"), "Plone site")
