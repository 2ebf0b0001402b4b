"""Records of processes, made without a request."""

import os
from unittest import mock

from netsight.async_ import config
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.ids import new_process_id
from netsight.async_.records.notes import Notes
from netsight.async_.records.owners import ANONYMOUS
from netsight.async_.records.owners import Owner
from netsight.async_.records.parts import RequestSnapshot
from netsight.async_.records.process import Process


ANN = Owner("ann", "/plone/acl_users")
BOB = Owner("bob", "/plone/acl_users")

NEWER = config.RECORD_FORMAT + 1


def make_process(process_id="an-id", owner=ANONYMOUS, path="/view", **kwargs):
    """Return a queued Process that no registry has."""
    name = path.rpartition("/")[2]
    request = RequestSnapshot({"PATH_INFO": path})
    process = Process(process_id, path, name, name, owner, request, **kwargs)
    process.notes = Notes()
    return process


def add(registry, number, owner=ANONYMOUS, path="/plone/export", **kwargs):
    """Add the process with a number, the order of the starts; return its id.

    The number, from 0, is the POSIX time of its start.
    """
    process_id = new_process_id(1 + number * 10**9)
    process = make_process(process_id, owner, path, **kwargs)
    process.created = float(number)
    registry.add(process)
    return process_id


def add_ended(registry, count, owner=ANN, path="/plone/export"):
    """Add processes that have completed; return their ids."""
    ids = [add(registry, number, owner, path) for number in range(count)]
    for process_id in ids:
        registry[process_id].complete(1, None)
    return ids


def newer_version():
    """Have the code be of a newer version, in a block."""
    return mock.patch.object(config, "RECORD_FORMAT", NEWER)


def deployed(name=""):
    """Be in the deployment of that name, in a block."""
    variable = config.SETTINGS["deployment"].variable
    return mock.patch.dict(os.environ, {variable: name})


def die_with_claim(root, process_id):
    """Claim a process as a worker that dies at once, in a transaction."""
    registry = query_registry(root)
    worker = registry.worker("dead")
    registry[process_id].claim_for(worker)
    worker.end()


def end_of(process_id):
    """Return the End of a process, as stored."""
    return transact("test", lambda root: get_process(root, process_id).end)
