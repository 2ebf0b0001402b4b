"""Whom a process belongs to and runs as, without any credential."""

from typing import NamedTuple

from AccessControl import Unauthorized
from AccessControl import getSecurityManager
from AccessControl.SecurityManagement import newSecurityManager
from AccessControl.users import emergency_user
from AccessControl.users import nobody
from Acquisition import aq_base
from Acquisition import aq_inner
from Acquisition import aq_parent

from netsight.async_.config import MANAGE_PROCESSES


class Owner(NamedTuple):
    """A user, by id and user folder."""

    user_id: str | None
    """None for anonymous visitors."""

    folder_path: str
    """Physical path of his user folder; empty for anonymous visitors."""

    @property
    def is_anonymous(self):
        return self.user_id is None


ANONYMOUS = Owner(None, "")


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
    """Return the user object for `owner` as he is now, None if he is gone."""
    if owner.is_anonymous:
        return nobody.__of__(root.acl_users)
    folder = root.unrestrictedTraverse(owner.folder_path, None)
    if folder is None:
        return None
    if owner.user_id == emergency_user.getUserName():
        return emergency_user.__of__(folder)
    user = folder.getUserById(owner.user_id)
    return None if user is None else aq_base(user).__of__(folder)


def may_see(process, context):
    """Tell whether this request's user may see and use `process`.

    Owners may, and who has the permission MANAGE_PROCESSES at `context`.  Of
    a process that an anonymous visitor started, the id is the key.
    """
    if process.owner.is_anonymous or process.owner == current_owner():
        return True
    return may_manage(context)


def may_manage(context):
    """Tell whether this request's user may manage processes at `context`."""
    return bool(
        getSecurityManager().checkPermission(MANAGE_PROCESSES, context)
    )


class Impersonation:
    """Stands in for the user folder when the runner publishes a view.

    ZPublisher.BaseRequest.traverse asks the published object's
    ``__allow_groups__`` for the user before any user folder.
    """

    def __init__(self, owner, root, view):
        self.owner = owner
        self.root = root
        self.view = view

    def validate(self, request, auth="", *roles):
        """Return the recorded user, if he still exists and still may.

        `roles` is what the view asks for, left out if it asks nothing.
        Raises Unauthorized otherwise.  It never returns None, which would
        make Zope ask the user folders and go on as Anonymous.
        """
        user = find_user(self.root, self.owner)
        if user is None:
            raise Unauthorized(f"user {self.owner.user_id!r} is gone")
        newSecurityManager(request, user)
        context = self.view.__parent__
        if not getSecurityManager().validate(
            context, context, self.view.__name__, self.view, *roles
        ):
            raise Unauthorized(f"user {self.owner.user_id!r} may not")
        return user
