"""The page of a view that has none of its own: its title, and a button."""

from Products.Five import BrowserView

from netsight.async_.browser.pages import Framed


START_PAGE = "netsight.async.start"
"""Name of the view, on any context, that has the button."""


class StartPage(Framed, BrowserView):
    """Has a form that POSTs to an async view, without any field.

    What the address of the view has in its query is not sent along: a link
    from elsewhere must not choose what a process is to do.
    """

    def __call__(self, process_view, title):
        """Render for an async view and its title, a text or message id."""
        self.title = title
        return self.index(url=process_view.async_view_url)
