"""What our answers ask of the view that gives them."""

from zope.interface import Attribute
from zope.interface import Interface


class IRefusing(Interface):
    """Whatever can tell a client that a request is refused.

    An async view, a list with buttons, a service of plone.restapi.
    """

    context = Attribute("Any content object.")
    request = Attribute("The request that is answered.")
    async_view_path = Attribute(
        "Physical path (str) of the context, '/', name: for the log."
    )

    def message_page(status, sentence, back_url=None):
        """Set the HTTP status (int), and return a body with a message id.

        Where the body is a page, it links to `back_url` (str), by default to
        the view itself.
        """


class IProcessView(IRefusing):
    """A view that processes belong to, and that shows them.

    `BaseAsyncView` is one.  Its subclasses may override what is declared
    here to answer in another way, as `netsight.async_.rest.AsyncService`.
    """

    is_for_program = Attribute(
        "Whether this request is answered with JSON, and 202 for a start."
    )
    async_view_url = Attribute("URL (str) of the view, as seen from outside.")

    def process_url(subview, process_id):
        """Return the URL (str) of a sub-view, as "result", for a process."""

    def lasting_url(subview, process_id):
        """Return a URL (str) of the same that needs no context.

        It is for owners and managers, wherever the view is, or has been.
        """

    def get_process(process_id=None):
        """Return the IProcess with that id (str), or with the request's.

        Raises NoSuchProcessError for any that is not of this view and
        context, or is not for this visitor.
        """

    def status_of(process):
        """Return what programs are told of an IProcess, a plain dict."""

    def ended_page(process_id):
        """Return the body that says why a process has no result."""
