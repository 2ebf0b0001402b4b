"""@async-processes: the processes of a site, and each of them.

Everybody who is logged in sees his own, managers see all of the site.
"""

import logging
from contextlib import suppress
from urllib.parse import parse_qsl
from urllib.parse import urlencode

from plone.protect.interfaces import IDisableCSRFProtection
from plone.restapi.batching import DEFAULT_BATCH_SIZE
from plone.restapi.batching import HypermediaBatch
from plone.restapi.deserializer import parse_int
from plone.restapi.services import Service
from zExceptions import BadRequest
from zExceptions import NotFound
from zExceptions import Unauthorized
from zope.i18n import translate
from zope.interface import alsoProvides
from zope.interface import implementer
from zope.publisher.interfaces import IPublishTraverse

from netsight.async_ import actions
from netsight.async_ import interfaces
from netsight.async_.answers.programs import RETRY_AFTER_SECONDS
from netsight.async_.answers.result import replay_result
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import refusal
from netsight.async_.answers.unstored import tell_if_not_stored
from netsight.async_.browser.pages import sentence_of
from netsight.async_.browser.subviews import ERROR_NEWER_FORMAT
from netsight.async_.browser.subviews import ERROR_NOT_CANCELLABLE
from netsight.async_.browser.subviews import is_process_id
from netsight.async_.browser.subviews import result_gone
from netsight.async_.exceptions import NewerFormatError
from netsight.async_.exceptions import NotCancellableError
from netsight.async_.exceptions import ResultGoneError
from netsight.async_.exceptions import StillRunningError
from netsight.async_.queries import SCAN_MOST
from netsight.async_.queries import Query
from netsight.async_.queries import find
from netsight.async_.queries import is_below
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.owners import current_owner
from netsight.async_.records.owners import may_manage
from netsight.async_.records.owners import may_see
from netsight.async_.rest.errors import RestErrors
from netsight.async_.rest.errors import ServiceUnavailable
from netsight.async_.rest.representation import NAME
from netsight.async_.rest.representation import represent


logger = logging.getLogger(__name__)

RESULT = "result"

FILTERS = ("state", "user", "view", "before")


@implementer(IPublishTraverse)
class ProcessesService(RestErrors, Service):
    """Base of what is published as @async-processes/ID/..."""

    def __init__(self, context, request):
        super().__init__(context, request)
        self.names = []

    def publishTraverse(self, request, name):
        self.names.append(name)
        return self

    def render(self):
        self.request.response.setHeader("Cache-Control", "no-store, private")
        return super().render()

    @property
    def registry(self):
        return query_registry(application_of(self.context))

    @property
    def site_path(self):
        return "/".join(self.context.getPhysicalPath())

    def process(self):
        """Return the process that the address names; raises NotFound."""
        process_id, process = self.names[0], None
        if is_process_id(process_id):
            process = self._get(process_id)
        if (
            process is None
            or not is_below(process, self.site_path)
            or not may_see(process, self.context)
        ):
            raise NotFound(process_id)
        return process

    def _get(self, process_id):
        try:
            return self.registry.get(process_id)
        except NewerFormatError as exc:
            sentence = translate(ERROR_NEWER_FORMAT, context=self.request)
            raise ServiceUnavailable(sentence) from exc

    def represent(self, process, whole=True):
        return represent(self.context, self.request, process, whole)

    def refuse(self, status, kind, sentence, **more):
        """Return an error as plone.restapi shapes them."""
        self.request.response.setStatus(status)
        message = translate(sentence, context=self.request)
        return {"type": kind, "message": message, **more}

    def accept(self, process):
        """Answer 202 if a process has not ended."""
        response = self.request.response
        if process.is_final:
            return self.represent(process)
        response.setStatus(202)
        response.setHeader("Retry-After", str(RETRY_AFTER_SECONDS))
        return self.represent(process)


class ProcessesGet(ProcessesService):
    """The list, a process, or the result of a process."""

    def render(self):
        if self.names[1:] != [RESULT]:
            return super().render()
        self.check_permission()
        process = self.process()
        if process.state != interfaces.COMPLETED:
            return super().render()
        try:
            return replay_result(process, self.context, self.request.response)
        except ResultGoneError:
            logger.exception("the result of process %s is gone", process.id)
            return self.message_page(500, result_gone(process.id))

    def reply(self):
        if not self.names:
            return self.list()
        process = self.process()
        if not self.names[1:]:
            return self.represent(process)
        if self.names[1:] != [RESULT]:
            raise NotFound(self.names[-1])
        if not process.is_final:
            return self.accept(process)
        state = process.state
        kind = f"Process{state.capitalize()}"
        return self.refuse(500, kind, sentence_of(process), state=state)

    def list(self):
        """Return a batch of the processes that are asked for."""
        query, before = self.asked()
        found = find(self.registry, query, before, SCAN_MOST)
        batch = HypermediaBatch(self.request, found.ids)
        processes = self.registry.readable(batch)
        links = dict(batch.links or {})
        if found.go_on:
            links["older"] = self.older_url(found.go_on)
        result = {
            "@id": batch.canonical_url,
            "items": [
                self.represent(process, whole=False) for process in processes
            ],
            "items_total": batch.items_total,
        }
        if links:
            result["batching"] = links
        return result

    def asked(self):
        """Return the Query of this request, and the id to look behind.

        Raises BadRequest.
        """
        owner = current_owner()
        if owner.is_anonymous:
            raise Unauthorized("Log in to see your processes.")
        filters = {name: self.request.form.get(name) for name in FILTERS}
        for name, value in filters.items():
            if not (value is None or is_process_id(value)):
                raise BadRequest(f"{name} must be one short text")
        if filters["state"] not in (None, *interfaces.STATES):
            states = ", ".join(interfaces.STATES)
            raise BadRequest(f"state must be one of {states}")
        if parse_int(self.request.form, "b_size", DEFAULT_BATCH_SIZE) < 1:
            raise BadRequest("b_size must be positive")
        state, path = filters["state"], self.site_path
        more = {
            "user_id": filters["user"],
            "view_name": filters["view"],
            "states": () if state is None else (state,),
        }
        if may_manage(self.context):
            return Query(path, **more), filters["before"]
        return Query.of_owner(owner, path, **more), filters["before"]

    def older_url(self, process_id):
        """Return the URL of the list behind what was looked at."""
        pairs = [
            (name, value)
            for name, value in parse_qsl(self.request["QUERY_STRING"])
            if name not in ("before", "b_start")
        ]
        query = urlencode([*pairs, ("before", process_id)])
        return f"{self.request['ACTUAL_URL']}?{query}"


class ProcessesDelete(ProcessesService):
    """Cancels an active process, removes one that has ended."""

    @property
    def async_view_path(self):
        """For the log."""
        return f"{self.site_path}/{NAME}"

    def render(self):
        return refusal(self) or super().render()

    def reply(self):
        if len(self.names) != 1:
            raise NotFound("/".join(self.names))
        process = self.process()
        alsoProvides(self.request, IDisableCSRFProtection)
        tell_if_not_stored(Change(self, process.id, "removal"))
        with suppress(StillRunningError):
            actions.remove(self.registry, process)
            return self.reply_no_content()
        try:
            actions.cancel(process)
        except NotCancellableError:
            return self.refuse(409, "Conflict", ERROR_NOT_CANCELLABLE)
        return self.accept(process)
