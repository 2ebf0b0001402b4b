"""Tells users on each page of the site what of theirs runs, or has ended."""

from itertools import islice

from plone.app.layout.viewlets import ViewletBase

from netsight.async_.browser.lists.my_processes import MyProcesses
from netsight.async_.browser.lists.texts import MY_PROCESSES
from netsight.async_.browser.pages import Page
from netsight.async_.browser.question import text_for
from netsight.async_.context import home_of
from netsight.async_.context import lasting_url
from netsight.async_.i18n import _
from netsight.async_.interfaces import COMPLETED
from netsight.async_.queries import is_below
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.owners import current_owner
from netsight.async_.running.publishing import run_of


COUNT_MOST = 20
"""So many processes of a user are counted, of each kind."""

HERE_MOST = 3
"""So many of what runs for the same context are named."""


class MyProcessesViewlet(ViewletBase):
    """How many processes of the user run or wait, and have ended unseen.

    What runs for the context of the page is named.  Nothing is shown if none
    does, and on the list itself.  Nor on a page that is the result of a
    process: when that is made it still runs, and when it is shown it does not.
    On the page of a process, that one does not count, as the page tells of it.
    """

    active = done = failed = 0
    here = ()
    """Of what runs or waits for this context: the processes."""

    title = MY_PROCESSES

    def update(self):
        """Count, from the indexes of the owner and of active processes."""
        super().update()
        owner = current_owner()
        if owner.is_anonymous or isinstance(self.view, MyProcesses):
            return
        if run_of(self.request) is not None:
            return
        self._path = "/".join(self.portal_state.portal().getPhysicalPath())
        registry = query_registry(application_of(self.context))
        self._count_active(registry, owner)
        self._count_unseen(registry, owner)

    def _count_active(self, registry, owner):
        """Count those that run or wait, and that have just ended."""
        ids = registry.newest_ids(owner, active=True)
        for process in registry.readable(islice(ids, COUNT_MOST + 1)):
            is_shown = process.id == self._shown_id
            if is_shown or not is_below(process, self._path):
                continue
            if not process.is_final:
                self.active += 1
                self._note_here(process)
            elif process.fetched is None:
                # Recovery has not been here yet.
                self._count_ended(process.state == COMPLETED)

    def _note_here(self, process):
        path = "/".join(self.context.getPhysicalPath())
        if process.view_path.rpartition("/")[0] == path:
            self.here = (*self.here, process)

    @property
    def links_here(self):
        """List of (URL, text) of what runs for this context.

        The URL is that of its page; of the list, where several have one title.
        """
        home, by_title = home_of(self.context), {}
        for process in self.here:
            title = text_for(self.request, process.title)
            by_title.setdefault(title, []).append(process.id)
        return [
            (
                self.url if ids[1:] else lasting_url(home, "processing", *ids),
                _(
                    "viewlet_here",
                    default="Running or waiting here: ${title}",
                    mapping={"title": titled(title, len(ids))},
                ),
            )
            for title, ids in list(by_title.items())[:HERE_MOST]
        ]

    def _count_unseen(self, registry, owner):
        if registry.unseen is None:
            return
        ended = registry.unseen.of(owner, besides=self._shown_id)
        ended = islice(ended, COUNT_MOST + 1)
        for is_done, view_path in ended:
            if view_path.startswith(f"{self._path}/"):
                self._count_ended(is_done)

    def _count_ended(self, is_done):
        if is_done:
            self.done += 1
        else:
            self.failed += 1

    @property
    def _shown_id(self):
        """Id of the process that this page is about, or None."""
        return self.view.process.id if isinstance(self.view, Page) else None

    @property
    def badges(self):
        """List of (colour of Bootstrap, message id), one for each count."""
        counts = (
            ("primary", self.active_text, self.active),
            ("success", self.done_text, self.done),
            ("danger", self.failed_text, self.failed),
        )
        return [(color, text) for color, text, count in counts if count]

    @property
    def active_text(self):
        """The message id for what runs or waits."""
        if self.active <= COUNT_MOST:
            return _(
                "viewlet_count",
                default="Running or waiting: ${count}",
                mapping={"count": self.active},
            )
        return _(
            "viewlet_count_at_least",
            default="Running or waiting: ${count} or more",
            mapping={"count": COUNT_MOST},
        )

    @property
    def done_text(self):
        """The message id for what has a result."""
        return _(
            "viewlet_done",
            default="Done: ${count}",
            mapping={"count": _count(self.done)},
        )

    @property
    def failed_text(self):
        """The message id for what has none."""
        return _(
            "viewlet_failed",
            default="Without a result: ${count}",
            mapping={"count": _count(self.failed)},
        )

    @property
    def url(self):
        return f"{self.navigation_root_url}/@@my-processes"


def titled(title, count):
    """Return a title, and how many have it where that are several.

    >>> titled("Import", 1), titled("Import", 3)
    ('Import', 'Import (3)')
    """
    return title if count == 1 else f"{title} ({count})"


def _count(number):
    return f"{COUNT_MOST}+" if number > COUNT_MOST else str(number)
