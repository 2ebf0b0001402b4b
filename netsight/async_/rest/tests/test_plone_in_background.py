"""Services of plone.restapi, taken into the background."""

import transaction
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles
from plone.restapi.services.content.delete import ContentDelete
from Products.Five import BrowserView

from netsight.async_ import in_background
from netsight.async_.rest import AsyncService
from netsight.async_.rest import service_in_background
from netsight.async_.rest.tests.plone_rest_support import PloneRestTestCase
from netsight.async_.tests.support import MANAGER


ASYNC = {"Prefer": "respond-async"}


class TakenServiceTests(PloneRestTestCase):
    def setUp(self):
        super().setUp()
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        workflows = self.portal.portal_workflow
        workflows.setDefaultChain("simple_publication_workflow")
        self.portal.invokeFactory("Folder", "work")
        self.portal.invokeFactory("Document", "page", title="A page")
        transaction.commit()

    def result(self, started, status=200):
        self.assertEqual(started.status_int, 202)
        (process,) = self.processes()
        self.assertEqual(process.state, "completed")
        url = started.json["links"]["result"]
        return self.client(MANAGER).get(url, status=status)

    def copy(self, **headers):
        client, body = self.client(MANAGER), {"source": "/page"}
        return client.post_json("/plone/work/@copy", body, headers=headers)

    def test_one_that_is_asked_to_works_in_the_background(self):
        result = self.result(self.copy(**ASYNC))
        (copied,) = result.json
        self.assertEqual(copied["target"], "http://localhost/plone/work/page")
        self.assertIn("page", self.portal["work"])

    def test_any_other_request_is_answered_at_once(self):
        answer = self.copy()
        self.assertEqual(answer.status_int, 200)
        self.assertEqual(len(answer.json), 1)
        self.assertEqual(self.processes(), [])

    def test_what_is_deleted_needs_not_be_there_for_the_result(self):
        client = self.client(MANAGER)
        started = client.delete("/plone/page", headers=ASYNC)
        result = self.result(started, status=204)
        self.assertEqual(result.body, b"")
        self.assertNotIn("page", self.portal)
        (process,) = self.processes()
        self.assertEqual(process.title, "ContentDelete")
        self.assertTrue(process.cancellable)

    def test_who_may_not_is_told_at_once(self):
        self.client().delete("/plone/page", headers=ASYNC, status=401)
        self.assertEqual(self.processes(), [])

    def test_one_that_always_does_needs_not_be_asked(self):
        client = self.client(MANAGER)
        started = client.post_json("/plone/page/@workflow/publish", {})
        self.assertEqual(
            self.result(started).json["review_state"], "published"
        )

    def test_a_service_is_not_taken_as_a_view(self):
        with self.assertRaisesRegex(TypeError, "service_in_background"):
            in_background(ContentDelete)

    def test_a_view_is_not_taken_as_a_service(self):
        for other in (BrowserView, AsyncService):
            with self.assertRaises(TypeError):
                service_in_background(other)
