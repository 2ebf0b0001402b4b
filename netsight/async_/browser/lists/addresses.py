"""Where the views of processes are, and whether they are there still."""

from urllib.parse import quote
from urllib.parse import urlencode

from Acquisition import aq_base


class Addresses:
    """Finds the URLs of views below an application root; remembers them."""

    def __init__(self, root):
        self._root = root
        self._known = {}

    def view_url(self, process):
        """Return the URL of a process's view; None if the context is gone."""
        path, _slash, name = process.view_path.rpartition("/")
        if path not in self._known:
            self._known[path] = self._context_url(path)
        url = self._known[path]
        return url and f"{url}/@@{quote(name)}"

    def process_url(self, process, subview):
        """Return the URL of a page of a process; None as `view_url`."""
        url = self.view_url(process)
        query = urlencode({"process_id": process.id})
        return url and f"{url}/{subview}?{query}"

    def _context_url(self, path):
        here, done = self._root, [""]
        names = path.split("/")[1:]
        for index, name in enumerate(names):
            there = here.unrestrictedTraverse(name, None)
            if there is None:
                return None
            if not hasattr(aq_base(there), "getPhysicalPath"):
                # A view, whose subobjects only a request can find.
                rest = "/".join(map(quote, names[index:]))
                return f"{here.absolute_url()}/{rest}"
            done.append(name)
            if there.getPhysicalPath() != tuple(done):
                # Acquired from above: what was here is gone.
                return None
            here = there
        return here.absolute_url()
