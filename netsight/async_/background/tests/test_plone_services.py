"""What plone.restapi does at once, and with ``Prefer: respond-async``."""

import json

import transaction
from plone.locking.interfaces import ILockable
from plone.rest.cors import CORSPolicy
from plone.rest.interfaces import ICORSPolicy
from zExceptions import BadRequest
from zope.component import getGlobalSiteManager
from zope.component.hooks import setSite
from zope.container.interfaces import IContainerModifiedEvent
from zope.interface import Interface

from netsight.async_.background.tests.background_support import CancelGate
from netsight.async_.background.tests.background_support import tallied
from netsight.async_.background.tests.service_support import ASYNC
from netsight.async_.background.tests.service_support import UID
from netsight.async_.background.tests.service_support import Exchange
from netsight.async_.background.tests.service_support import ServiceTestCase
from netsight.async_.rest.tests.plone_rest_support import RestClient
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.plone_support import speak_german
from netsight.async_.tests.side_by_side import CHANGING
from netsight.async_.tests.side_by_side import FOLDERS
from netsight.async_.tests.side_by_side import OBJECTS
from netsight.async_.tests.side_by_side import ends_told
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import Never
from netsight.async_.tests.waiting import WAIT_SECONDS


WORK = "/plone/work"
FOLDER = f"{WORK}/f0"
PAGE = f"{FOLDER}/p0"


class CORSPolicyOfTest(CORSPolicy):
    """One by which a page of another origin may send and see what it needs."""

    allow_origin = ("http://volto.example",)
    allow_methods = ("DELETE",)
    allow_headers = ("Prefer", "Authorization", "Content-Type")
    expose_headers = ("Location",)
    allow_credentials = True
    max_age = None


class ServiceTests(ServiceTestCase):
    """One test a service: status, headers, body, and the site are the same."""

    def test_delete(self):
        done = self.compare_service(Exchange("DELETE", WORK))
        self.assertEqual((done.status, done.body), (204, ""))
        below = [path for path in done.state if path.startswith(WORK)]
        self.assertEqual(below, [])

    def test_move(self):
        body = {"source": [f"/work/f{n}" for n in range(1, FOLDERS)]}
        done = self.compare_service(Exchange("POST", f"{FOLDER}/@move", body))
        self.assertEqual(done.status, 200)
        self.assertIn(f"{FOLDER}/f4/p0", done.state)
        self.assertIn(f"{WORK}/f4/p0", done.state["site"]["redirects"])

    def test_copy(self):
        body = {"source": "/work"}
        done = self.compare_service(Exchange("POST", "/plone/@copy", body))
        self.assertEqual(done.status, 200)
        self.assertIn("/plone/copy_of_work/f4/p0", done.state)

    def test_workflow(self):
        body = {"include_children": True, "comment": "All of it"}
        done = self.compare_service(
            Exchange("POST", f"{WORK}/@workflow/publish", body)
        )
        self.assertEqual(done.status, 200)
        states = [
            found["catalog"]["review_state"]
            for path, found in done.state.items()
            if path.startswith(WORK)
        ]
        self.assertEqual(states, ["published"] * OBJECTS)

    def test_sharing(self):
        roles = {"Reader": True, "Editor": True}
        entry = {"id": "editor", "type": "user", "roles": roles}
        done = self.compare_service(
            Exchange("POST", f"{WORK}/@sharing", {"entries": [entry]})
        )
        self.assertEqual(done.status, 204)
        found = done.state[PAGE]["catalog"]["allowedRolesAndUsers"]
        self.assertIn("user:editor", found)

    def test_sharing_of_the_site(self):
        entry = {"id": "editor", "type": "user", "roles": {"Reader": True}}
        done = self.compare_service(
            Exchange("POST", "/plone/@sharing", {"entries": [entry]})
        )
        self.assertEqual(done.status, 204)

    def test_change(self):
        done = self.compare_service(
            Exchange("PATCH", WORK, {"title": "Other", "id": "other"})
        )
        self.assertEqual((done.status, done.body), (204, ""))
        self.assertIn("/plone/other/f0/p0", done.state)

    def test_change_of_the_site(self):
        done = self.compare_service(
            Exchange("PATCH", "/plone", {"title": "Other"})
        )
        self.assertEqual(done.status, 204)

    def test_order(self):
        ordering = {"obj_id": "f4", "delta": "top"}
        done = self.compare_service(
            Exchange("PATCH", WORK, {"ordering": ordering})
        )
        self.assertEqual(done.state[WORK]["object"]["children"][0], "f4")

    def test_add(self):
        body = {"@type": "Document", "title": "Added", "id": "added"}
        done = self.compare_service(Exchange("POST", FOLDER, body))
        self.assertEqual(done.status, 201)
        self.assertIn(f"{FOLDER}/added", dict(done.headers)["Location"])

    def test_relations(self):
        done = self.compare_service(
            Exchange("POST", "/plone/@relations/rebuild")
        )
        self.assertEqual(done.status, 204)


