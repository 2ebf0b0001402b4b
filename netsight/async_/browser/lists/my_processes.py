"""The list of everybody's own processes."""

from netsight.async_.browser.lists.listing import Listing
from netsight.async_.browser.lists.texts import MY_PROCESSES
from netsight.async_.queries import Query
from netsight.async_.records.database import is_read_only
from netsight.async_.records.owners import current_owner
from netsight.async_.running.monitor import monitor


class MyProcesses(Listing):
    """What the user of this request has started in this site."""

    title = MY_PROCESSES

    def page(self):
        """Return the page, and note that what it tells is seen."""
        page = super().page()
        self.note_told(self.rows)
        return page

    def note_told(self, rows):
        ended = [row.id for row in rows if row.is_final]
        if ended and not is_read_only(self.root):
            # By another thread: a GET writes nothing.
            monitor.note_seen(ended)

    @property
    def scope(self):
        return Query.of_owner(current_owner(), self.site_path)
