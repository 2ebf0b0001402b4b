"""What an earlier version of the add-on has not done in a Plone site."""

from Acquisition import aq_parent

from netsight.async_.config import MANAGE_PROCESSES
from netsight.async_.records.owners import PERMISSIONS
from netsight.async_.records.owners import SEE


VIEWER = "Process Viewer"
"""The role that may see the processes of others, and no more."""


def add_permissions(setup):
    """Add the permissions for each action, and who has them.

    An upgrade step.  Those who may manage processes get all of them; what a
    site has changed stays so.
    """
    site = aq_parent(setup)
    if VIEWER not in site.valid_roles():
        site._addRole(VIEWER)
    managers = [
        each["name"]
        for each in site.rolesOfPermission(MANAGE_PROCESSES)
        if each["selected"]
    ]
    for action, permission in PERMISSIONS.items():
        viewers = [VIEWER] if action == SEE else []
        if site.acquiredRolesAreUsedBy(permission):
            site.manage_permission(permission, managers + viewers, 0)
