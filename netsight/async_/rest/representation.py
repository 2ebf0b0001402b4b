"""A process as JSON of plone.restapi."""

from netsight.async_.answers.status import status_of
from netsight.async_.context import as_came
from netsight.async_.context import url_of_path
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.owners import SEE
from netsight.async_.records.owners import may


NAME = "@async-processes"


def process_url(site, request, process_id):
    """Return the URL of a process in a site, for who has sent a request."""
    return as_came(f"{site.absolute_url()}/{NAME}/{process_id}", request)


def represent(site, request, process, whole=False):
    """Return a dict of plain values about a process.

    The `whole` has the cause of a failure, for managers.
    """
    url = process_url(site, request, process.id)
    registry = query_registry(application_of(site))
    site_path = "/".join(site.getPhysicalPath())
    result = {
        "@id": url,
        **status_of(process, registry, request),
        "path": process.view_path.removeprefix(site_path),
        "view": process.view_name,
        "user": process.owner.user_id,
        "attempts": process.attempts,
        "cancellable": process.cancellable and not process.is_final,
        "links": {
            # By the host of who asks, not of who has started it.
            "processing": as_came(
                url_of_path(process.page_path, request), request
            ),
            "result": f"{url}/result",
        },
    }
    error = process.error
    if whole and error is not None and may(SEE, site):
        result["error"] = {
            "kind": error.kind,
            "text": error.text,
            "traceback": error.traceback,
        }
    return result
