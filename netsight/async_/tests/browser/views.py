"""A view whose process does, step by step, what the test writes to a file."""

import json
import os
import time
from pathlib import Path

from Products.Five import BrowserView
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

from netsight.async_ import BaseAsyncView
from netsight.async_ import ProcessFailed
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.running.publishing import run_of


STEPS = "BROWSER_TESTS_STEPS"
"""Names, in the environment, the directory of the files."""

LOOK_SECONDS = 0.02


class StepsView(BaseAsyncView):
    """Follows the file `name` (str) of the form to its last step."""

    title = "Import of addresses"
    cancellable = True
    initial_page = ViewPageTemplateFile("form.pt")

    def __run__(self, process_id=None):
        path = Path(os.environ[STEPS]) / self.request.form["name"]
        for step in self.follow(path):
            if "log" in step:
                self.log(step["log"])
                continue
            if "refuse" in step:
                raise ProcessFailed(step["refuse"])
            if "raise" in step:
                raise ValueError(step["raise"])
            if "file" in step:
                return self.download(step["file"])
            if "end" in step:
                return step["end"]
            # as `track` tells a count without a total
            run_of(self.request).set_progress(
                step["progress"], step["message"]
            )

    def follow(self, path):
        """Yield the steps of a file, and wait for more."""
        with path.open() as lines:
            while True:
                line = lines.readline()
                if line:
                    yield json.loads(line)
                else:
                    self.check_cancelled()
                    time.sleep(LOOK_SECONDS)

    def download(self, text):
        """Return a text as a file to save."""
        response = self.request.response
        response.setHeader("Content-Type", "text/csv")
        response.setHeader(
            "Content-Disposition", "attachment; filename=steps.csv"
        )
        return text


class StepsAgainView(StepsView):
    """Is run again when its worker died."""

    restart_after_crash = True


class StubbornView(StepsView):
    """May not be cancelled."""

    cancellable = False


class DeafView(StepsView):
    """Sees only with its next step that it shall be cancelled."""

    def check_cancelled(self):
        pass


class OldView(StepsView):
    """Has the waiting page of an add-on for 1.x."""

    processing_page = ViewPageTemplateFile("waiting_of_1x.pt")


class OldTraversalView(StepsView):
    """Publishes its methods as a view for 1.x, with the stock page."""

    def publishTraverse(self, request, name):
        if name in ("processing", "completed", "result"):
            return getattr(self, name)
        return self


class SmallView(BaseAsyncView):
    """Has no page of its own, but the one with the button Start."""

    title = "Something small"

    def __run__(self, process_id=None):
        return "done"


class RemoveView(BrowserView):
    """Removes the record of a process, as expiry does."""

    def __call__(self):
        registry = getProcessRegistry(self.context)
        registry.remove(self.request.form["process_id"])
        return "removed"
