"""The title of the window for our pages in a Plone site."""

from html import escape

from plone.app.layout.viewlets.common import TitleViewlet


class WindowTitle(TitleViewlet):
    """What the page is about, then the title of the site.

    Plone itself names the context, whatever its view shows.
    """

    sep = " – "

    @property
    def page_title(self):
        return escape(self.view.window_title, quote=False)

    def update(self):
        self.site_title = self.sep.join(
            [self.page_title, self.site_title_setting]
        )
