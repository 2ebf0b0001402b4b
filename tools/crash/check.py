"""Opens the database of a stopped Zope, and looks whether all is right."""

import hashlib
import io
import os
import time
from collections import Counter
from contextlib import contextmanager
from contextlib import redirect_stdout

import transaction
import ZODB
from ZODB.blob import BlobStorage
from ZODB.FileStorage import FileStorage
from ZODB.scripts import fsrefs
from ZODB.scripts import fstest
from ZODB.utils import load_current
from ZODB.utils import oid_repr
from ZODB.utils import tid_repr

from netsight.async_ import interfaces
from netsight.async_.records.database import query_registry
from netsight.async_.tests.crash_views import CHECKPOINTS
from netsight.async_.tests.crash_views import EFFECTS
from netsight.async_.tests.crash_views import MARKS
from netsight.async_.tests.crash_views import UPLOADS
from netsight.async_.tests.crash_views import AgainView


@contextmanager
def opened(server, read_only=True):
    """Open the database of a ZopeServer or ZeoServer that does not run."""
    storage = FileStorage(str(server.data), read_only=read_only)
    database = ZODB.DB(BlobStorage(str(server.blobs), storage))
    try:
        with database.transaction() as connection:
            yield connection
            transaction.doom()
    finally:
        database.close()


def records(connection):
    """Return the stored processes by id."""
    root = connection.root()
    registry = "Application" in root and query_registry(root["Application"])
    if not registry:
        return {}
    return {i: registry[i] for i in registry.process_ids()}


def states_at_kill(zope, old):
    """Return how many processes are in which state, as they are stored.

    Those with ids in `old` are left out.  ``mid-commit`` counts a transaction
    at the end of the file that has been written and not been finished.
    """
    states = Counter()
    if not zope.data.exists():
        return states
    with opened(zope) as connection:
        for process_id, process in records(connection).items():
            if process_id in old:
                continue
            states[stored_state(process)] += 1
        end = connection.db().storage._pos
    if os.path.getsize(zope.data) > end:
        states["mid-commit"] = 1
    return states


def stored_state(process):
    """Return the state as if its worker lived."""
    if process.outcome.state is not None:
        return process.outcome.state
    return "queued" if process.claim.worker is None else "running"