class RefusalTests(ServiceTestCase):
    """What is refused within the work is refused in the same words."""

    def test_a_body_that_is_wrong(self):
        done = self.compare_service(
            Exchange("PATCH", PAGE, {"effective": "never"})
        )
        self.assertEqual(done.status, 400)

    def test_nothing_to_copy(self):
        done = self.compare_service(Exchange("POST", f"{FOLDER}/@copy", {}))
        self.assertEqual(done.status, 400)
        self.assertEqual(json.loads(done.body)["type"], "BadRequest")

    def test_a_type_that_there_is_not(self):
        done = self.compare_service(
            Exchange("POST", FOLDER, {"@type": "Unheard"})
        )
        self.assertEqual(done.status, 403)

    def test_a_change_of_state_that_there_is_not(self):
        done = self.compare_service(
            Exchange("POST", f"{FOLDER}/@workflow/fly", {})
        )
        self.assertEqual(done.status, 400)

    def test_an_id_that_is_taken(self):
        body = {"@type": "Document", "id": "p0", "title": "Again"}
        self.compare_service(Exchange("POST", FOLDER, body))

    def test_what_is_locked(self):
        self.locks = True
        self.lock_page()
        done = self.compare_service(Exchange("PATCH", PAGE, {"title": "New"}))
        self.assertEqual(done.status, 403)
        self.assertEqual(done.state[PAGE]["catalog"]["Title"], "The p0")

    def test_who_may_not_add_there(self):
        self.publish_work()
        body = {"source": "/work/f0/p0"}
        done = self.compare_service(
            Exchange("POST", f"{FOLDER}/@copy", body, login=READER)
        )
        self.assertEqual(done.status, 403)

    def test_who_may_not_share(self):
        self.publish_work()
        entry = {"id": "editor", "type": "user", "roles": {"Reader": True}}
        done = self.compare_service(
            Exchange(
                "POST", f"{WORK}/@sharing", {"entries": [entry]}, login=READER
            )
        )
        self.assertEqual(done.status, 403)

    publishes = locks = False

    def setUp(self):
        super().setUp()
        if self.publishes:
            self.publish_work()
        if self.locks:
            self.lock_page()

    def lock_page(self):
        ILockable(self.portal.work.f0.p0).lock()
        transaction.commit()

    def publish_work(self):
        """Have readers see it; the site that is made anew is so, too."""
        self.publishes = True
        setSite(self.portal)
        workflows = self.portal.portal_workflow
        for item in (self.portal.work, self.portal.work.f0):
            workflows.doActionFor(item, "publish")
        workflows.doActionFor(self.portal.work.f0.p0, "publish")
        transaction.commit()


