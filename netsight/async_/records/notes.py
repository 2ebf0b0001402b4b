"""What is noted of processes beside their claim and their outcome.

Most small processes have none of it, so it is no part of their records, but
stands in the registry by their ids, each kind for itself:

=========  ==================================================
progress   written by the monitor, for the running `__run__`
cancels    by requests of people who want one cancelled
fetched    by the monitor, when a result was fetched
=========  ==================================================

And how often something was put back into the queue is counted, in an object in
which storages merge what two transactions add.  The queues that are paused
are noted here, too, as what is asked for a claim is loaded with it.
"""

from BTrees.Length import Length

from netsight.async_.records.parts import Part
from netsight.async_.records.parts import Progress
from netsight.async_.records.parts import guard
from netsight.async_.records.paused import Paused
from netsight.async_.records.shards import Shards


NOTHING = Progress()
"""The progress of a process that has told none; never stored."""


class Notes(Part):
    """The notes of all processes of a registry."""

    paused = None
    """The `records.paused.Paused`; None before a queue was ever paused."""

    def __init__(self):
        self._progress = Shards()
        self._cancels = Shards()
        self._fetched = Shards()
        self.returns = Length()
        """How often a process was put back into the queue, or released."""

    def progress_of(self, process_id):
        """Return the Progress of a process, to be read."""
        return self._progress.get(process_id, NOTHING)

    def open_progress(self, process_id):
        """Return the Progress of a process, to be written."""
        progress = self._progress.get(process_id)
        if progress is None:
            progress = self._progress[process_id] = Progress()
        return progress

    def is_cancel_requested(self, process_id):
        """Tell whether somebody wants a running process cancelled."""
        return process_id in self._cancels

    def request_cancel(self, process_id):
        """Ask that a running process be cancelled."""
        self._cancels[process_id] = None

    def fetched(self, process_id):
        """Return the POSIX time of the first fetch of a result, or None."""
        return self._fetched.get(process_id)

    def note_fetched(self, process_id, when):
        """Keep the POSIX time of the first fetch of a result."""
        if process_id not in self._fetched:
            self._fetched[process_id] = when

    def is_paused(self, queue):
        """Tell whether a queue is paused."""
        return self.paused is not None and queue in self.paused

    def guard_paused(self):
        """Let the open transaction commit only if no queue is paused by then.

        Or resumed: it sees then how it is.
        """
        guard(self if self.paused is None else self.paused)

    def pauses(self):
        """Return a list of Pause."""
        return [] if self.paused is None else self.paused.all()

    def pause(self, pause):
        """Keep a Pause."""
        if self.paused is None:
            self.paused = Paused()
        self.paused.add(pause)

    def resume(self, queue):
        """End the pause of a queue; tell whether it was paused."""
        if self.paused is None or not self.paused.discard(queue):
            return False
        # Others are to look at what they have seen.
        self.returns.change(1)
        return True

    def forget(self, process_id):
        """Drop what is noted of a process that is removed."""
        for notes in (self._progress, self._cancels, self._fetched):
            notes.pop(process_id, None)
