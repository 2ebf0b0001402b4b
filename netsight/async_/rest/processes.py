"""@async-processes: the processes of a site, and each of them.

Users who are logged in see their own; who has the permission to see processes
sees all of the site.
"""

from contextlib import suppress
from urllib.parse import parse_qsl
from urllib.parse import urlencode

from plone.protect.interfaces import IDisableCSRFProtection
from plone.restapi.batching import DEFAULT_BATCH_SIZE
from plone.restapi.batching import HypermediaBatch
from plone.restapi.services import Service
from zExceptions import BadRequest
from zExceptions import NotFound
from zExceptions import Unauthorized
from zope.interface import alsoProvides
from zope.interface import implementer
from zope.publisher.interfaces import IPublishTraverse

from netsight.async_ import actions
from netsight.async_ import interfaces
from netsight.async_.answers.asked import asked_process
from netsight.async_.answers.fields import is_process_id
from netsight.async_.answers.headers import no_store
from netsight.async_.answers.interfaces import IRefusing
from netsight.async_.answers.programs import RETRY_AFTER_SECONDS
from netsight.async_.answers.refusals import REFUSED
from netsight.async_.answers.refusals import refuse
from netsight.async_.answers.result import replay_result
from netsight.async_.answers.sentences import told_of
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import check_writable
from netsight.async_.answers.unstored import tell_if_not_stored
from netsight.async_.answers.views import check_view
from netsight.async_.context import as_came
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import StillRunningError
from netsight.async_.queries import SCAN_MOST
from netsight.async_.queries import Query
from netsight.async_.queries import find
from netsight.async_.queries import is_below
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.owners import CONTROL
from netsight.async_.records.owners import REMOVE
from netsight.async_.records.owners import SEE
from netsight.async_.records.owners import check_may
from netsight.async_.records.owners import current_owner
from netsight.async_.records.owners import may
from netsight.async_.records.owners import may_see
from netsight.async_.rest.errors import RestErrors
from netsight.async_.rest.representation import NAME
from netsight.async_.rest.representation import represent


RESULT = "result"

FILTERS = ("state", "user", "view", "before")


@implementer(IPublishTraverse, IRefusing)
class ProcessesService(RestErrors, Service):
    """Base of what is published as @async-processes/ID/..."""

    def __init__(self, context, request):
        super().__init__(context, request)
        self.names = []

    def publishTraverse(self, request, name):
        self.names.append(name)
        return self

    def render(self):
        """Publish what `answer` returns, or why it is refused."""
        no_store(self.request.response)
        try:
            return self.answer()
        except REFUSED as exc:
            return refuse(self, exc)

    def answer(self):
        """Return the body, as the services of plone.restapi do."""
        return super().render()

    @property
    def async_view_path(self):
        """Physical path of the site, '/', name of the service."""
        return f"{self.site_path}/{NAME}"

    @property
    def registry(self):
        return query_registry(application_of(self.context))

    @property
    def site_path(self):
        return "/".join(self.context.getPhysicalPath())

    def process(self):
        """Return the process that the address names.

        Raises NoSuchProcessError if this visitor has none of that id here.
        """
        process_id = self.names[0]
        if not is_process_id(process_id):
            raise NoSuchProcessError(process_id)
        process = asked_process(
            application_of(self.context), process_id, self.request
        )
        is_here = is_below(process, self.site_path)
        if not is_here or not may_see(process, self.context):
            raise NoSuchProcessError(process_id)
        return process

    def represent(self, process, whole=True):
        return represent(self.context, self.request, process, whole)

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

    def answer(self):
        if self.names[1:] != [RESULT]:
            return super().answer()
        self.check_permission()
        process = self.process()
        if process.state != interfaces.COMPLETED:
            return super().answer()
        check_view(process, application_of(self.context), self.request)
        return replay_result(process, self.context, self.request)

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
        self.request.response.setStatus(500)
        return self.error(kind, told_of(process), state=state)

    def list(self):
        """Return a batch of the processes that are asked for."""
        query, before = self.asked()
        found = find(self.registry, query, before, SCAN_MOST)
        batch = HypermediaBatch(self.request, found.ids)
        processes = self.registry.readable(batch)
        links = {
            name: as_came(url, self.request)
            for name, url in (batch.links or {}).items()
        }
        if found.go_on:
            links["older"] = self.older_url(found.go_on)
        result = {
            "@id": as_came(batch.canonical_url, self.request),
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
        _check_batch(self.request.form)
        state, path = filters["state"], self.site_path
        more = {
            "user_id": filters["user"],
            "view_name": filters["view"],
            "states": () if state is None else (state,),
        }
        if may(SEE, self.context):
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
        url = f"{self.request['ACTUAL_URL']}?{query}"
        return as_came(url, self.request)


class ProcessesDelete(ProcessesService):
    """Cancels an active process, removes one that has ended."""

    def reply(self):
        if len(self.names) != 1:
            raise NotFound("/".join(self.names))
        check_writable(self.context)
        process = self.process()
        action = REMOVE if process.is_final else CONTROL
        check_may(action, process, self.context)
        alsoProvides(self.request, IDisableCSRFProtection)
        tell_if_not_stored(Change(self, process.id, "removal"))
        with suppress(StillRunningError):
            actions.remove(self.registry, process)
            return self.reply_no_content()
        actions.cancel(process)
        return self.accept(process)


def _check_batch(form):
    """Raise BadRequest if a list of that form cannot be cut into batches."""
    for name in ("b_size", "b_start"):
        try:
            number = int(form.get(name, DEFAULT_BATCH_SIZE))
        except (ValueError, TypeError) as exc:
            raise BadRequest(f"Invalid {name}: Not an integer") from exc
        if name == "b_size" and number < 1:
            raise BadRequest("b_size must be positive")
