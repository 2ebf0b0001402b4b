"""What the services of plone.restapi go through, object by object.

For each that `rest.zcml` takes, and that is not as in the menus: the block in
which it works.  What cannot be counted, since the request is wrong, the
service itself will refuse.
"""

from json import loads

from netsight.async_.background import counting
from netsight.async_.background.contents import pasted_stages
from netsight.async_.background.progress import INDEXED
from netsight.async_.background.progress import TRANSITIONED
from netsight.async_.background.progress import progress_of_objects
from netsight.async_.background.relations import relations_told


def changing(service):
    """Count nothing, as what follows from a change is not known."""
    return progress_of_objects({})


def relating(service):
    """Tell which relations are there again, if all are rebuilt."""
    if "rebuild" in service.params:
        return relations_told(service)
    return changing(service)


def transitioning(service):
    """Tell what gets another state: all below, if the request says so."""
    number = 1
    if _fields(service).get("include_children"):
        number = counting.below_context(service)
    return progress_of_objects({TRANSITIONED: number, INDEXED: number})


def copying(service):
    """Tell what is copied."""
    return progress_of_objects(pasted_stages(_sources(service), False))


def moving(service):
    """Tell what is moved."""
    return progress_of_objects(pasted_stages(_sources(service), True))


def _sources(service):
    """Count what is named as the source, and what is in that."""
    names = _fields(service).get("source")
    names = names if isinstance(names, list) else [names]
    found = [
        service.get_object(name) for name in names if isinstance(name, str)
    ]
    paths = [counting.path_of(item) for item in found if item is not None]
    return counting.count_below(service.context, paths)


def _fields(service):
    """Return the dict that was sent, or one without anything."""
    try:
        fields = loads(service.request.get("BODY") or "{}")
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
