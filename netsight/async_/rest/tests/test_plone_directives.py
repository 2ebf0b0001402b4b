"""The directive that takes a registered service of plone.restapi."""

import transaction
from plone.app.testing import applyProfile
from plone.base.interfaces import IPloneSiteRoot
from plone.restapi.deserializer import json_body
from plone.restapi.services import Service
from zope.component import getGlobalSiteManager
from zope.component.hooks import setSite
from zope.configuration import xmlconfig
from zope.configuration.exceptions import ConfigurationError
from zope.interface import Interface

import netsight.async_
from netsight.async_.background.interfaces import IBackgroundActionsLayer
from netsight.async_.rest.in_background import TakenRegistered
from netsight.async_.rest.tests.plone_rest_support import PloneRestTestCase
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import READER


ASYNC = {"Prefer": "respond-async"}

ZCML = """
<configure
    xmlns="http://namespaces.zope.org/zope"
    xmlns:async="http://namespaces.netsight.co.uk/async"
    xmlns:plone="http://namespaces.plone.org/plone"
    i18n_domain="my.addon">
  <include package="plone.rest" file="meta.zcml" />
  <include package="netsight.async_" file="meta.zcml" />
  {}
</configure>
"""

SERVICE = """
  <plone:service
      method="POST"
      name="@greet"
      for="plone.base.interfaces.IPloneSiteRoot"
      accept="application/json,application/vnd.greeting+json"
      factory="netsight.async_.rest.tests.test_plone_directives.Greet"
      permission="cmf.AddPortalContent"
      />
"""

TAKEN = """
  <async:serviceInBackground
      method="post"
      name="@greet"
      for="plone.base.interfaces.IPloneSiteRoot"
      accept="application/json,application/vnd.greeting+json"
      title="[greet] Greet"
      max_queued="7"
      {}
      />
"""

LAYER = 'layer="netsight.async_.background.interfaces.IBackgroundActionsLayer"'


class Greet(Service):
    """What an add-on may have."""

    def reply(self):
        return {"greeting": f"Hello {json_body(self.request)['name']}"}


class DirectiveTests(PloneRestTestCase):
    def setUp(self):
        super().setUp()
        self.before = list(getGlobalSiteManager().registeredAdapters())

    def tearDown(self):
        manager = getGlobalSiteManager()
        for each in list(manager.registeredAdapters()):
            if each not in self.before:
                manager.unregisterAdapter(
                    each.factory, each.required, each.provided, each.name
                )
        super().tearDown()

    def load(self, *parts):
        # Else it is registered in the site.
        setSite(None)
        context = xmlconfig.file("meta.zcml", netsight.async_)
        xmlconfig.string(ZCML.format("".join(parts)), context)

    def greet(self, login=EDITOR, status=None, **headers):
        return self.client(login).post_json(
            "/plone/@greet", {"name": "Ada"}, headers=headers, status=status
        )

    def test_a_service_is_taken_with_what_its_registration_says(self):
        self.load(TAKEN.format(""), SERVICE)
        started = self.greet(status=202, **ASYNC)
        result = self.client(EDITOR).get(started.json["links"]["result"])
        self.assertEqual(result.json, {"greeting": "Hello Ada"})
        (process,) = self.processes()
        self.assertEqual(process.title, "greet")
        self.assertEqual(process.title.domain, "my.addon")
        self.greet(READER, 401, **ASYNC)
        self.greet(READER, 401)
        self.assertEqual(len(self.processes()), 1)

    def test_it_is_taken_for_each_media_type(self):
        self.load(SERVICE, TAKEN.format(""))
        kind = "application/vnd.greeting+json"
        self.greet(status=202, Accept=kind, **ASYNC)

    def test_one_that_is_not_asked_is_the_service_itself(self):
        self.load(SERVICE, TAKEN.format(""))
        self.assertEqual(self.greet().json, {"greeting": "Hello Ada"})
        self.assertEqual(self.processes(), [])

    def test_it_is_taken_for_a_layer(self):
        self.load(SERVICE, TAKEN.format(LAYER))
        self.greet(status=200, **ASYNC)
        setSite(self.portal)
        applyProfile(self.portal, "netsight.async_.background:default")
        transaction.commit()
        self.greet(status=202, **ASYNC)

    def test_one_that_is_taken_twice_is_taken_once(self):
        self.load(SERVICE, TAKEN.format(""), TAKEN.format(LAYER))
        found = getGlobalSiteManager().adapters.lookup(
            (IPloneSiteRoot, IBackgroundActionsLayer),
            Interface,
            "POST_application_json_@greet",
        )
        self.assertFalse(issubclass(found.taken_class, TakenRegistered))

    def test_one_that_there_need_not_be(self):
        self.load(TAKEN.format('optional="true"'))
        self.greet(status=404, **ASYNC)

    def test_one_that_there_is_not_is_a_mistake(self):
        with self.assertRaisesRegex(ConfigurationError, "@greet"):
            self.load(TAKEN.format(""))
