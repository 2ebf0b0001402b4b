"""What all lists of processes have in common: what they find and show."""

import json
from contextlib import suppress
from functools import cached_property
from urllib.parse import urlencode

from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from zope.i18n import translate
from zope.i18nmessageid import Message

from netsight.async_.answers.fields import is_process_id
from netsight.async_.answers.fields import number_of
from netsight.async_.answers.fields import uuid_of
from netsight.async_.browser.lists import batching
from netsight.async_.browser.lists import polling
from netsight.async_.browser.lists import texts
from netsight.async_.browser.lists.buttons import Buttons
from netsight.async_.browser.lists.rows import Row
from netsight.async_.browser.pages import Framed
from netsight.async_.browser.question import Asked
from netsight.async_.browser.times import local_time
from netsight.async_.context import site_of
from netsight.async_.exceptions import NewerFormatError
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.queries import SCAN_MOST
from netsight.async_.queries import find
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.owners import find_user


PAGE_SIZE = 20
"""Rows of one page."""


class Listing(Buttons, Framed, Asked):
    """A list for somebody who is logged in."""

    parts = ViewPageTemplateFile("templates/macros.pt")
    rows_html = ViewPageTemplateFile("templates/rows.pt")

    kept_fields = ("before",)
    """Fields of the form that links and buttons keep."""

    page_size = PAGE_SIZE
    shows_users = False
    scan_most = SCAN_MOST

    @property
    def macros(self):
        """What the templates of all lists are made of."""
        return self.parts.macros

    @property
    def page_title(self):
        return self.title

    # For subclasses

    @property
    def scope(self):
        """The Query for all that this list is about."""
        raise NotImplementedError

    @property
    def query(self):
        """The Query for what is asked for, within `scope`."""
        return self.scope

    def page(self):
        """Return the page."""
        return self.index()

    def link_of(self, row):
        """Return where the title of a Row leads to."""
        return row.page_url

    def place_of(self, row):
        """Return the path of a Row's view within the site."""
        return row.view_path.removeprefix(self.site_path)

    # The form

    def text_of(self, field):
        """Return a short text of the form, None for none or an odd one."""
        value = self.request.form.get(field)
        return value if is_process_id(value) else None

    @property
    def kept(self):
        """List of (name, value) of the fields that are kept, and the page."""
        pairs = [(name, self.text_of(name)) for name in self.kept_fields]
        start = number_of(self.request.form.get("b_start"))
        pairs.append(("b_start", str(start) if start else None))
        return [(name, value) for name, value in pairs if value is not None]

    def url_with(self, **fields):
        """Return the URL of this view with the kept fields and these.

        One that is None is left out.
        """
        fields = {**dict(self.kept), **fields}
        fields = {name: value for name, value in fields.items() if value}
        query = urlencode(fields)
        return f"{self.url}?{query}" if query else self.url

    @property
    def url(self):
        return f"{self.context.absolute_url()}/@@{self.__name__}"

    @property
    def done(self):
        """The sentence after a button, or None."""
        sentence = texts.DONE.get(self.text_of("done"))
        mapping = {
            "count": number_of(self.request.form.get("count")),
            "number": uuid_of(self.text_of("which")) or "",
        }
        return sentence and Message(sentence, mapping=mapping)

    @property
    def done_color(self):
        """Name of Bootstrap's colour for that sentence."""
        is_nothing = self.text_of("done") in texts.NOTHING_DONE
        return "warning" if is_nothing else "success"

    @property
    def has_more(self):
        """Whether the last button has not looked at all that there is."""
        return self.text_of("more") is not None

    @property
    def new_url(self):
        """Of the page of what was started again; None if nothing was."""
        new = self.text_of("new")
        with suppress(NoSuchProcessError, NewerFormatError):
            return Row(self.process(new), self).page_url
        return None

    is_filtered = False
    """Whether the form asks for some processes only."""

    @property
    def found_count(self):
        """How many were found, as text; with a plus for more."""
        plus = "" if self.found.go_on is None else "+"
        return f"{len(self.found.ids)}{plus}"

    @property
    def script_texts(self):
        """JSON of what the script says, by name."""
        return json.dumps(
            {
                name: translate(text, context=self.request)
                for name, text in texts.SCRIPT.items()
            }
        )

    # What is found

    @property
    def shows_newest(self):
        """Whether what is started now comes into this page, at its top."""
        first = number_of(self.request.form.get("b_start")) == 0
        return first and self.text_of("before") is None

    def poll(self):
        """Return what has changed of this page, for its script."""
        return polling.as_json(self.request, polling.Poll(self).answer())

    def note_told(self, rows):
        """The visitor is told by a poll how these Rows have changed."""

    @property
    def root(self):
        return application_of(self.context)

    @property
    def registry(self):
        return query_registry(self.root)

    @property
    def site_path(self):
        """Physical path of the nearest site; empty for the root."""
        site = site_of(self.context) or self.root
        return "/".join(site.getPhysicalPath())

    @cached_property
    def found(self):
        """What is Found of the query, in the order of the list."""
        found = find(self.registry, self.query, self.text_of("before"))
        return self.in_order(found)

    def in_order(self, found):
        """Return a Found as it is to be shown."""
        return found

    @cached_property
    def rows(self):
        """List of the Rows of this page."""
        begin = self.start
        ids = self.found.ids[begin : begin + PAGE_SIZE]
        return [Row(process, self) for process in self.registry.readable(ids)]

    @cached_property
    def names(self):
        """Names of Owners that have been looked up."""
        return {}

    def time_of(self, when):
        """Return a POSIX time as text."""
        return local_time(self.context, self.request, when)

    def name_of(self, owner):
        """Return the login name of an Owner, or the id of one who is gone."""
        if owner not in self.names:
            user = None if owner.is_anonymous else find_user(self.root, owner)
            self.names[owner] = user.getUserName() if user else owner.user_id
        return self.names[owner]

    # Pages

    @property
    def start(self):
        """Number of the first row in what is found."""
        number = number_of(self.request.form.get("b_start"))
        return number if number < len(self.found.ids) else 0

    @property
    def navigation(self):
        """Plone's batch navigation as HTML, None without Plone."""
        return batching.navigation(
            self, self.found.ids, PAGE_SIZE, self.start, self.kept_fields
        )

    @property
    def newer_url(self):
        if not self.start:
            return None
        return self.url_with(b_start=max(0, self.start - PAGE_SIZE))

    @property
    def older_url(self):
        behind = self.start + PAGE_SIZE
        if behind >= len(self.found.ids):
            return None
        return self.url_with(b_start=behind)

    @property
    def behind_url(self):
        """Where is what new rows push off a page that is the only one now.

        None for any other page: it has a navigation.
        """
        if self.older_url or not self.shows_newest:
            return None
        return self.url_with(b_start=PAGE_SIZE)

    @property
    def go_on_url(self):
        """Where to look at processes older than those looked at; or None."""
        go_on = self.found.go_on
        return go_on and self.url_with(before=go_on, b_start=None)

    @property
    def newest_url(self):
        """Where to begin anew, None if this is the beginning."""
        if self.text_of("before") is None:
            return None
        return self.url_with(before=None, b_start=None)
