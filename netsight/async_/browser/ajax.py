"""Has the buttons of folder contents wait for views in the background."""

from html import escape

from plone.app.layout.viewlets import ViewletBase


class AjaxViewlet(ViewletBase):
    """The script for that."""

    def render(self):
        resources = "++resource++netsight.async.js"
        url = escape(f"{self.site_url}/{resources}/ajax.js", quote=True)
        return f'<script type="module" src="{url}"></script>'
