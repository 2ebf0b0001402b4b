"""Tells users on each page of the site that something of theirs runs."""

from plone.app.layout.viewlets import ViewletBase

from netsight.async_.browser.lists.my_processes import MyProcesses
from netsight.async_.browser.lists.texts import MY_PROCESSES
from netsight.async_.i18n import _
from netsight.async_.queries import ACTIVE_STATES
from netsight.async_.queries import Query
from netsight.async_.queries import find
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.owners import current_owner


COUNT_MOST = 20
"""So many active processes of a user are counted."""


class MyProcessesViewlet(ViewletBase):
    """How many processes of the user run or wait; nothing if none does.

    On the list itself it shows nothing.
    """

    count = 0
    is_all = True
    title = MY_PROCESSES

    def update(self):
        """Count, from the indexes of the owner and of active processes."""
        super().update()
        owner = current_owner()
        if owner.is_anonymous or isinstance(self.view, MyProcesses):
            return
        registry = query_registry(application_of(self.context))
        path = "/".join(self.portal_state.portal().getPhysicalPath())
        query = Query(path=path, owner=owner, states=ACTIVE_STATES)
        found = find(registry, query, most=COUNT_MOST)
        self.count, self.is_all = len(found.ids), found.go_on is None

    @property
    def text(self):
        """The message id for the count."""
        if self.is_all:
            return _(
                "viewlet_count",
                default="Running or waiting: ${count}",
                mapping={"count": self.count},
            )
        return _(
            "viewlet_count_at_least",
            default="Running or waiting: ${count} or more",
            mapping={"count": self.count},
        )

    @property
    def url(self):
        return f"{self.navigation_root_url}/@@my-processes"
