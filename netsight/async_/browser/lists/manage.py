"""The list of all processes, for those who may manage them."""

import string
import time
from contextlib import suppress
from functools import cached_property

from AccessControl import Unauthorized
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from zope.i18nmessageid import Message

from netsight.async_ import config
from netsight.async_ import interfaces
from netsight.async_.actions import HELD_MOST
from netsight.async_.actions import drop_held
from netsight.async_.actions import release_held
from netsight.async_.answers.refusals import refusal_of
from netsight.async_.answers.status import iso_time
from netsight.async_.browser.lists import polling
from netsight.async_.browser.lists import texts
from netsight.async_.browser.lists.listing import Listing
from netsight.async_.browser.lists.queues import QueueButtons
from netsight.async_.browser.lists.registered import told_apart
from netsight.async_.browser.lists.registered import views_for
from netsight.async_.browser.lists.rows import Row
from netsight.async_.browser.lists.search import FIELDS
from netsight.async_.browser.lists.search import Search
from netsight.async_.browser.lists.search import short_number
from netsight.async_.browser.lists.texts import ALL_PROCESSES
from netsight.async_.browser.lists.texts import NOT_SURE
from netsight.async_.browser.lists.texts import STATES
from netsight.async_.browser.lists.workers import WorkerRow
from netsight.async_.browser.question import text_for
from netsight.async_.browser.times import ago
from netsight.async_.config import VIEW_PROCESSES
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.queries import Query
from netsight.async_.queries import active_of
from netsight.async_.queries import held_of
from netsight.async_.records.deployments import this_deployment
from netsight.async_.records.ids import ID_CHARS
from netsight.async_.records.owners import PERMISSIONS
from netsight.async_.records.owners import SEE
from netsight.async_.records.owners import current_owner
from netsight.async_.records.owners import may


def no_such_number(exc):
    """Return the message id for the number of a NoSuchProcessError."""
    days = config.get("keep-days")
    mapping = {"number": exc.args[0], "days": days}
    return Message(texts.NO_SUCH_NUMBER, mapping=mapping)


NUMBER_WORDS = {NoSuchProcessError: no_such_number}
"""What is said of a number that somebody looks up."""

HIGHEST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

DECISIONS = ("release-held", "drop-held")
"""Buttons that cannot be undone, and need a tick in the box before them."""

NO_NAME = "–"
"""Stands for a deployment without a name."""


