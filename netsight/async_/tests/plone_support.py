"""A Plone site with the test views.  Import it in test_plone_* only."""

import re
from contextlib import contextmanager

import transaction
from plone.app.testing import SITE_OWNER_NAME
from plone.app.testing import SITE_OWNER_PASSWORD
from plone.app.testing import FunctionalTesting
from plone.app.testing import PloneSandboxLayer
from plone.registry.interfaces import IRegistry
from Products.Five.browser.metaconfigure import page
from zope.component import getGlobalSiteManager
from zope.component import getUtility
from zope.component.hooks import setSite
from zope.configuration.config import ConfigurationMachine
from zope.interface import Interface
from zope.publisher.interfaces.browser import IDefaultBrowserLayer

import netsight.async_.tests
from netsight.async_.testing import NETSIGHT_ASYNC_FIXTURE
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Client


ROOT_ADMIN = (SITE_OWNER_NAME, SITE_OWNER_PASSWORD)


class PloneTestViewsLayer(PloneSandboxLayer):
    """Adds the test views."""

    defaultBases = (NETSIGHT_ASYNC_FIXTURE,)

    def setUpZope(self, app, configurationContext):
        self.loadZCML(
            "testing.zcml",
            package=netsight.async_.tests,
            context=configurationContext,
        )


PLONE_FUNCTIONAL = FunctionalTesting(
    bases=(PloneTestViewsLayer(name="AsyncViews:Plone"),),
    name="AsyncViews:PloneFunctional",
)


class PloneClient(Client):
    """Puts Plone's token into what it starts, as a form of the site does."""

    def __init__(self, login=None, base="/plone"):
        super().__init__(login)
        self.base = base
        self.logged_in = login is not None

    def log_in(self, login):
        """Log in by cookie, on Plone's own form."""
        forms = self.get("/plone/login").forms.values()
        form = next(f for f in forms if "__ac_password" in f.fields)
        form["__ac_name"], form["__ac_password"] = login
        form.submit("buttons.login").follow()
        self.logged_in = True
        return self

    def token(self):
        """Return the token that Plone puts into a form."""
        page = self.get(f"{self.base}/@@async-examples")
        return re.search(
            r'name="_authenticator"[^>]*value="(\w+)"', page.text
        )[1]

    def start(self, path, params=None, **kwargs):
        params = list(dict(params or {}).items())
        if self.logged_in:
            params.append(("_authenticator", self.token()))
        return super().start(path, params, **kwargs)


class PloneTestCase(AsyncTestCase):
    """A Plone site with three users of its own, and the root's admin."""

    layer = PLONE_FUNCTIONAL
    base = "/plone"

    def setUp(self):
        super().setUp()
        self.portal = self.layer["portal"]

    def make_users(self, folder):
        users = self.layer["portal"].acl_users
        users.userFolderAddUser(*MANAGER, ["Manager"], [])
        users.userFolderAddUser(*EDITOR, ["Editor", "Contributor"], [])
        users.userFolderAddUser(*READER, ["Member"], [])

    def client(self, login=None):
        return PloneClient(login, self.base)


def speak_german():
    """Have the current site answer in German to whoever asks for it."""
    registry = getUtility(IRegistry)
    registry["plone.available_languages"] = ["en", "de"]
    registry["plone.use_request_negotiation"] = True
    transaction.commit()


@contextmanager
def published(
    view_class,
    name,
    permission="zope2.View",
    for_=Interface,
    layer=IDefaultBrowserLayer,
):
    """Have a class registered as by ``browser:page``, in a block."""
    # Else it is registered in the site.
    setSite(None)
    machine = ConfigurationMachine()
    page(machine, name, permission, for_, layer, class_=view_class)
    machine.execute_actions()
    try:
        yield
    finally:
        # Each layer of tests has a registry of its own above that of Plone.
        manager = getGlobalSiteManager()
        manager.unregisterAdapter(None, (for_, layer), Interface, name)
