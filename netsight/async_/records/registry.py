"""Where all processes are kept."""

from zlib import crc32

from AccessControl.class_init import InitializeClass
from AccessControl.Permissions import view_management_screens
from AccessControl.SecurityInfo import ClassSecurityInfo
from BTrees.Length import Length
from OFS.SimpleItem import SimpleItem
from zope.interface import implementer

from netsight.async_ import config
from netsight.async_.config import PROCESS_REGISTRY_ID
from netsight.async_.config import PROCESS_REGISTRY_TYPE
from netsight.async_.exceptions import NewerFormatError
from netsight.async_.interfaces import IProcessRegistry
from netsight.async_.records.deployments import HeldIds
from netsight.async_.records.lease import Worker
from netsight.async_.records.lines import AHEAD_MOST
from netsight.async_.records.lines import Line
from netsight.async_.records.nodes import Nodes
from netsight.async_.records.notes import Notes
from netsight.async_.records.owners import Owner
from netsight.async_.records.places import Ahead
from netsight.async_.records.places import queued_before
from netsight.async_.records.shards import Shards
from netsight.async_.records.shards import Tree
from netsight.async_.records.shards import newest_first
from netsight.async_.records.statistics import count_ended
from netsight.async_.records.unseen import note_ended
from netsight.async_.records.unseen import note_seen


OWNER_BITS, VIEW_BITS = 0xFFFFFFFF << 32, 0xFFFFFFFF
"""Halves of the mark that is kept with the id of an active process."""


