"""Looks into the database when all jobs have ended: is all right?"""

import hashlib
from collections import Counter

from netsight.async_ import interfaces
from netsight.async_.records.database import query_registry
from netsight.async_.tests.crash_views import CHECKPOINTS
from netsight.async_.tests.crash_views import EFFECTS
from netsight.async_.tests.crash_views import MARKS
from netsight.async_.tests.crash_views import UPLOADS
from netsight.async_.tests.crash_views import AgainView


def records(connection):
    """Return the stored processes by id."""
    root = connection.root()
    registry = "Application" in root and query_registry(root["Application"])
    if not registry:
        return {}
    return {i: registry[i] for i in registry.process_ids()}


def states_at_kill(database, old):
    """Return how many processes are in which state, as they are stored.

    Those with ids in `old` are left out.  ``mid-commit`` counts a transaction
    at the end of the file that has been written and not been finished.
    """
    states = Counter()
    if not database.is_made():
        return states
    with database.opened() as connection:
        for process_id, process in records(connection).items():
            if process_id not in old:
                states[stored_state(process)] += 1
    if database.ends_midway():
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
    Those `released` in a copy had run in the original: no death of a worker
    counts for that claim.
    """

    def __init__(self, database):
        self.database = database
        self.known = {}
        self.fetched = set()
        self.released = set()
        self.expired = set()
        self.problems = []
        self.states = {}

    def check(self):
        """Look at everything; add to `problems`."""
        for text in self.database.wrong_before():
            self.complain(text)
        with self.database.opened() as connection:
            self._check_processes(connection)
            tids = {t.tid for t in connection.db().storage.iterator()}
        self.database.pack()
        for text in self.database.wrong_after(tids):
            self.complain(text)

    def complain(self, text):
        if text not in self.problems:
            self.problems.append(text)

    # Processes

    def _check_processes(self, connection):
        root = connection.root()
        effects = root.get(EFFECTS, {})
        marks = root.get(MARKS, {})
        stored = records(connection)
        for process_id, process in stored.items():
            # What a POST that was cut off has left must end, too.
            self.known[process_id] = process.view_name
            more = process_id in self.released
            for text in wrong_in(process, effects, marks, more):
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


def wrong_in(process, effects, marks, more=0):
    """Yield what is wrong with a record and the effects of its job.

    It may have had so many `more` claims than its view allows.
    """
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
    if process.claim.number > most + more + (not claims):
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