class PreferenceTests(ServiceTestCase):
    """What a request says beside that its answer may come later."""

    def test_the_changed_object_as_the_answer(self):
        done = self.compare_service(
            Exchange(
                "PATCH",
                PAGE,
                {"title": "New"},
                {"Prefer": "return=representation"},
            )
        )
        self.assertEqual(done.status, 200)
        self.assertEqual(json.loads(done.body)["title"], "New")

    def test_who_has_the_token_of_a_lock(self):
        page = self.portal.work.f0.p0
        setSite(self.portal)
        ILockable(page).lock()
        transaction.commit()
        token = ILockable(page).lock_info()[0]["token"]
        result = self.result_of_service(
            Exchange("PATCH", PAGE, {"title": "N"}, {"Lock-Token": token})
        )
        self.assertEqual(result.status_int, 204)

    def test_the_language(self):
        setSite(self.portal)
        speak_german()
        exchange = Exchange(
            "POST",
            f"{FOLDER}/@workflow/publish",
            {},
            {"Accept-Language": "de"},
        )
        result = self.result_of_service(exchange)
        self.assertEqual(result.json["title"], "Veröffentlicht")

    def test_that_it_was_heard(self):
        started = Exchange("DELETE", PAGE).send_async()
        self.assertEqual(started.headers["Preference-Applied"], ASYNC)
        result = RestClient(MANAGER).get(started.json["links"]["result"])
        self.assertNotIn("Preference-Applied", result.headers)

    def test_without_it_there_is_no_process(self):
        answer = Exchange("DELETE", PAGE, headers={"Prefer": "wait=5"}).send()
        self.assertEqual(answer.status_int, 204)
        self.assertEqual(self.processes(), [])


class WithoutTests(ServiceTestCase):
    """Nothing changes for those who do not ask for it, or have no profile."""

    exchanges = (
        Exchange("PATCH", PAGE, {"title": "New"}),
        Exchange("PATCH", PAGE, {"effective": "never"}),
        Exchange("POST", f"{FOLDER}/@copy", {"source": "/work/f0/s0"}),
        Exchange("POST", f"{FOLDER}/@copy", {}),
        Exchange("POST", f"{PAGE}/@workflow/publish", {}),
        Exchange("DELETE", PAGE),
        Exchange("DELETE", PAGE),
        Exchange("DELETE", f"{FOLDER}/p1", login=READER),
    )

    def answers(self):
        """Return all of each answer, but for what is random."""
        return [
            UID.sub("...", CHANGING.sub("...", str(each.send())))
            for each in self.exchanges
        ]

    def test_a_request_without_the_header(self):
        with_profile = self.answers()
        self.has_profile = False
        self.begin_anew()
        for exchange, here, there in zip(
            self.exchanges, with_profile, self.answers(), strict=True
        ):
            with self.subTest(exchange):
                self.assertEqual(here, there)

    def test_a_site_without_the_profile(self):
        self.has_profile = False
        self.begin_anew()
        answer = Exchange("DELETE", PAGE).send_async()
        self.assertEqual(answer.status_int, 204)
        self.assertEqual(self.processes(), [])


