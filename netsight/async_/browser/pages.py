"""What our pages share; the pages for an end without result, and a refusal."""

from urllib.parse import urlencode

from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from zope.component import queryMultiAdapter
from zope.i18n import translate
from zope.i18nmessageid import Message
from zope.interface import Attribute
from zope.interface import Interface
from zope.interface import implementer

from netsight.async_ import interfaces
from netsight.async_.answers.sentences import STATE_TITLES
from netsight.async_.answers.sentences import told_of
from netsight.async_.answers.status import iso_time
from netsight.async_.answers.views import may_do
from netsight.async_.browser.times import zoned_time
from netsight.async_.context import site_of
from netsight.async_.i18n import _
from netsight.async_.interfaces import IAsyncView
from netsight.async_.records.database import application_of
from netsight.async_.records.database import is_read_only
from netsight.async_.records.owners import CONTROL
from netsight.async_.records.owners import SEE
from netsight.async_.records.owners import current_owner
from netsight.async_.records.owners import may
from netsight.async_.running.monitor import monitor


class IFramed(Interface):
    """A page of ours, in whichever frame."""

    window_title = Attribute("Text that says what the page is about.")


@implementer(IFramed)
class Framed:
    """Gives a view's template the site's frame, or a plain one."""

    plain = ViewPageTemplateFile("templates/plain.pt")

    @property
    def page_title(self):
        """What is above the page, a text or message id.

        The title of the view, or its name, if a subclass says nothing else.
        """
        return getattr(self, "title", None) or self.__name__

    @property
    def titles(self):
        """What the title of the window has of the page, the first first."""
        return (self.page_title,)

    @property
    def window_title(self):
        """The titles in one, translated."""
        return " – ".join(
            translate(each, context=self.request) for each in self.titles
        )

    @property
    def frame(self):
        """The macro to fill: `main_template` in a site, ours elsewhere."""
        site = site_of(self.context)
        if site is not None:
            template = queryMultiAdapter(
                (self.context, self.request), name="main_template"
            )
            if template is None:
                template = getattr(site, "main_template", None)
            if template is not None:
                return template.macros["master"]
        return self.plain.macros["master"]

    @property
    def resources_url(self):
        """URL of our scripts, styles and images."""
        root = site_of(self.context) or application_of(self.context)
        return f"{root.absolute_url()}/++resource++netsight.async"

    def login_url_for(self, url):
        """URL of the site's login form that leads to `url`; None on Zope."""
        site = site_of(self.context)
        query = urlencode({"came_from": url})
        return site and f"{site.absolute_url()}/login?{query}"


class Page(Framed, BrowserView):
    """A page about one process."""

    def __call__(self, process_id=None, process_view=None, **options):
        """Render for a process of an async view."""
        self.process_id = process_id
        self.process_view = process_view
        self.process = process_view.get_process(process_id)
        return self.index(process_id=process_id, **options)


class LoggedPage(Page):
    """A page that shows what a process has logged."""

    @property
    def log(self):
        """The last lines, as one text; None if there are none."""
        return shown_log(self.process, self.request)

    @property
    def log_url(self):
        """Where all of them can be had."""
        return self.process_view.process_url("process-log", self.process_id)


def shown_log(process, request):
    """Return the last lines that a process has logged as one text, or None."""
    lines = process.log.last().lines
    if not lines:
        return None
    return "\n".join(
        translate(line, context=request) if isinstance(line, Message) else line
        for _when, line in lines
    )


class EndedPage(LoggedPage):
    """Tells that there is no result; managers see the cause."""

    def __call__(self, *args, **kwargs):
        page = super().__call__(*args, **kwargs)
        owner = self.process.owner
        is_owners = not owner.is_anonymous and owner == current_owner()
        root = application_of(self.context)
        if is_owners and not is_read_only(root):
            # By another thread: a GET writes nothing.
            monitor.note_fetched(self.process.id)
        return page

    @property
    def page_title(self):
        """The message id that names the state."""
        return STATE_TITLES[self.process.state]

    @property
    def title(self):
        """Title of the process, a text or message id."""
        return self.process.title

    @property
    def titles(self):
        return (self.page_title, self.title)

    @property
    def level(self):
        """What Bootstrap calls the kind of such an alert."""
        failed = self.process.state == interfaces.FAILED
        return "danger" if failed else "warning"

    @property
    def expires(self):
        """Until when this page is kept, as text."""
        when = self.process.expires
        return zoned_time(self.context, self.request, when)

    @property
    def expires_iso(self):
        """The same in ISO 8601."""
        return iso_time(self.process.expires)

    @property
    def has_reference(self):
        """Whether there is something that an administrator may look up."""
        return self.process.state != interfaces.CANCELLED

    @property
    def sentence(self):
        """What says what happened, a text or message id."""
        return told_of(self.process)

    @property
    def has_reason(self):
        """Whether that is a reason of the process itself."""
        return self.process.reason is not None

    @property
    def error(self):
        """The Error of a failed process; None for most but managers."""
        return self.process.error if may(SEE, self.context) else None

    @property
    def again_url(self):
        """Where a form lets it run again; None if it cannot."""
        root = application_of(self.context)
        is_allowed = may_do(CONTROL, self.process, root)
        if not (is_allowed and self.process.may_run_again):
            return None
        return self.process_view.process_url("process-again", self.process_id)

    @property
    def view_url(self):
        """Where to start again; None if the view is not there any more."""
        is_view = IAsyncView.providedBy(self.process_view)
        return self.process_view.async_view_url if is_view else None


NOT_POSSIBLE = _("message_title", default="This is not possible")

TITLES = {
    404: _("waiting_gone", default="Not found"),
    410: _("title_expired", default="Expired"),
}
"""Of the pages with a sentence, by HTTP status; all others are not possible.
"""


class MessagePage(Framed, BrowserView):
    """Tells a visitor in one sentence why something was refused."""

    @property
    def page_title(self):
        """What the page is about, a message id."""
        status = self.request.response.getStatus()
        return TITLES.get(status, NOT_POSSIBLE)

    @property
    def login_url(self):
        """Where to log in, for who may not be known any more; else None."""
        not_found = self.request.response.getStatus() == 404
        if not_found and current_owner().is_anonymous:
            query = self.request.get("QUERY_STRING", "")
            return self.login_url_for(f"{self.request['URL']}?{query}")
        return None