class ManageProcesses(QueueButtons, Listing):
    """All processes of a site, of the Zope root all of all sites.

    For whoever may see them, which this asks itself: two permissions do.
    """

    title = ALL_PROCESSES
    kept_fields = ("state", "user", "view", *FIELDS, "before")
    shows_users = True
    details = None
    """The Row of the process that is shown alone, or None."""

    details_html = ViewPageTemplateFile("templates/details.pt")

    @property
    def heading(self):
        """What the page is about, a text or message id."""
        return self.details.title if self.details else self.title

    @property
    def titles(self):
        return (self.heading, self.title) if self.details else (self.title,)

    def poll(self):
        """Return what the script of the list, or of the details, asks for."""
        if self.number_asked is None:
            return super().poll()
        with suppress(NoSuchProcessError):
            self.details = Row(self.process(self.number_asked), self)
        html = self.details_html() if self.details else ""
        return polling.as_json(self.request, {"html": html})

    def __call__(self):
        if not self.may(SEE):
            raise Unauthorized(VIEW_PROCESSES)
        return super().__call__()

    def may(self, action, process=None):
        is_own = process is not None and process.owner == current_owner()
        return is_own or self.allowed[action]

    @cached_property
    def allowed(self):
        """Whether the user may do each of the PERMISSIONS to all."""
        return {action: may(action, self.context) for action in PERMISSIONS}

    def page(self):
        """Return the list, or the details of one process."""
        if self.number_asked is None or self.question is not None:
            return self.index()
        part = short_number(self.number_asked)
        if part and len(part) < ID_CHARS:
            url = self.url_with(number=part, before=self._bound_of(part))
            return self.request.response.redirect(url)
        try:
            self.details = Row(self.process(self.number_asked), self)
        except NoSuchProcessError as exc:
            status, self.problem = refusal_of(exc, NUMBER_WORDS)
            self.request.response.setStatus(status)
        return self.index()

    def _bound_of(self, part):
        """Return an id behind which are those that begin with this part.

        None if there are none: then it is the end of a number.
        """
        highest = part + HIGHEST_ID[len(part) :]
        newest = next(self.registry.newest_ids(before=highest), "")
        return highest if newest.startswith(part) else None

    def link_of(self, row):
        return row.details_url

    @property
    def scope(self):
        return Query(path=self.site_path)

    @property
    def query(self):
        state, user = self.text_of("state"), self.text_of("user")
        return Query(
            path=self.site_path,
            user_id=user and self._user_id(user),
            view_name=self.text_of("view"),
            states=(state,) if state in interfaces.STATES else (),
            since=self.search.since,
            until=self.search.until,
            where=self.search.where,
        )

    @cached_property
    def search(self):
        """The Search for what the form asks for."""
        return Search(self)

    def in_order(self, found):
        if self.search.order is None:
            return found
        processes = self.registry.readable(found.ids)
        ids = [process.id for process in self.search.sorted(processes)]
        return found._replace(ids=ids)

    @property
    def shows_newest(self):
        return self.search.order is None and super().shows_newest

    def _user_id(self, name):
        """Return the id of the user with that login name, or the name."""
        folder = getattr(self.context, "acl_users", None)
        user = folder and folder.getUser(name)
        return user.getId() or name if user else name

    def _release_held(self):
        done = release_held(self.scope, HELD_MOST)
        return {"done": "release-held" if done.is_all else "release-some"}

    def _drop_held(self):
        done = drop_held(self.scope, HELD_MOST)
        return {"done": "drop-held" if done.is_all else "remove-some"}

    def _change(self):
        form = self.request.form
        if any(each in form for each in DECISIONS) and not form.get("sure"):
            return self.message_page(400, NOT_SURE)
        return super()._change()

    buttons = {
        **Listing.buttons,
        **QueueButtons.buttons,
        "release-held": _release_held,
        "drop-held": _drop_held,
    }

    # What is held

    @cached_property
    def held(self):
        """What is Held of this site."""
        return held_of(self.registry, self.scope)

    @property
    def held_count(self):
        """How many these are, as text; with a plus for more."""
        return f"{self.held.count}{'' if self.held.is_all else '+'}"

    @property
    def held_in(self):
        """Names of the deployments in which they were queued, as text."""
        return ", ".join(name or NO_NAME for name in self.held.deployments)

    @property
    def deployment(self):
        """Name of this one, as text."""
        return this_deployment() or NO_NAME

    # Filters

    @property
    def is_filtered(self):
        """Whether the form asks for some processes only."""
        filters = any(map(self.text_of, ("state", "user", "view")))
        return filters or self.search.is_any

    @property
    def states(self):
        """List of (state, text, whether it is asked for)."""
        asked = self.text_of("state")
        return [(each, text, each == asked) for each, text in STATES.items()]

    @property
    def orders(self):
        """List of (name, text, whether it is asked for)."""
        asked = self.search.order
        return [(n, text, n == asked) for n, text in texts.ORDERS.items()]

    @property
    def user_asked(self):
        return self.text_of("user")

    @property
    def number_asked(self):
        number = self.text_of("process_id")
        # What is pasted often brings spaces, or the dots that rows have.
        return number and number.strip(f"{string.whitespace}….") or None

    @property
    def views(self):
        """List of (name, text, whether it is asked for), by name."""
        asked = self.text_of("view")
        titles = {
            name: text_for(self.request, title)
            for name, title in views_for(self.request).items()
        }
        if asked is not None:
            titles.setdefault(asked, asked)
        pairs = sorted(told_apart(titles).items())
        return [(name, title, name == asked) for name, title in pairs]

    # What runs them

    @cached_property
    def active(self):
        """What waits and runs in the database."""
        return active_of(self.registry)

    @cached_property
    def _now(self):
        return time.time()

    @property
    def now(self):
        """When `active` was looked at, as text: scripts do not renew it."""
        return self.time_of(self._now)

    @property
    def now_iso(self):
        return iso_time(self._now)

    @property
    def oldest(self):
        """How long the first in the queue waits."""
        oldest = self.active.oldest
        return oldest and ago(oldest)

    @property
    def workers(self):
        """List of WorkerRow."""
        return [WorkerRow(worker, self) for worker in self.registry.workers()]