class ProcessTests(ServiceTestCase):
    """The process itself."""

    def test_who_may_not_is_told_before_it_begins(self):
        answer = Exchange("DELETE", PAGE, login=READER).send_async()
        self.assertEqual(answer.status_int, 401)
        self.assertEqual(answer.json["type"], "Unauthorized")
        self.assertEqual(self.processes(), [])

    def test_its_name(self):
        Exchange("DELETE", PAGE).send_async()
        (process,) = self.processes()
        self.assertEqual(process.title, "service_delete")
        self.assertTrue(process.cancellable)

    def test_the_same_key_is_the_same_process(self):
        exchange = Exchange(
            "POST",
            f"{FOLDER}/@copy",
            {"source": "/work/f0/s0"},
            {"Idempotency-Key": '"once"'},
        )
        first, second = exchange.send_async(), exchange.send_async()
        self.assertEqual(first.json["id"], second.json["id"])
        transaction.begin()
        self.assertNotIn("copy2_of_s0", self.portal.work.f0)

    def test_a_token_is_not_stored(self):
        client = RestClient().get_token(MANAGER)
        token = client.authorization[1]
        with processes_run_by(Never()):
            client.delete(PAGE, headers={"Prefer": ASYNC})
            (process,) = self.processes()
            self.assertNotIn(token, repr(process.request.environ))
        run(process.id)
        transaction.begin()
        self.assertNotIn("p0", self.portal.work.f0)

    def test_an_error_of_the_server_is_a_failure(self):
        def fail(event):
            raise ValueError("as a subscriber of an add-on may")

        manager = getGlobalSiteManager()
        manager.registerHandler(fail, (IContainerModifiedEvent,))
        try:
            started = Exchange("DELETE", PAGE).send_async()
        finally:
            manager.unregisterHandler(fail, (IContainerModifiedEvent,))
        (process,) = self.processes()
        self.assertEqual(process.state, "failed")
        result = RestClient(MANAGER).get(
            started.json["links"]["result"], status=500
        )
        self.assertEqual(result.json["type"], "ProcessFailed")
        self.assertIn("p0", self.portal.work.f0)

    def test_nothing_stays_of_what_is_refused(self):
        def refuse(event):
            raise BadRequest("as a subscriber of an add-on may")

        manager = getGlobalSiteManager()
        manager.registerHandler(refuse, (IContainerModifiedEvent,))
        try:
            result = self.result_of_service(Exchange("DELETE", PAGE))
        finally:
            manager.unregisterHandler(refuse, (IContainerModifiedEvent,))
        self.assertEqual(result.status_int, 400)
        self.assertEqual(result.json["type"], "BadRequest")
        transaction.begin()
        self.assertIn("p0", self.portal.work.f0)

    def test_progress_is_told_object_by_object(self):
        recursive = {"include_children": True}
        for exchange in (
            Exchange("POST", "/plone/@copy", {"source": "/work/f1"}),
            Exchange("POST", "/plone/@move", {"source": ["/work/f1"]}),
            Exchange("POST", f"{FOLDER}/@workflow/publish", recursive),
            Exchange("DELETE", FOLDER),
        ):
            with self.subTest(exchange), tallied() as tallies:
                exchange.send_async()
                process = self.processes()[-1]
                self.assertEqual(process.state, "completed", process.error)
                (tally,) = tallies
                expected = sum(tally.stages.values())
                self.assertGreater(expected, 50)
                self.assertEqual(tally.done, expected)

    def test_a_running_one_is_cancelled_and_rolled_back(self):
        gate = CancelGate(1)

        def wait(event):
            gate.reach()

        manager = getGlobalSiteManager()
        manager.registerHandler(wait, (IContainerModifiedEvent,))
        try:
            with self.threads(), ends_told() as ended:
                started = Exchange("DELETE", WORK).send_async()
                gate.wait()
                client = RestClient(MANAGER)
                client.delete(started.json["@id"], status=202)
                gate.open()
                self.assertTrue(ended.wait(WAIT_SECONDS))
        finally:
            gate.open()
            manager.unregisterHandler(wait, (IContainerModifiedEvent,))
        state = self.process(started.json["id"]).state
        self.assertEqual(state, "cancelled")
        self.assertIn("p0", self.portal.work.f0)

    def test_a_queued_one_is_cancelled(self):
        with processes_run_by(Never()):
            started = Exchange("DELETE", WORK).send_async()
        client = RestClient(MANAGER)
        cancelled = client.delete(started.json["@id"])
        self.assertEqual(cancelled.json["state"], "cancelled")
        run(started.json["id"])
        transaction.begin()
        self.assertIn("work", self.portal)

    def test_a_page_of_another_origin_may_ask(self):
        policy = CORSPolicyOfTest, (Interface, Interface), ICORSPolicy
        headers = {
            "Origin": "http://volto.example",
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "Prefer",
        }
        manager = getGlobalSiteManager()
        manager.registerAdapter(*policy)
        try:
            answer = RestClient().options(PAGE, headers=headers)
            started = Exchange(
                "DELETE", PAGE, headers={"Origin": headers["Origin"]}
            ).send_async()
        finally:
            manager.unregisterAdapter(*policy)
        for each in (answer, started):
            allowed = each.headers["Access-Control-Allow-Origin"]
            self.assertEqual(allowed, headers["Origin"])
        self.assertEqual(
            answer.headers["Access-Control-Allow-Methods"], "DELETE"
        )
        self.assertEqual(started.status_int, 202)
        told = started.headers["Access-Control-Expose-Headers"]
        self.assertEqual(told, "Location")
