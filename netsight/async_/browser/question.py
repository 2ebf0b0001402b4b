"""What is asked before something is destroyed (WCAG 2.2, 3.3.4).

The server asks, so that nothing depends on scripts: a POST without the field
`sure` is answered with a question, whose form sends the same again, with it.
Where there is a script, it asks for the question first, and shows it in a
dialog.
"""

from typing import NamedTuple

from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from zope.i18n import translate
from zope.i18nmessageid import Message

from netsight.async_ import interfaces
from netsight.async_.answers.negotiate import is_program
from netsight.async_.answers.status import elapsed
from netsight.async_.browser.pages import Framed
from netsight.async_.browser.times import clock
from netsight.async_.i18n import _


SURE = "sure"
"""Field of whoever has been asked, or need not be."""

ASK = "ask"
"""Field of a script that wants the question only, and nothing changed."""

WORKED_SECONDS = 10
"""Whoever has worked for longer is not stopped without a question."""


NOTHING = "nothing to ask"
"""What a script is answered whose form can be sent as it is."""


class Question(NamedTuple):
    """What is asked, and what is sent by the answer Yes.

    All texts are message ids.
    """

    title: str
    text: str
    yes: str
    no: str
    url: str
    """Where the form is sent to."""

    back_url: str
    """Where it says No."""

    fields: tuple
    """Pairs (name, value) of the form, beside SURE."""


class Asked(BrowserView):
    """Gives a page the form of its `question`."""

    question_parts = ViewPageTemplateFile("templates/question_macros.pt")

    question = None
    """The Question to ask, if there is one."""

    is_question_page = False
    """Whether there is nothing else on the page."""

    @property
    def question_macros(self):
        """What asks, for templates."""
        return self.question_parts.macros


class QuestionPage(Framed, Asked):
    """Asks a Question."""

    is_question_page = True

    @property
    def page_title(self):
        return self.question.title

    def __call__(self, question):
        self.question = question
        return self.index()


def is_asked(request):
    """Tell whether whoever sends a request may have to be asked first.

    Programs never are.
    """
    return not request.form.get(SURE) and not is_program(request)


def wants_question(request):
    """Tell whether a script wants to know the question, if there is any."""
    return bool(request.form.get(ASK)) and is_asked(request)


def no_question(request):
    """Answer a script that there is nothing to ask."""
    request.response.setHeader("Content-Type", "text/plain")
    return NOTHING


def stop_question(process, request, url, back_url, fields=()):
    """Return the Question before a process is cancelled; None if none is due.

    A running one that has worked for WORKED_SECONDS is worth one.
    """
    is_running = process.state == interfaces.RUNNING
    if not process.cancellable or not is_running or process.is_cancelling:
        return None
    if elapsed(process) <= WORKED_SECONDS:
        return None
    text = _(
        "question_stop_text",
        default="“${title}” has worked for ${time}. What it has not finished "
        "is undone.",
        mapping={
            "title": text_for(request, process.title),
            "time": clock(elapsed(process)),
        },
    )
    return Question(
        title=_("question_stop", default="Stop this process?"),
        text=text,
        yes=_("button_stop", default="Stop the process"),
        no=_("button_go_on", default="Let it go on"),
        url=url,
        back_url=back_url,
        fields=fields,
    )


def text_for(request, text):
    """Return a text or message id as a text for a request."""
    if isinstance(text, Message):
        return translate(text, context=request)
    return text
