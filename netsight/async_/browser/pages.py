"""The waiting page, and the page of a process without a result."""

from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from zope.component import queryMultiAdapter
from zope.i18n import translate
from zope.i18nmessageid import MessageFactory

from netsight.async_ import interfaces
from netsight.async_.browser.status import shown_progress
from netsight.async_.config import I18N_DOMAIN
from netsight.async_.identity import may_manage
from netsight.async_.site import site_of


_ = MessageFactory(I18N_DOMAIN)

POLL_SECONDS = 1
REFRESH_SECONDS = 5
"""How often the page looks, with and without JavaScript."""


class Framed:
    """Gives a view's template the site's frame, or a plain one."""

    plain = ViewPageTemplateFile("templates/plain.pt")

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
        root = site_of(self.context) or self.context.getPhysicalRoot()
        return f"{root.absolute_url()}/++resource++netsight.async"


class Page(Framed, BrowserView):
    """A page about one process."""

    def __call__(self, process_id=None, process_view=None, **options):
        """Render for a process of an async view."""
        self.process_id = process_id
        self.process_view = process_view
        self.process = process_view._get_process(process_id)
        return self.index(process_id=process_id, **options)


class ProcessingPage(Page):
    """Waits for a process: by script, or by refresh without scripts."""

    poll_seconds = POLL_SECONDS
    refresh_seconds = REFRESH_SECONDS

    @property
    def progress(self):
        """Number to show, or None."""
        return shown_progress(self.process)

    @property
    def progress_text(self):
        """The message id for `progress`."""
        return _(
            "percentage_completion",
            default="${percentage}% completed...",
            mapping={"percentage": self.progress or 0},
        )

    @property
    def progress_pattern(self):
        """The translated text with "#" for the number, for the script."""
        pattern = _(
            "percentage_completion",
            default="${percentage}% completed...",
            mapping={"percentage": "#"},
        )
        return translate(pattern, context=self.request)

    @property
    def title(self):
        """Title of the process, a text or message id."""
        return self.process.title

    @property
    def message(self):
        return self.process.message

    @property
    def may_cancel(self):
        """Whether there is a Cancel button."""
        return self.process.cancellable

    def url_of(self, subview):
        """URL of `processing`, `process-status` or `result`."""
        return self.process_view.process_url(subview, self.process_id)


class EndedPage(Page):
    """Tells that there is no result; managers see the cause."""

    @property
    def sentence(self):
        """The message id that says what happened."""
        return sentence_of(self.process)

    @property
    def error(self):
        """The Error of a failed process, for managers; else None."""
        return self.process.error if may_manage(self.context) else None

    @property
    def view_url(self):
        """Where to start again."""
        return self.process_view.async_view_url


class MessagePage(Framed, BrowserView):
    """Tells a visitor in one sentence why something was refused."""


UNDONE = _(
    "sentence_undone",
    default="An administrator has undone this process in the database. There "
    "is no result any more.",
)

SENTENCES = {
    interfaces.FAILED: _(
        "sentence_failed",
        default="Something went wrong. What was not finished has been undone. "
        "The administrators of this site can find the cause by the number "
        "below.",
    ),
    interfaces.CANCELLED: _(
        "sentence_cancelled",
        default="The process was cancelled. What was not finished has been "
        "undone.",
    ),
    interfaces.LOST: _(
        "sentence_lost",
        default="The server stopped while the process was running. What was "
        "not finished has been undone. Please start it again.",
    ),
}


def sentence_of(process):
    """Return the message id that says why a process has no result."""
    return UNDONE if process.is_undone else SENTENCES[process.state]
