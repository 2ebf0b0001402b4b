"""The queues on the list of all processes: who waits, and what is paused."""

from collections import Counter
from functools import cached_property

from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from netsight.async_ import config
from netsight.async_.actions import pause_queue
from netsight.async_.actions import resume_queue
from netsight.async_.answers.status import iso_time
from netsight.async_.browser.lists.registered import named_queues
from netsight.async_.browser.lists.texts import NO_QUEUE
from netsight.async_.interfaces import QUEUED
from netsight.async_.queries import ACTIVE_MOST
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.paused import paused_queues


class QueueRow:
    """What is shown of a queue."""

    def __init__(self, name, waiting, pause, listing):
        self.name = name
        self.element_id = f"netsight-async-queue-{name}"
        self.waiting = waiting
        """How many wait in it, as text; with a plus for more."""

        self.is_paused = pause is not None
        self.since = pause and listing.time_of(pause.since)
        self.since_iso = pause and iso_time(pause.since)
        self.user = pause and listing.name_of(pause.owner)
        """Who has paused it, None for code without a user."""


class QueueButtons:
    """Queues that are paused and resumed, for a Listing."""

    queue_parts = ViewPageTemplateFile("templates/queues.pt")

    @property
    def queue_macros(self):
        """The table of queues, for templates."""
        return self.queue_parts.macros

    def _change(self):
        for button in QueueButtons.buttons:
            asked = button in self.request.form
            if asked and self.text_of(button) not in self.queue_names:
                return self.message_page(404, NO_QUEUE)
        return super()._change()

    def _pause(self):
        # Nothing may have been started yet.
        registry = getProcessRegistry(self.root)
        pause_queue(registry, self.text_of("pause"))
        return {"done": "pause"}

    def _resume(self):
        resume_queue(self.registry, self.text_of("resume"))
        return {"done": "resume"}

    buttons = {"pause": _pause, "resume": _resume}

    @property
    def queues(self):
        """List of QueueRow, by name."""
        pauses = {each.queue: each for each in self.registry.pauses()}
        return [
            QueueRow(name, self._waiting(name), pauses.get(name), self)
            for name in self.queue_names
        ]

    @cached_property
    def queue_names(self):
        """Names of the queues that are known, sorted.

        That is what views and settings name, and what is in use.
        """
        paused = paused_queues(self.registry)
        served = config.get("queues")
        names = {*named_queues(), *served, *self._counts, *paused}
        return sorted(names | {config.DEFAULT_QUEUE})

    def _waiting(self, name):
        plus = "+" if self.registry.active_count() > ACTIVE_MOST else ""
        return f"{self._counts[name]}{plus}"

    @cached_property
    def _counts(self):
        """How many wait in each queue, of the ACTIVE_MOST oldest."""
        ids = self.registry.active_ids()[:ACTIVE_MOST]
        return Counter(
            process.queue
            for process in self.registry.readable(ids)
            if process.state == QUEUED and not process.is_held
        )
