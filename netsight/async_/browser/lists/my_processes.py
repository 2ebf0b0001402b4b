"""The list of everybody's own processes."""

from netsight.async_.browser.lists.listing import Listing
from netsight.async_.browser.lists.texts import MY_PROCESSES
from netsight.async_.queries import Query
from netsight.async_.records.owners import current_owner


class MyProcesses(Listing):
    """What the user of this request has started in this site."""

    title = MY_PROCESSES

    @property
    def scope(self):
        return Query.of_owner(current_owner(), self.site_path)
