"""A Plone site with plone.restapi.  Import it in test_plone_* only."""

import sys
import types
from unittest import mock

from plone.app.testing import FunctionalTesting
from plone.app.testing import PloneSandboxLayer
from plone.app.testing import applyProfile
from plone.restapi.deserializer import json_body
from plone.restapi.services.content.delete import ContentDelete
from plone.restapi.services.copymove.copymove import Copy
from plone.restapi.services.workflow.transition import WorkflowTransition
from zope.configuration import xmlconfig

import netsight.async_.rest.tests
from netsight.async_.rest import service_in_background
from netsight.async_.rest.service import AsyncService
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import blocks
from netsight.async_.tests.documents import read
from netsight.async_.tests.plone_support import PLONE_FUNCTIONAL
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import Client
from netsight.async_.tests.views import JobView


JSON = "application/json"


class JobService(AsyncService):
    """Does what the test says: `JobView.work(service, body)`."""

    def reply(self):
        return JobView.work(self, json_body(self.request))


class CancellableJobService(JobService):
    cancellable = True
    single = "user"


class NamedJobService(JobService):
    """Has names behind its own."""

    names = ()

    def publishTraverse(self, request, name):
        self.names = (*self.names, name)
        return self


class SometimesService(JobService):
    """Starts a process only if the body says so."""

    def run_process(self):
        return bool(json_body(self.request).get("background"))


CopyService = service_in_background(Copy)
DeleteService = service_in_background(ContentDelete, cancellable=True)
WorkflowService = service_in_background(WorkflowTransition, always=True)


class PloneRestLayer(PloneSandboxLayer):
    """Adds plone.restapi and the services of the tests."""

    defaultBases = PLONE_FUNCTIONAL.__bases__

    def setUpZope(self, app, configurationContext):
        self.loadZCML(
            "rest.zcml",
            package=netsight.async_.rest.tests,
            context=configurationContext,
        )

        if IS_CHECKOUT:
            self.load_recipe(configurationContext)

    def load_recipe(self, context):
        """Register the service that docs/reference/rest.rst shows."""
        python, zcml = (
            code for _l, _language, code in blocks(read("reference/rest.rst"))
        )
        module = types.ModuleType("my.addon.services")
        exec(python, module.__dict__)
        names = ("my", "my.addon", "my.addon.services")
        with mock.patch.dict(sys.modules, dict.fromkeys(names, module)):
            xmlconfig.string(
                '<configure xmlns:plone="http://namespaces.plone.org/plone">'
                f"{zcml}</configure>",
                context=context,
            )

    def setUpPloneSite(self, portal):
        applyProfile(portal, "plone.restapi:default")


REST_FUNCTIONAL = FunctionalTesting(
    bases=(PloneRestLayer(name="AsyncViews:PloneRest"),),
    name="AsyncViews:PloneRestFunctional",
)


class RestClient(Client):
    """A program that speaks JSON; `login` is (name, password)."""

    def __init__(self, login=None):
        super().__init__(login)
        self.extra_environ["HTTP_ACCEPT"] = JSON

    def get_token(self, login):
        """Log in as plone.restapi does, and use that from now on."""
        name, password = login
        answer = self.post_json(
            "/plone/@login", {"login": name, "password": password}
        )
        self.authorization = ("Bearer", answer.json["token"])
        return self


class PloneRestTestCase(PloneTestCase):
    layer = REST_FUNCTIONAL

    def client(self, login=None):
        return RestClient(login)
