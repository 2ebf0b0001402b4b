"""Install "Background actions" in the site; zconsole runs this, with `app`.

The site gets a user of its own, too: that of the root has no token there.
"""

import logging

import transaction
from zope.component.hooks import setSite


LOGIN, PASSWORD = "boss", "s3cret-of-boss"
PROFILES = (
    # A site for Volto has it; it gives tokens.
    "profile-plone.restapi:default",
    "profile-netsight.async_.background:default",
)


def main(app):
    # As in tools/create_site.py.
    logging.disable(logging.WARNING)
    setSite(app.Plone)
    for profile in PROFILES:
        app.Plone.portal_setup.runAllImportStepsFromProfile(profile)
    app.Plone.acl_users.userFolderAddUser(LOGIN, PASSWORD, ["Manager"], [])
    transaction.commit()
    app._p_jar.db().close()


main(app)  # noqa: F821
