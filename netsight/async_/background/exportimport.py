"""The content of a site as a file, and back, by plone.exportimport."""

import os
import shutil
import tempfile
from pathlib import Path
from zipfile import BadZipFile
from zipfile import ZipFile

from plone.exportimport.exporters import get_exporter
from plone.exportimport.importers import get_importer
from plone.exportimport.utils.zip_utils import export_to_zip
from plone.exportimport.utils.zip_utils import import_from_zip
from Products.statusmessages.interfaces import IStatusMessage
from ZPublisher.Iterators import filestream_iterator

from netsight.async_.background.actions import ACTIONS
from netsight.async_.background.actions import led_to_settings
from netsight.async_.background.counting import is_in_background
from netsight.async_.background.counting import is_site_in_background
from netsight.async_.background.ticks import Ticks
from netsight.async_.browser.view import BaseAsyncView
from netsight.async_.i18n import _


CONTENT = "content"
"""Name of what exports, and of what imports, the objects themselves."""

OBJECT_FILE = "/data.json"
"""Ends the names of the files that have one object each."""

PREFIX = "netsight.async."
"""Of the names of temporary folders."""

NO_ZIP = _(
    "import_no_zip",
    default="Nothing was imported: that is no ZIP file of an export.",
)


class ExportView(BaseAsyncView):
    """A ZIP file with the content, users, redirects and so on of a site."""

    title = ACTIONS["export"]
    cancellable = True
    single = "user"

    def run_process(self):
        """Return True for a POST where the site has many objects."""
        return super().run_process() and is_site_in_background(
            "export", self.context
        )

    def initial_page(self):
        """Export at once, if the form was sent; else lead to the form."""
        if self.request.method == "POST":
            return self.__run__()
        return led_to_settings(self)

    def __run__(self, process_id=None):
        with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
            return self.packed(self.exported(Path(folder) / "export"), folder)

    def exported(self, path):
        """Write all files below a path; return it."""
        path.mkdir()
        exporter = get_exporter(self.context)
        total = len(self.context.portal_catalog)
        ticks = Ticks(total, self.context._p_jar.cacheGC)

        def reach(item, config):
            ticks.next()
            return item

        named(exporter.exporters, CONTENT).obj_hooks = [reach]
        exporter.export_site(path)
        return path

    def packed(self, path, folder):
        """Return an iterator over a ZIP file of what is below a path."""
        zip_path = os.path.join(folder, "export.zip")
        with open(zip_path, "w+b") as output:
            export_to_zip(path, output)
        response = self.request.response
        response.setHeader("Content-Type", "application/zip")
        response.setHeader(
            "Content-Disposition", 'attachment; filename="plone_export.zip"'
        )
        response.setHeader("Content-Length", str(os.path.getsize(zip_path)))
        return filestream_iterator(zip_path, "rb")


class ImportView(BaseAsyncView):
    """Puts into a site what was exported from one.

    All of it is one transaction, as long as it may be.
    """

    title = ACTIONS["import"]
    cancellable = True
    single = "context"

    def run_process(self):
        """Return True if an export with many objects was sent."""
        return super().run_process() and is_in_background(
            "import", lambda: self.count or 0
        )

    @property
    def count(self):
        """How many objects the file has, None if there is no such file."""
        file = self.request.form.get("file")
        if not getattr(file, "filename", None):
            return None
        try:
            with ZipFile(file) as names:
                return sum(n.endswith(OBJECT_FILE) for n in names.namelist())
        except BadZipFile:
            return None
        finally:
            file.seek(0)

    def initial_page(self):
        """Import at once, if a file was sent; else lead to the form."""
        if self.request.method == "POST":
            if self.count is not None:
                return self.__run__()
            IStatusMessage(self.request).add(NO_ZIP, type="error")
        return led_to_settings(self)

    def __run__(self, process_id=None):
        count = self.count
        path = import_from_zip(self.request.form["file"])
        try:
            importer = self.imported(path, count)
        finally:
            shutil.rmtree(path)
        self.tell(importer, count)
        return led_to_settings(self)

    def imported(self, path, count):
        """Import what is below a path; return the importer."""
        importer = get_importer(self.context)
        # Each object is made, and at last all of the site are looked at.
        ticks = Ticks(2 * count + len(self.context.portal_catalog))

        def reach(*args):
            ticks.next()
            return args[-1]

        for name in (CONTENT, "final"):
            named(importer.importers, name).obj_hooks = [reach]
        for each in importer.importers.values():
            each.intermediate_commits = False
        importer.import_site(path)
        return importer

    def tell(self, importer, count):
        """Have the next page tell what became of it."""
        failed = len(importer.incomplete)
        messages = IStatusMessage(self.request)
        messages.add(
            _(
                "import_done",
                default="Objects imported: ${count}.",
                mapping={"count": count},
            )
        )
        if failed:
            text = _(
                "import_incomplete",
                default="Some values of ${count} objects could not be "
                "imported; the log says which.",
                mapping={"count": failed},
            )
            messages.add(text, type="warning")


def named(parts, name):
    """Return that one of the parts of plone.exportimport."""
    return next(
        part for key, part in parts.items() if key.split(".")[-1] == name
    )
