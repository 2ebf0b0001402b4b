"""Fill the site with what its tests do away with; zconsole runs this.

Each test has a folder of its own, with one of 300 objects in it.
"""

import logging
import sys

import transaction
from AccessControl.SecurityManagement import newSecurityManager
from plone.dexterity.utils import createContentInContainer
from zope.component.hooks import setSite


PROFILE = "profile-netsight.async_.background:default"

OBJECTS = 300

CACHED_OBJECTS = 100_000


def fill(site, names):
    """Add a folder for each name, with a folder that is full in it."""
    for name in names:
        outer = createContentInContainer(site, "Folder", id=name, title=name)
        inner = createContentInContainer(
            outer, "Folder", id="full", title="Full"
        )
        for number in range(OBJECTS - 1):
            createContentInContainer(inner, "Folder", id=f"s{number}")
        createContentInContainer(outer, "Folder", id="other", title="Other")


def main(app, names):
    logging.disable(logging.WARNING)
    users = app.acl_users
    newSecurityManager(None, users.getUser("admin").__of__(users))
    # Else types are loaded for each object.
    app._p_jar._cache.cache_size = CACHED_OBJECTS
    setSite(app.Plone)
    app.Plone.portal_setup.runAllImportStepsFromProfile(PROFILE)
    workflow = app.Plone.portal_workflow
    workflow.setDefaultChain("simple_publication_workflow")
    fill(app.Plone, names)
    transaction.commit()
    app._p_jar.db().close()


main(app, sys.argv[1:])  # noqa: F821
