"""The list of everybody's own processes."""

from netsight.async_.browser.lists.listing import Listing
from netsight.async_.browser.lists.texts import MY_PROCESSES
from netsight.async_.identity import current_owner
from netsight.async_.queries import Query


class MyProcesses(Listing):
    """What the user of this request has started in this site."""

    title = MY_PROCESSES

    @property
    def scope(self):
        owner, path = current_owner(), self.site_path
        if owner.folder_path.startswith(f"{path}/"):
            # A user of this site has none in others: the index answers.
            path = ""
        return Query(path=path, owner=owner)
