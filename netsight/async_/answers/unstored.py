"""What visitors are told when the database does not take their request.

A commit fails after the view has answered, and Zope shows an exception view.
Ours is for requests whose commit has begun, and which a view of ours wants
stored.  Zope answers all other errors as it does without this package.
"""

import logging
from typing import NamedTuple

import transaction
from Products.Five import BrowserView
from zExceptions import HTTPException
from ZODB.POSException import ReadOnlyError
from zope.interface import Attribute
from zope.interface import Interface

from netsight.async_.answers.marks import mark
from netsight.async_.answers.programs import accepted
from netsight.async_.answers.refusals import NOT_STORED
from netsight.async_.records.database import application_of
from netsight.async_.records.database import get_process
from netsight.async_.records.database import is_read_only
from netsight.async_.records.database import query_registry


logger = logging.getLogger(__name__)


class Change(NamedTuple):
    """What a request wants to have stored, for page and log."""

    view: object
    """An IRefusing; of a start, an IProcessView."""

    process_id: str
    kind: str
    """What it does to the process, as "start" or "cancel"."""


class ICommitting(Interface):
    """A request of ours whose commit has begun; comes before all layers."""

    async_change = Attribute("The Change.")


def check_writable(context):
    """Raise ReadOnlyError if the records can only be read at the moment."""
    if is_read_only(application_of(context)):
        raise ReadOnlyError


def not_stored(change, exc):
    """Log why a Change was not stored; return the page for it, with 503."""
    view, process_id, kind = change
    logger.error(
        "the %s of process %s at %s was not stored",
        kind, process_id, view.async_view_path, exc_info=exc,
    )  # fmt: skip
    return view.message_page(503, NOT_STORED)


def tell_if_not_stored(change):
    """Have the visitor told if the commit of this request fails."""
    transaction.get().addBeforeCommitHook(_mark, (change,))


def _mark(change):
    request = change.view.request
    request.async_change = change
    mark(request, ICommitting)


class NotStoredPage(BrowserView):
    """The exception view of requests whose commit failed."""

    def __call__(self):
        if isinstance(self.context, HTTPException):
            # Of somebody's hook, who knows better what it means.
            raise self.context
        # The frame of a site may take part in a transaction; not in this one.
        transaction.abort()
        change, response = self.request.async_change, self.request.response
        if change.kind == "start" and _is_stored(change):
            # What failed is the answer of the storage, after its commit.
            return self._answer(change)
        for name in ("location", "content-type", "preference-applied"):
            # Of what the view has answered with.
            response.headers.pop(name, None)
        page = not_stored(change, self.context)
        # plone.transformchain would make it the status of the exception.
        response.setStatus(response.getStatus(), lock=True)
        return page

    def _answer(self, change):
        """Say again what the view has said, whose headers are still there."""
        view, response = change.view, self.request.response
        if not view.is_for_program:
            response.setStatus(302, lock=True)
            return ""
        root = application_of(view.context)
        body = accepted(view, get_process(root, change.process_id))
        response.setStatus(202, lock=True)
        return body


def _is_stored(change):
    root = application_of(change.view.context)
    return change.process_id in query_registry(root)
