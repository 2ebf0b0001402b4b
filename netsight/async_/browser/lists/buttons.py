"""What the buttons of the lists do, and who may press them."""

from AccessControl import Unauthorized
from zExceptions import Forbidden

from netsight.async_ import actions
from netsight.async_.answers.csrf import check_start
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import refusal
from netsight.async_.answers.unstored import tell_if_not_stored
from netsight.async_.browser.lists import texts
from netsight.async_.context import context_path
from netsight.async_.exceptions import AlreadyRunningError
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import NotCancellableError
from netsight.async_.exceptions import NotRepeatableError
from netsight.async_.exceptions import StillRunningError
from netsight.async_.records.database import get_process
from netsight.async_.records.owners import current_owner


REFUSALS = {
    Forbidden: (403, texts.FORGED),
    NoSuchProcessError: (404, texts.GONE),
    NotCancellableError: (409, texts.NOT_CANCELLABLE),
    NotRepeatableError: (409, texts.NOT_REPEATABLE),
    AlreadyRunningError: (409, texts.ALREADY_RUNNING),
    StillRunningError: (409, texts.STILL_RUNNING),
}
"""HTTP status and sentence for what keeps a button from its work."""


class Buttons:
    """The requests to a list of processes, for a Listing.

    A GET shows the list and changes nothing.  A POST of one of its buttons
    changes a process and leads back; one that is refused shows the list with
    the reason.
    """

    problem = None
    """Message id that says why nothing was changed."""

    def __call__(self):
        if current_owner().is_anonymous:
            raise Unauthorized("log in to see processes")
        self.request.response.setHeader("Cache-Control", "no-store, private")
        if self.request.method != "POST":
            return self.page()
        try:
            return refusal(self) or self._change()
        except tuple(REFUSALS) as exc:
            return self.message_page(*REFUSALS[type(exc)])

    def message_page(self, status, sentence):
        """Set the HTTP status (int); return the list with a message id."""
        self.problem = sentence
        self.request.response.setStatus(status)
        return self.page()

    @property
    def async_view_path(self):
        """Physical path of the context, '/', name of this view."""
        return f"{context_path(self.context)}/{self.__name__}"

    def _change(self):
        check_start(self)
        for name, button in self.buttons.items():
            if name in self.request.form:
                url = self.url_with(**button(self))
                return self.request.response.redirect(url)
        return self.page()

    def _cancel(self):
        actions.cancel(self._to_change("cancel"))
        return {"done": "cancel"}

    def _run_again(self):
        actions.run_again(self.registry, self._to_change("again"))
        return {"done": "again"}

    def _remove(self):
        actions.remove(self.registry, self._to_change("remove"))
        return {"done": "remove"}

    buttons = {"cancel": _cancel, "again": _run_again, "remove": _remove}
    """By name of the field with the id; they return fields of the next URL."""

    def _to_change(self, button):
        """Return the process that a button is to change; see `process`."""
        process = self.process(self.text_of(button))
        tell_if_not_stored(Change(self, process.id, button))
        return process

    def process(self, process_id):
        """Return the process with that id (str, or None for an odd one).

        Raises NoSuchProcessError if it is not within `scope`.
        """
        if process_id is None:
            raise NoSuchProcessError(process_id)
        process = get_process(self.root, process_id)
        if not self.scope.matches(process):
            raise NoSuchProcessError(process_id)
        return process
