"""Services of plone.restapi at once and in the background."""

import json
import re
from typing import NamedTuple

import plone.restapi
import transaction
from plone.app.testing import FunctionalTesting
from plone.app.testing import applyProfile
from zope.component.hooks import setSite
from zope.configuration import xmlconfig

import netsight.async_.background
from netsight.async_.rest.tests.plone_rest_support import RestClient
from netsight.async_.tests.side_by_side import CHANGING
from netsight.async_.tests.side_by_side import DROPPED
from netsight.async_.tests.side_by_side import ContentLayer
from netsight.async_.tests.side_by_side import SideBySideTestCase
from netsight.async_.tests.side_by_side import ends_told
from netsight.async_.tests.site_state import state_of
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.waiting import WAIT_SECONDS


UID = re.compile(r"\b[0-9a-f]{32}\b")

ASYNC = "respond-async"

MOST_SECONDS = 5 * WAIT_SECONDS
"""What many objects may take where other tests run beside this one."""

OF_A_GET = {"X-Frame-Options"}
"""What plone.protect adds to what a GET or a POST is answered."""


class ServiceLayer(ContentLayer):
    """The same with plone.restapi."""

    def setUpZope(self, app, configurationContext):
        self.loadZCML(package=plone.restapi, context=configurationContext)
        # That of the layer has loaded it, when there were no services.
        xmlconfig.file("rest.zcml", netsight.async_.background)

    def setUpPloneSite(self, portal):
        super().setUpPloneSite(portal)
        applyProfile(portal, "plone.restapi:default")


SERVICE_FUNCTIONAL = FunctionalTesting(
    bases=(ServiceLayer(name="AsyncViews:Services"),),
    name="AsyncViews:ServicesFunctional",
)


class Exchange(NamedTuple):
    """A request of a program."""

    method: str
    path: str
    body: object = None
    headers: dict = {}
    login: tuple = MANAGER

    def send(self, **headers):
        """Return the response; what it is does not matter."""
        # TestApp has no method for any method; the others call this one.
        return RestClient(self.login)._gen_request(
            self.method,
            self.path,
            params=self.content,
            headers={
                "Content-Type": "application/json",
                **self.headers,
                **headers,
            },
            expect_errors=True,
        )

    @property
    def content(self):
        return "" if self.body is None else json.dumps(self.body)

    def send_async(self):
        """Return the response to the same, which may come later."""
        others = self.headers.get("Prefer")
        prefer = f"{ASYNC}, {others}" if others else ASYNC
        return self.send(Prefer=prefer)


class Answer(NamedTuple):
    """What a program is told, and what the site is then."""

    status: int
    headers: list
    body: str
    state: dict


class ServiceTestCase(SideBySideTestCase):
    """A site with the profile; see `compare_service`."""

    layer = SERVICE_FUNCTIONAL
    has_profile = True

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        if self.has_profile:
            applyProfile(self.portal, "netsight.async_.background:default")
        transaction.commit()

    def compare_service(self, exchange):
        """Do it at once, and in the background; return the second Answer.

        Between them the site is made anew.  Fails if the two differ in
        anything but times, random ids, and the headers of a result.
        """
        at_once = self.answer_of(exchange.send())
        self.begin_anew()
        later = self.answer_of(self.result_of_service(exchange))
        for field in ("status", "headers", "body"):
            with self.subTest(field):
                self.assert_same(
                    getattr(at_once, field), getattr(later, field)
                )
        self.assert_same_state(at_once.state, later.state)
        return later

    def result_of_service(self, exchange):
        """Return the response that was asked for to come later."""
        with self.threads(), ends_told() as ended:
            started = exchange.send_async()
            self.assertEqual(started.status_int, 202, started)
            self.assertTrue(ended.wait(MOST_SECONDS))
        process = self.process(started.json["id"])
        self.assertEqual(process.state, "completed", process.error)
        client = RestClient(exchange.login)
        url = started.json["links"]["result"]
        return client.get(url, expect_errors=True)

    def answer_of(self, response):
        transaction.begin()
        setSite(self.portal)
        return Answer(
            response.status_int,
            sorted(
                item
                for item in response.headers.items()
                if item[0] not in DROPPED | OF_A_GET
            ),
            UID.sub("...", CHANGING.sub("...", body_of(response))),
            state_of(self.portal),
        )


def body_of(response):
    """Return the body; of an error, without where in the code it was."""
    text = response.text
    if '"traceback"' in text:
        told = json.loads(text)
        del told["traceback"]
        text = json.dumps(told, indent=2)
    return text
