"""Create the Plone site of `make start`; zconsole runs this and binds `app`.

The site is Plone's Classic UI with its example content, the profile of
netsight.async, and the user admin with the password admin.
"""

import logging

import transaction
from AccessControl.SecurityManagement import newSecurityManager
from Products.CMFPlone.factory import addPloneSite


SITE_ID = "Plone"
LOGIN = PASSWORD = "admin"
PROFILE = "profile-netsight.async:default"
UNTHEMED_HOSTS = (
    "plone.app.theming.interfaces.IThemeSettings.hostnameBlacklist"
)


def create_user(app):
    """Add the administrator, and act as that user from now on."""
    users = app.acl_users
    if users.getUser(LOGIN) is None:
        users.userFolderAddUser(LOGIN, PASSWORD, ["Manager"], [])
    newSecurityManager(None, users.getUser(LOGIN).__of__(users))


def create_site(app):
    """Add the Plone site."""
    site = addPloneSite(
        app,
        SITE_ID,
        title="netsight.async",
        setup_content=True,
        distribution_name="classic",
    )
    site.portal_setup.runAllImportStepsFromProfile(PROFILE)
    # Plone shows no theme at these host names, and 127.0.0.1 is one of them.
    site.portal_registry[UNTHEMED_HOSTS] = []


def main(app):
    # Plone's own set-up warns about a dozen things that are known and fine.
    logging.disable(logging.WARNING)
    create_user(app)
    if SITE_ID not in app.objectIds():
        create_site(app)
    transaction.commit()
    app._p_jar.db().close()


main(app)  # noqa: F821