class Checker:
    """Collects what is wrong; knows all jobs of all rounds.

    `known` has the view name of each process that must have a record, and
    `fetched` the ids of those whose result was fetched: they may be expired.
    """

    def __init__(self, server):
        self.server = server
        self.known = {}
        self.fetched = set()
        self.expired = set()
        self.problems = []
        self.states = {}

    def check(self):
        """Look at everything; add to `problems`."""
        self._check_file()
        with opened(self.server) as connection:
            self._check_processes(connection)
            tids = {t.tid for t in connection.db().storage.iterator()}
        self._pack()
        self._check_blobs(tids)

    def complain(self, text):
        if text not in self.problems:
            self.problems.append(text)

    def _check_file(self):
        path = str(self.server.data)
        try:
            fstest.check(path)
        except fstest.FormatError as exc:
            self.complain(f"fstest: {exc}")
        found = io.StringIO()
        with redirect_stdout(found):
            fsrefs.main(path)
        if found.getvalue():
            self.complain(f"fsrefs: {found.getvalue()}")

    # Processes

    def _check_processes(self, connection):
        root = connection.root()
        effects = root.get(EFFECTS, {})
        marks = root.get(MARKS, {})
        stored = records(connection)
        for process_id, process in stored.items():
            # What a POST that was cut off has left must end, too.
            self.known[process_id] = process.view_name
            for text in wrong_in(process, effects, marks):
                self.complain(f"{process_id} ({process.view_name}): {text}")
            if process.view_name.startswith("crash-upload"):
                self._check_upload(process, root)
            self.states[process_id] = process.outcome.state
        self._check_missing(stored, effects)

    def _check_missing(self, stored, effects):
        for process_id in self.known.keys() - stored.keys():
            self.expired.add(process_id)
            if process_id not in self.fetched:
                self.complain(f"{process_id}: no record")
            elif len(effects.get(process_id, ())) != 1:
                self.complain(f"{process_id}: expired, without an effect")
        for process_id in set(effects) - self.known.keys():
            self.complain(f"{process_id}: an effect of a job without record")

    def _check_upload(self, process, root):
        upload = root.get(UPLOADS, {}).get(process.id)
        if process.outcome.state != interfaces.COMPLETED:
            if upload is not None:
                self.complain(f"{process.id}: a blob without a result")
            return
        with upload["blob"].open() as stream:
            written = stream.read()
        if hashlib.sha256(written).hexdigest() != upload["sha"]:
            self.complain(f"{process.id}: the blob is damaged")
        if process.response.body.read() != written:
            self.complain(f"{process.id}: the result is damaged")

    # Blobs

    def _pack(self):
        storage = FileStorage(str(self.server.data), pack_keep_old=False)
        database = ZODB.DB(BlobStorage(str(self.server.blobs), storage))
        database.pack(time.time())
        database.close()

    def _check_blobs(self, tids):
        """Each blob file must be the current state of an object."""
        with opened(self.server) as connection:
            storage = connection.db().storage
            helper = storage.fshelper
            for oid, folder in helper.listOIDs():
                for name in os.listdir(folder):
                    path = os.path.join(folder, name)
                    _oid, tid = helper.splitBlobFilename(path)
                    if not is_current(storage, oid, tid):
                        cut = "" if tid in tids else ", never committed"
                        self.complain(
                            f"orphan blob: oid {oid_repr(oid)} "
                            f"tid {tid_repr(tid)}{cut}"
                        )


def is_current(storage, oid, tid):
    """Tell whether `tid` wrote the current state of an object."""
    try:
        return load_current(storage, oid)[1] == tid
    except KeyError:
        return False


def wrong_in(process, effects, marks):
    """Yield what is wrong with a record and the effects of its job."""
    state, error = process.outcome.state, process.outcome.error
    kind = process.view_name.split("-")[1]
    again = process.view_name.endswith("-again")
    claims = effects.get(process.id, ())
    if state not in interfaces.FINAL_STATES:
        yield f"ended as {state}"
    if len(claims) > 1:
        yield f"done {len(claims)} times, under the claims {claims}"
    if bool(claims) != (state == interfaces.COMPLETED):
        yield f"{state} with the effects {claims}"
    if claims and claims[-1] != process.claim.number:
        yield f"done under claim {claims[-1]} of {process.claim.number}"
    if state == interfaces.CANCELLED or (state == interfaces.LOST and again):
        yield f"must not end as {state}"
    most = AgainView.max_attempts if again else 1
    # A claim that is revoked counts as one more.
    if process.claim.number > most + (not claims):
        yield f"{process.claim.number} claims"
    if state == interfaces.FAILED and error.kind != expected_error(
        kind, again, process
    ):
        yield f"failed by {error.kind}: {error.text}"
    if kind == "steps":
        yield from wrong_steps(state, marks.get(process.id, ()))


def expected_error(kind, again, process):
    """Return the name of the error that a failed job may have."""
    if kind == "failing" and process.outcome.error.kind == "ValueError":
        return "ValueError"
    died_enough = process.outcome.attempts >= AgainView.max_attempts
    return "WorkerDied" if again and died_enough else None


def wrong_steps(state, marks):
    """Yield what is wrong with what was committed at checkpoints."""
    steps = [step for step, _claim in marks]
    claims = [claim for _step, claim in marks]
    if steps != list(range(len(steps))):
        yield f"the checkpoints are {steps}"
    if claims != sorted(claims):
        yield f"checkpoints under the claims {claims}"
    if state == interfaces.COMPLETED and len(steps) != CHECKPOINTS:
        yield f"completed with the checkpoints {steps}"
