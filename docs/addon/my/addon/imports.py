from netsight.async_ import BaseAsyncView
from plone import api


class Import(BaseAsyncView):
    """Makes a page for each line of an uploaded file."""

    title = "Pages from a text file"

    def __run__(self, process_id=None):
        titles = self.request.form["file"].read().decode().splitlines()
        for number, title in enumerate(titles, 1):
            api.content.create(
                container=self.context, type="Document", title=title
            )
            self.set_progress(
                process_id,
                100 * number / len(titles),
                f"Importing {number} of {len(titles)}",
            )
        api.portal.show_message(f"Pages made: {len(titles)}.", self.request)
        return self.request.response.redirect(self.context.absolute_url())
