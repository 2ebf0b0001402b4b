"""What the buttons of the lists do, and who may press them."""

import logging

import transaction
from AccessControl import Unauthorized
from zExceptions import Forbidden
from zope.interface import implementer

from netsight.async_ import actions
from netsight.async_.answers.csrf import check_start
from netsight.async_.answers.headers import no_store
from netsight.async_.answers.interfaces import IRefusing
from netsight.async_.answers.refusals import REFUSED
from netsight.async_.answers.refusals import refusal_of
from netsight.async_.answers.refusals import refuse
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import check_writable
from netsight.async_.answers.unstored import tell_if_not_stored
from netsight.async_.browser.lists import texts
from netsight.async_.browser.lists.polling import is_poll
from netsight.async_.browser.lists.questions import QUESTIONS
from netsight.async_.browser.question import is_asked
from netsight.async_.browser.question import no_question
from netsight.async_.browser.question import wants_question
from netsight.async_.browser.wishes import wish_mail
from netsight.async_.bulk import Done
from netsight.async_.bulk import cancel_all
from netsight.async_.bulk import run_all_again
from netsight.async_.context import context_path
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import NotAllChangedError
from netsight.async_.exceptions import NotAllowedError
from netsight.async_.exceptions import NotAllReleasedError
from netsight.async_.exceptions import NotAllRemovedError
from netsight.async_.exceptions import UserQueueFullError
from netsight.async_.records.database import get_process
from netsight.async_.records.owners import CONTROL
from netsight.async_.records.owners import PAUSE
from netsight.async_.records.owners import PERMISSIONS
from netsight.async_.records.owners import REMOVE
from netsight.async_.records.owners import current_owner


logger = logging.getLogger(__name__)

STOPPED = (NotAllRemovedError, NotAllChangedError, NotAllReleasedError)
"""What the long changes raise when the database does not take a part."""

ACTIONS = {
    "cancel": CONTROL,
    "again": CONTROL,
    "remove": REMOVE,
    "cancel-all": CONTROL,
    "again-all": CONTROL,
    "remove-ended": REMOVE,
    "release-held": CONTROL,
    "drop-held": REMOVE,
    "pause": PAUSE,
    "resume": PAUSE,
}
"""What one needs to press a button, by its name; all others are for owners."""

ONES = ("cancel", "again", "remove")
"""Of these, the buttons of one process, which may be one's own."""

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
    changes a process and leads back, or asks first; one that is refused shows
    the list with the reason.
    """

    problem = None
    """Message id that says why nothing was changed."""

    def __call__(self):
        if current_owner().is_anonymous:
            raise Unauthorized("log in to see processes")
        no_store(self.request.response)
        if is_poll(self.request):
            return self.poll()
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
        try:
            return self._changed()
        except STOPPED as exc:
            return self._stopped(exc)

    def _stopped(self, exc):
        """Log why a long change stopped; return its page, with 503."""
        logger.error(
            "the change at %s was not stored: %s",
            self.async_view_path, exc, exc_info=exc.__cause__,
        )  # fmt: skip
        # The page is to show what is there now.
        transaction.abort()
        return self.message_page(*refusal_of(exc))

    def _changed(self):
        check_start(self)
        for name, button in self.buttons.items():
            if name in self.request.form:
                self._check_all(name)
                return self._ask(name) or self._press(button)
        return self.page()

    def _check_all(self, name):
        if name not in ONES:
            self._check_may(name)

    def _press(self, button):
        url = self.url_with(**button(self))
        return self.request.response.redirect(url)

    def _ask(self, name):
        """Return the page that asks first, or what a script is to know.

        None if the button is to do what it does.
        """
        if not is_asked(self.request):
            return None
        if name in QUESTIONS:
            self.question = QUESTIONS[name](self)
            if self.question is not None:
                return self.page()
        wants = wants_question(self.request)
        return no_question(self.request) if wants else None

    def _cancel(self):
        actions.cancel(self._to_change("cancel"))
        return {"done": "cancel"}

    def _run_again(self):
        new = actions.run_again(self.registry, self._to_change("again"))
        return {"done": "again", "new": new.id}

    def _remove(self):
        process = self._to_change("remove")
        actions.remove(self.registry, process)
        return {"done": "remove", "which": process.id}

    def _mail(self):
        wish_mail(self._to_change("mail"), self.context, self.request, True)
        return {"done": "mail"}

    def _no_mail(self):
        process = self._to_change("no-mail")
        wish_mail(process, self.context, self.request, False)
        return {"done": "no-mail"}

    def _cancel_all(self):
        done = cancel_all(self.query, self.text_of("before"))
        if done.count:
            return self._done("cancel-all", done)
        name = "cancel-none" if done.refused else "cancel-nothing"
        return self._done(name, done._replace(count=done.refused))

    def _run_all_again(self):
        done = run_all_again(self.registry, self.query, self.text_of("before"))
        return self._done("again-full" if done.is_full else "again-all", done)

    def _remove_ended(self):
        count, go_on = actions.remove_ended(self.query, self.text_of("before"))
        return self._done("remove-ended", Done(count, go_on))

    def _done(self, name, done):
        """Return the fields of the next URL after a change of many."""
        fields = {"done": name, "count": str(done.count)}
        if done.go_on is not None and not done.is_full:
            return {**fields, "more": "1", "before": done.go_on}
        return fields if done.is_full else {**fields, "before": None}

    buttons = {
        "cancel": _cancel,
        "again": _run_again,
        "remove": _remove,
        "mail": _mail,
        "no-mail": _no_mail,
        "cancel-all": _cancel_all,
        "again-all": _run_all_again,
        "remove-ended": _remove_ended,
    }
    """By name of the field with the id; they return fields of the next URL."""

    def may(self, action, process=None):
        """Tell whether the user may do an action to what the list has.

        That is one of `records.owners.PERMISSIONS`, to a process or to all.
        """
        return True

    def _check_may(self, button, process=None):
        """Raise NotAllowedError for a button that is not for this user."""
        action = ACTIONS.get(button)
        if action is not None and not self.may(action, process):
            raise NotAllowedError(PERMISSIONS[action])

    def _to_change(self, button):
        """Return the process that a button is to change; see `process`."""
        process = self.process(self.text_of(button))
        self._check_may(button, process)
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
