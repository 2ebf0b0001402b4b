"""Views that a newcomer can click on; docs/tutorial.rst explains them."""

import csv
import io
import time
from contextlib import suppress

from AccessControl.security import checkPermission
from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile
from zExceptions import BadRequest

from netsight.async_ import BaseAsyncView
from netsight.async_.browser.pages import Framed
from netsight.async_.i18n import _


ADD_CONTENT = "netsight.async.examples.Add"
"""Id of the permission that the import example asks for."""

LARGEST_FIBONACCI = 100_000
LONGEST_SECONDS = 600


class Examples(Framed, BrowserView):
    """Lists the examples, with a form for each."""

    page_title = _("examples_title", default="Examples of background work")

    @property
    def may_add(self):
        """Whether the visitor may use the import example."""
        return bool(checkPermission(ADD_CONTENT, self.context))


def whole_number(form, name, low, high):
    """Return the number in a form field; raises BadRequest."""
    number = None
    with suppress(TypeError, ValueError):
        number = int(form.get(name))
    if number is None or not low <= number <= high:
        raise BadRequest(f"{name} must be a number from {low} to {high}")
    return number


class Example(Framed, BaseAsyncView):
    """Has its form on the page that lists the examples."""

    result_page = ViewPageTemplateFile("templates/result.pt")

    def initial_page(self):
        """Lead to the form."""
        url = f"{self.context.absolute_url()}/@@async-examples"
        return self.request.response.redirect(url)


class Fibonacci(Example):
    """The n-th Fibonacci number, with progress."""

    title = _("example_fibonacci", default="A Fibonacci number")

    def __run__(self, process_id=None):
        n = whole_number(self.request.form, "n", 0, LARGEST_FIBONACCI)
        a, b = 0, 1
        for i in range(n):
            a, b = b, a + b
            self.set_progress(process_id, 100 * i / n)
        number = f"{a:x}"
        sentence = _(
            "example_fibonacci_result",
            default="Number ${n} has ${digits} hexadecimal digits:",
            mapping={"n": n, "digits": len(number)},
        )
        return self.result_page(sentence=sentence, number=number)


class Export(Example):
    """The content of a site or folder, as a CSV file to download."""

    title = _("example_export", default="The content as a CSV file")

    def __run__(self, process_id=None):
        rows = self.rows()
        output = io.StringIO()
        writer = csv.writer(output)
        writer.writerow(["path", "type", "title"])
        for number, row in enumerate(rows):
            writer.writerow(row)
            self.set_progress(process_id, 100 * number / len(rows))
        response = self.request.response
        response.setHeader("Content-Type", "text/csv; charset=utf-8")
        response.setHeader(
            "Content-Disposition", "attachment; filename=content.csv"
        )
        return output.getvalue()

    def rows(self):
        """Return path, type and title of what is here."""
        catalog = getattr(self.context, "portal_catalog", None)
        if catalog is None:
            return [
                (item.absolute_url_path(), item.meta_type, item.title_or_id())
                for item in self.context.objectValues()
            ]
        path = "/".join(self.context.getPhysicalPath())
        return [
            (brain.getPath(), brain.portal_type, brain.Title)
            for brain in catalog(path=path, sort_on="path")
        ]


class Import(Example):
    """Creates a page for each line of an uploaded text file."""

    title = _("example_import", default="Pages from a text file")

    def __run__(self, process_id=None):
        upload = self.request.form.get("file")
        if not upload:
            raise BadRequest("file is missing")
        titles = upload.read().decode("utf-8").splitlines()
        for number, title in enumerate(titles, 1):
            self.create(title)
            self.set_progress(
                process_id,
                100 * number / len(titles),
                _(
                    "example_importing",
                    default="Importing ${number} of ${total}",
                    mapping={"number": number, "total": len(titles)},
                ),
            )
        return self.request.response.redirect(self.context.absolute_url())

    def create(self, title):
        """Add one page to the context."""
        try:
            from plone.dexterity.utils import createContentInContainer
        except ImportError:
            self.context.manage_addFolder(title.replace(" ", "-"), title)
        else:
            createContentInContainer(self.context, "Document", title=title)


class Failing(Example):
    """Raises an error halfway."""

    title = _("example_failing", default="One that fails")

    def __run__(self, process_id=None):
        self.set_progress(process_id, 50)
        raise ValueError("This example always fails.")


class Slow(Example):
    """Sleeps some seconds; may be cancelled."""

    title = _("example_slow", default="A slow one")
    cancellable = True

    def __run__(self, process_id=None):
        seconds = whole_number(
            self.request.form, "seconds", 1, LONGEST_SECONDS
        )
        for _second in self.track(range(seconds)):
            time.sleep(1)
        sentence = _(
            "example_slept",
            default="Seconds slept: ${seconds}.",
            mapping={"seconds": seconds},
        )
        return self.result_page(sentence=sentence)
