"""A process as JSON of plone.restapi."""

from netsight.async_.answers.status import status_of
from netsight.async_.records.owners import may_manage


NAME = "@async-processes"


def process_url(site, process_id):
    """Return the URL of a process in a site."""
    return f"{site.absolute_url()}/{NAME}/{process_id}"


class Place:
    """What `status_of` asks of a view, for processes of any view."""

    def __init__(self, site, request):
        self.context = site
        self.request = request

    def process_url(self, subview, process_id):
        return process_url(self.context, process_id)


def represent(site, request, process, whole=False):
    """Return a dict of plain values about a process.

    The `whole` has the cause of a failure, for managers.
    """
    url = process_url(site, process.id)
    site_path = "/".join(site.getPhysicalPath())
    result = {
        "@id": url,
        **status_of(Place(site, request), process),
        "path": process.view_path.removeprefix(site_path),
        "view": process.view_name,
        "user": process.owner.user_id,
        "attempts": process.attempts,
        "cancellable": process.cancellable and not process.is_final,
        "links": {"processing": process.url, "result": f"{url}/result"},
    }
    error = process.error
    if whole and error is not None and may_manage(site):
        result["error"] = {
            "kind": error.kind,
            "text": error.text,
            "traceback": error.traceback,
        }
    return result
