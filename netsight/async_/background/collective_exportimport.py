"""Exports and imports of collective.exportimport, where that is installed."""

from collective.exportimport.export_content import ExportContent
from collective.exportimport.import_content import ImportContent
from Products.CMFCore.utils import getToolByName

from netsight.async_.background.counting import is_in_background
from netsight.async_.background.counting import is_site_in_background
from netsight.async_.browser.in_background import in_background
from netsight.async_.running.work import current_process


BUTTON = "form.submitted"


def is_much_exported(view):
    """Tell whether an export is to be made in the background."""
    return is_site_in_background("export", view.context)


def is_much_imported(view):
    """Tell whether an import is to be made in the background.

    What a file has is known when it is read to its end, and not before: so
    each import is much that is made of files.
    """
    form = view.request.form
    names = ("jsonfile", "server_file", "server_directory")
    return any(form.get(name) for name in names) and is_in_background(
        "import", lambda: float("inf")
    )


class AsyncExport(
    in_background(
        ExportContent,
        button=BUTTON,
        when=is_much_exported,
        cancellable=True,
        single="user",
    )
):
    """Exports objects, and tells how far it is."""

    def export_content(self):
        """Yield what the base class yields."""
        catalog = getToolByName(self.context, "portal_catalog")
        found = catalog.unrestrictedSearchResults(**self.build_query())
        return current_process().track(super().export_content(), len(found))


class AsyncImport(
    in_background(
        ImportContent, button=BUTTON, when=is_much_imported, single="context"
    )
):
    """Imports objects, and tells how many are done.

    It commits what it has done, and so it cannot be cancelled.
    """

    def do_import(self, data):
        """Return what the base class returns."""
        return super().do_import(current_process().track(data))
