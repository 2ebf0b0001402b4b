"""Test layers and helpers for add-ons that have async views.

With the inline executor a process has ended when the POST that started it
returns, so that a test needs no threads and no sleeps::

    class MyLayer(PloneSandboxLayer):
        defaultBases = (NETSIGHT_ASYNC_FIXTURE,)

or, around a few lines::

    with inline_processes():
        browser.getControl("Start").click()
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from typing import Any

import Products.PageTemplates
from plone.testing import Layer
from plone.testing import zca
from plone.testing import zope
from zope.component import getGlobalSiteManager
from zope.configuration import xmlconfig

import netsight.async_
from netsight.async_.executors.inline import InlineExecutor
from netsight.async_.interfaces import IExecutor


try:
    from plone.app.testing import PLONE_FIXTURE
except ImportError:
    PLONE_FIXTURE = None


@contextmanager
def processes_run_by(executor: Any) -> Iterator[Any]:
    """Have an IExecutor, instead of the configured one, in a block."""
    manager = getGlobalSiteManager()
    before = manager.queryUtility(IExecutor)
    manager.registerUtility(executor, IExecutor)
    try:
        yield executor
    finally:
        manager.unregisterUtility(executor, IExecutor)
        if before is not None:
            manager.registerUtility(before, IExecutor)


def inline_processes() -> AbstractContextManager[Any]:
    """Have processes end before the start request returns, in a block."""
    return processes_run_by(InlineExecutor())


class AsyncLayer(Layer):
    """A Zope without Plone: netsight.async with the inline executor."""

    defaultBases = (zope.STARTUP,)

    def setUp(self) -> None:
        zca.pushGlobalRegistry()
        context = zca.stackConfigurationContext(
            self.get("configurationContext")
        )
        self["configurationContext"] = context
        # Zope loads it as a product; it makes Chameleon the engine.
        for package in (Products.PageTemplates, netsight.async_):
            xmlconfig.file("configure.zcml", package, context=context)
        self._inline = inline_processes()
        self._inline.__enter__()

    def tearDown(self) -> None:
        self._inline.__exit__(None, None, None)
        del self["configurationContext"]
        zca.popGlobalRegistry()


NETSIGHT_ASYNC_ZOPE_FIXTURE = AsyncLayer(name="NetsightAsync:ZopeFixture")
NETSIGHT_ASYNC_ZOPE_FUNCTIONAL_TESTING = zope.FunctionalTesting(
    bases=(NETSIGHT_ASYNC_ZOPE_FIXTURE,), name="NetsightAsync:ZopeFunctional"
)

if PLONE_FIXTURE is not None:
    from plone.app.testing import FunctionalTesting
    from plone.app.testing import IntegrationTesting
    from plone.app.testing import PloneSandboxLayer

    class AsyncPloneLayer(PloneSandboxLayer):
        """The same in a Plone site."""

        defaultBases = (PLONE_FIXTURE,)

        def setUpZope(self, app: Any, configurationContext: Any) -> None:
            self.loadZCML(
                package=netsight.async_, context=configurationContext
            )
            self._inline = inline_processes()
            self._inline.__enter__()

        def tearDownZope(self, app: Any) -> None:
            self._inline.__exit__(None, None, None)

    NETSIGHT_ASYNC_FIXTURE = AsyncPloneLayer(name="NetsightAsync:Fixture")
    NETSIGHT_ASYNC_INTEGRATION_TESTING = IntegrationTesting(
        bases=(NETSIGHT_ASYNC_FIXTURE,), name="NetsightAsync:Integration"
    )
    NETSIGHT_ASYNC_FUNCTIONAL_TESTING = FunctionalTesting(
        bases=(NETSIGHT_ASYNC_FIXTURE,), name="NetsightAsync:Functional"
    )