@implementer(IProcessRegistry)
class ProcessRegistry(HeldIds, SimpleItem):
    """See IProcessRegistry.

    Processes are in Shards, so that concurrent starts do not meet.  Beside
    them are the ids of each owner, and the set of those that have not ended,
    or ended so lately that recovery has not looked: the transaction of a
    process must not touch the set, where it could conflict.  The set has a
    mark for each, so that those of a user can be counted without loading any;
    how many there are in all is counted beside it, in an object in which
    storages merge what two transactions add.  All ids are in the order of the
    starts.  A registry that netsight.async 1.x stored has a mapping
    `_process_registry` instead; it loads, and its entries are no processes.
    """

    security = ClassSecurityInfo()
    security.declareObjectProtected(view_management_screens)

    __allow_access_to_unprotected_subobjects__ = False

    id = PROCESS_REGISTRY_ID
    meta_type = PROCESS_REGISTRY_TYPE
    title = "Background processes"
    zmi_icon = "fas fa-hourglass-half"
    manage_options = ()

    _processes = None
    _active = None
    _workers = None
    _singles = None
    _owned = None
    _keys = None
    _lines = None
    _notes = None
    _active_count = None

    outbox = None
    """See `records.outbox`."""

    expired = None
    """See `records.expired`."""

    unseen = None
    """See `records.unseen`."""

    statistics = None
    """See `records.statistics`."""

    def __init__(self, *args, **kwargs):
        self._make_containers()

    def _make_containers(self):
        self._processes = Shards(is_large=True)
        self._active = Shards(is_large=True)
        self._active_count = Length()
        self._workers = Tree()
        self._singles = Tree()
        self._owned = Tree()
        self._keys = Tree()
        self._lines = Tree()
        self._notes = Notes()

    def migrate(self):
        """Drop what 1.x left: its processes died with their Zope."""
        if "_process_registry" in self.__dict__:
            del self._process_registry

    def _mapping(self):
        return {} if self._processes is None else self._processes

    def add(self, process):
        replaced = None
        if self._processes is None:
            self._make_containers()
        process.notes = self._notes
        self._processes[process.id] = process
        self._active[process.id] = _mark_of(process.owner, process.view_name)
        self._active_count.change(1)
        if not process.owner.is_anonymous:
            self._ids_of(process.owner)[process.id] = None
        if process.single_key is not None:
            replaced = self._recover_single(process.single_key)
            self.note_single(process)
        if process.line is not None:
            self._line(process.line).add(process.id)
        if process.idempotency is not None:
            # So do two requests with one Idempotency-Key.
            self._keys[process.idempotency.key] = process.id
        return replaced

    def note_single(self, process):
        if process.single_key is not None:
            # Two starts at once both write this key, and one conflicts.
            self._singles[process.single_key] = process.id

    def _recover_single(self, key):
        """Return the process that was the last of a key, if it ends by that.

        Its worker may only be late, and must not run beside the next one.
        """
        before = self._last_single(key)
        if before is None or not before.is_abandoned:
            return None
        before.recover()
        return before if before.is_final else None

    def _ids_of(self, owner):
        """Return the Shards with the ids of an Owner; makes it if needed.

        An empty one stays: removing it could lose what another transaction
        inserts at the same time.
        """
        # A storage server need not know the class.
        key = tuple(owner)
        if key not in self._owned:
            self._owned[key] = Shards()
        return self._owned[key]

    def _line(self, key):
        """Return the Line of a key; makes it if needed, and it stays."""
        if key not in self._lines:
            self._lines[key] = Line()
        return self._lines[key]

    def line(self, key):
        return (self._lines or {}).get(key) if key else None

    def _leave_line(self, process):
        line = self.line(process.line)
        if line is not None:
            line.discard(process.id)

    def newest_ids(self, owner=None, before=None, active=False):
        if active and not self.active_count():
            # As on most sites most of the time; each page asks for it.
            return iter(())
        shards = [self._active if active else self._processes]
        if owner is not None:
            shards.append((self._owned or {}).get(tuple(owner)))
        if None in shards:
            # There is none before the first start.
            return iter(())
        return newest_first(*shards, before=before)

    def owners(self, user_id):
        # Ids of users come first in the keys, so these are neighbours.
        if not self._owned:
            return []
        first, behind = (user_id, ""), (user_id + "\0", "")
        keys = self._owned.keys(first, behind, excludemax=True)
        return [Owner(*key) for key in keys]

    def single(self, key):
        process = self._last_single(key)
        if process is None or process.is_final or process.is_held:
            return None
        return process

    def _last_single(self, key):
        return self._named(self._singles, key)

    def keyed(self, key):
        return self._named(self._keys, key)

    def _named(self, names, key):
        """Return the process whose id is in a mapping, or None."""
        process_id = (names or {}).get(key) if key else None
        return self.get(process_id) if process_id else None

    def active_ids(self):
        return [] if self._active is None else self._active.ids()

    def oldest_active_ids(self, after=None):
        return iter(()) if self._active is None else self._active.keys(after)

    def active_count(self):
        return 0 if self._active_count is None else self._active_count()

    def active_like(self, owner=None, view_name=None):
        marks = () if self._active is None else self._active.items()
        bits = (OWNER_BITS if owner else 0) | (VIEW_BITS if view_name else 0)
        wanted = _mark_of(owner or Owner("", ""), view_name or "") & bits
        return sorted(each for each, mark in marks if mark & bits == wanted)

    def active_nodes(self):
        counts = [self._active_count, self._notes and self._notes.returns]
        leaves = frozenset(each._p_oid for each in counts if each is not None)
        return Nodes(leaves, frozenset([self._p_oid]))

    def returns(self):
        return 0 if self._notes is None else self._notes.returns()

    def is_paused(self, queue):
        return self._notes is not None and self._notes.is_paused(queue)

    def pauses(self):
        return [] if self._notes is None else self._notes.pauses()

    def pause(self, pause):
        if self._notes is None:
            self._make_containers()
        self._notes.pause(pause)

    def resume(self, queue):
        return self._notes is not None and self._notes.resume(queue)

    def oid_of(self, process_id):
        process = self._mapping().get(process_id)
        return None if process is None else process._p_oid

    def is_active(self, process_id):
        return self._active is not None and process_id in self._active

    def queued_before(self, process_id):
        mine = self[process_id]
        line = self.line(mine.line)
        if line is not None and (place := line.place_of(self, process_id)):
            return Ahead(place, has_more=place == AHEAD_MOST)
        return queued_before(self, mine)

    def retire(self, process_id):
        del self._active[process_id]
        self._active_count.change(-1)
        self.let_go(process_id)
        if process_id in self:
            process = self[process_id]
            process.claim.close()
            if process.is_final:
                note_ended(self, process)
            count_ended(self, process)
            self._leave_line(process)
        else:
            # Its start was undone.
            self._notes.forget(process_id)

    def worker(self, name):
        if name not in self._workers:
            self._workers[name] = Worker(name)
        return self._workers[name]

    def workers(self):
        return list(self._workers.values()) if self._workers else []

    def worker_names(self):
        return list(self._workers or ())

    def remove_worker(self, name):
        del self._workers[name]

    def get(self, process_id, default=None):
        try:
            return self[process_id]
        except KeyError:
            return default

    def __getitem__(self, process_id):
        process = self._mapping()[process_id]
        if _is_newer(process):
            raise NewerFormatError(f"a newer version stored {process_id}")
        return process

    def is_newer(self, process_id):
        return _is_newer(self._mapping().get(process_id))

    def readable(self, ids):
        known = map(self._mapping().get, ids)
        return (p for p in known if p is not None and not _is_newer(p))

    def __contains__(self, process_id):
        return process_id in self._mapping()

    def process_ids(self, after=None):
        if self._processes is None:
            return iter(())
        ids = self._processes.keys(after)
        return (each for each in ids if each != after)

    def remove(self, process_id):
        process = self._processes.pop(process_id)
        if not process.owner.is_anonymous:
            del self._ids_of(process.owner)[process_id]
        if process_id in self._active:
            del self._active[process_id]
            self._active_count.change(-1)
            count_ended(self, process)
        self._notes.forget(process_id)
        note_seen(self, process)
        self.let_go(process_id)
        self._leave_line(process)
        for names, key in (
            (self._singles, process.single_key),
            (self._keys, process.idempotency and process.idempotency.key),
        ):
            if key and names.get(key) == process_id:
                del names[key]


InitializeClass(ProcessRegistry)


def _mark_of(owner, view_name):
    """Return a number of 64 bits; others may have the same, but few have."""
    texts = "\n".join([owner.user_id or "", owner.folder_path]), view_name
    high, low = (crc32(each.encode("utf-8", "replace")) for each in texts)
    return high << 32 | low


def _is_newer(process):
    """Tell whether there is a record, which this version cannot read."""
    return process is not None and process.format > config.RECORD_FORMAT
