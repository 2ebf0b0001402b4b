"""One worker as a row of the list of those that run processes."""

from netsight.async_.answers.status import iso_time
from netsight.async_.browser.times import ago
from netsight.async_.records.lease import lookout


class WorkerRow:
    """What is shown of a Zope that runs processes, or did lately."""

    def __init__(self, worker, listing):
        self.name = worker.name
        self.started = listing.time_of(worker.started)
        self.started_iso = iso_time(worker.started)
        self.heartbeat = ago(worker.beat_at)
        self.is_alive = lookout.is_alive(worker)
