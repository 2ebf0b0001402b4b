"""What the buttons of the lists do, and who may press them."""

from AccessControl import Unauthorized
from zExceptions import Forbidden
from zope.interface import implementer

from netsight.async_ import actions
from netsight.async_.answers.csrf import check_start
from netsight.async_.answers.headers import no_store
from netsight.async_.answers.interfaces import IRefusing
from netsight.async_.answers.refusals import REFUSED
from netsight.async_.answers.refusals import refuse
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import check_writable
from netsight.async_.answers.unstored import tell_if_not_stored
from netsight.async_.browser.lists import texts
from netsight.async_.context import context_path
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import UserQueueFullError
from netsight.async_.records.database import get_process
from netsight.async_.records.owners import current_owner


WORDS = {
    Forbidden: texts.FORGED,
    NoSuchProcessError: texts.GONE,
    UserQueueFullError: texts.OWNER_WAITS,
}
"""Sentences of the lists for refusals."""


@implementer(IRefusing)
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
        no_store(self.request.response)
        if self.request.method != "POST":
            return self.page()
        try:
            check_writable(self.context)
            return self._change()
        except REFUSED as exc:
            return refuse(self, exc, WORDS)

    def message_page(self, status, sentence, back_url=None):
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
