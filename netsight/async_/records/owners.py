"""Whom a process belongs to and runs as, without any credential."""

from typing import NamedTuple

from AccessControl import getSecurityManager
from AccessControl.users import emergency_user
from AccessControl.users import nobody
from Acquisition import aq_base
from Acquisition import aq_chain
from Acquisition import aq_inner
from Acquisition import aq_parent

from netsight.async_.config import CONTROL_PROCESSES
from netsight.async_.config import MANAGE_PROCESSES
from netsight.async_.config import PAUSE_QUEUES
from netsight.async_.config import REMOVE_PROCESSES
from netsight.async_.config import VIEW_PROCESSES
from netsight.async_.exceptions import NoSuchUserError
from netsight.async_.exceptions import NotAllowedError


class Owner(NamedTuple):
    """A user, by id and user folder."""

    user_id: str | None
    """None for anonymous visitors."""

    folder_path: str
    """Physical path of their user folder; empty for anonymous visitors."""

    @property
    def is_anonymous(self):
        return self.user_id is None


ANONYMOUS = Owner(None, "")

SEE, CONTROL, REMOVE, PAUSE = "see", "control", "remove", "pause"

PERMISSIONS = {
    SEE: VIEW_PROCESSES,
    CONTROL: CONTROL_PROCESSES,
    REMOVE: REMOVE_PROCESSES,
    PAUSE: PAUSE_QUEUES,
}
"""What it takes to do something with the processes of others.

To control them is to cancel them, and to run them again.
"""

EVERYBODYS_ROLES = {"Anonymous", "Authenticated"}


def owner_of(user):
    """Return the Owner for a user object, ANONYMOUS for nobody."""
    if user is None or aq_base(user) is aq_base(nobody):
        return ANONYMOUS
    # The emergency user has no id, only a name.
    user_id = user.getId() or user.getUserName()
    folder = aq_parent(aq_inner(user))
    if folder is None:
        return ANONYMOUS
    return Owner(user_id, "/".join(folder.getPhysicalPath()))


def current_owner():
    """Return the Owner for the user of this request."""
    return owner_of(getSecurityManager().getUser())


def find_user(root, owner):
    """Return the user object for `owner` as it is now, None if it is gone."""
    if owner.is_anonymous:
        return nobody.__of__(root.acl_users)
    folder = root.unrestrictedTraverse(owner.folder_path, None)
    if folder is None:
        return None
    if owner.user_id == emergency_user.getUserName():
        return emergency_user.__of__(folder)
    user = folder.getUserById(owner.user_id)
    return None if user is None else aq_base(user).__of__(folder)


def find_user_above(context, user_id):
    """Return the user of that id (str) in the nearest user folder.

    That is of those at and above `context`.  Raises NoSuchUserError if none
    has one.
    """
    for each in aq_chain(aq_inner(context)):
        folder = getattr(aq_base(each), "acl_users", None)
        if folder is not None:
            folder = folder.__of__(each)
            user = folder.getUserById(user_id)
            if user is not None:
                return aq_base(user).__of__(folder)
    raise NoSuchUserError(user_id)


def may_act_as(user):
    """Tell whether this request's user may have something done as `user`.

    Everybody may as themselves.  Others may who have the permission
    MANAGE_PROCESSES where the user folder is, and there are Managers or have
    all roles of `user`: so nobody gets more rights by it than they have.
    """
    current = getSecurityManager().getUser()
    if owner_of(user) == owner_of(current):
        return True
    place = aq_parent(aq_parent(user))
    roles = set(user.getRolesInContext(place)) - EVERYBODYS_ROLES
    return may_manage(place) and (
        bool(current.has_role(["Manager"], place))
        or all(current.has_role([role], place) for role in roles)
    )


def may_see(process, context):
    """Tell whether this request's user may see `process`.

    Owners may, and who has the permission VIEW_PROCESSES at `context`.  Of
    a process that an anonymous visitor started, the id is the key.
    """
    return is_of_visitor(process) or may(SEE, context)


def check_may(action, process, context):
    """Raise NotAllowedError if this request's user may not change `process`.

    Those who may see it for the reason that it is theirs may do all.  For
    others the `action` is one of PERMISSIONS, which they need at `context`.
    """
    if not may_change(action, process, context):
        raise NotAllowedError(PERMISSIONS[action])


def may_change(action, process, context):
    """Tell whether `check_may` raises nothing."""
    return is_of_visitor(process) or may(action, context)


def is_of_visitor(process):
    """Tell whether this request's user is the owner, or nobody is known."""
    return process.owner.is_anonymous or process.owner == current_owner()


def may(action, context):
    """Tell what this request's user may do with all processes at `context`.

    The `action` is one of PERMISSIONS.  Managers of processes may do all.
    """
    check = getSecurityManager().checkPermission
    allowed = check(PERMISSIONS[action], context)
    return bool(allowed or check(MANAGE_PROCESSES, context))


def may_manage(context):
    """Tell whether this request's user may manage processes at `context`."""
    return bool(
        getSecurityManager().checkPermission(MANAGE_PROCESSES, context)
    )
