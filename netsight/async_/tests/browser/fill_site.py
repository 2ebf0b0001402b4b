"""Fill the site with what tests do away with; zconsole runs this.

Each argument, as ``name=300``, makes a folder that has one of so many objects
in it, and an empty one beside that.
"""

import logging
import sys

import transaction
from AccessControl.SecurityManagement import newSecurityManager
from plone.dexterity.utils import createContentInContainer
from zope.component.hooks import setSite


PROFILE = "profile-netsight.async_.background:default"

CACHED_OBJECTS = 100_000


def fill(site, folders):
    """Add a folder for each "name=number"."""
    for folder in folders:
        name, _equals, objects = folder.partition("=")
        outer = createContentInContainer(
            site, "Folder", id=name, title=name, exclude_from_nav=True
        )
        inner = createContentInContainer(
            outer, "Folder", id="full", title="Full"
        )
        for number in range(int(objects) - 1):
            createContentInContainer(inner, "Folder", id=f"s{number}")
        createContentInContainer(outer, "Folder", id="other", title="Other")


def main(app, folders):
    logging.disable(logging.WARNING)
    users = app.acl_users
    newSecurityManager(None, users.getUser("admin").__of__(users))
    # Else types are loaded for each object.
    app._p_jar._cache.cache_size = CACHED_OBJECTS
    setSite(app.Plone)
    app.Plone.portal_setup.runAllImportStepsFromProfile(PROFILE)
    workflow = app.Plone.portal_workflow
    workflow.setDefaultChain("simple_publication_workflow")
    fill(app.Plone, folders)
    transaction.commit()
    app._p_jar.db().close()


# Before them stand those of zconsole.
main(app, [each for each in sys.argv if "=" in each])  # noqa: F821
