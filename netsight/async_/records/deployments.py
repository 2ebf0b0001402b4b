"""Where a process was queued, and what is held in a copy of that database.

A process has the name of the deployment in which it was started: the setting
`deployment` of the Zope that took its request.  Where Zopes have another name
or none, it is *held*: nobody claims it, and recovery does not end it.  So the
copy of a database does nothing of what waits and runs where it comes from,
until somebody decides.

The record itself tells.  An index has the ids of those that recovery has found
to be held, so that they are counted, and left out, without being loaded.
"""

from BTrees.OOBTree import OOBTree

from netsight.async_ import config
from netsight.async_.records.lease import lookout


def this_deployment():
    """Return the name (str) of this deployment; empty for none."""
    return config.get("deployment")


def is_foreign(process):
    """Tell whether a process was queued in another deployment."""
    return process.deployment != this_deployment()


def is_held(process):
    """Tell whether a process has to wait until somebody releases it.

    One that runs in another deployment has a worker that beats, if both use
    this database.  In a copy nobody beats for it; the process of that worker
    may well run on this machine.
    """
    if not is_foreign(process) or process.finished is not None:
        return False
    worker = process.claim.worker
    return (
        worker is None
        or not lookout.is_alive(worker)
        or not lookout.is_heard(worker)
    )


class HeldIds:
    """The index of what is held; a part of the registry.

    It is written where something is held, and nowhere else.
    """

    _held = None
    """Names of deployments by id of process; None before the first."""

    def hold(self, process):
        if self._held is None:
            self._held = OOBTree()
        if process.id not in self._held:
            self._held[process.id] = process.deployment

    def held_ids(self):
        name = this_deployment()
        held = self._held.items() if self._held else ()
        return [process_id for process_id, of in held if of != name]

    def held_in(self):
        name = this_deployment()
        return sorted(set(self._held.values() if self._held else ()) - {name})

    def let_go(self, process_id):
        if self._held and process_id in self._held:
            del self._held[process_id]


def release(registry, process):
    """Let this deployment run a process that is held; tell whether it may.

    One that ran when its database was copied is dealt with as one that is
    handed back: it is queued again where its view allows that, and lost
    otherwise.  It stays held if another one of its `single` view is active.
    """
    if registry.single(process.single_key) is not None:
        return False
    process.deployment = this_deployment()
    registry.let_go(process.id)
    if process.claim.worker is None:
        process.notes.returns.change(1)
    else:
        # This counts as well, if it is queued by that.
        process.recover(handed_back=True)
    registry.note_single(process)
    return True


def drop(registry, process):
    """Remove a process that is held; nobody is told."""
    # Whoever would claim or commit it at this moment conflicts.
    process.claim.revoke()
    registry.remove(process.id)
