import csv
import io

from netsight.async_ import BaseAsyncView
from plone import api


class Export(BaseAsyncView):
    """What is in a site or folder, as a CSV file."""

    title = "The content as a CSV file"

    def __run__(self, process_id=None):
        output = io.StringIO()
        writer = csv.writer(output)
        writer.writerow(["path", "type", "title"])
        for brain in api.content.find(context=self.context):
            writer.writerow([brain.getPath(), brain.portal_type, brain.Title])
        response = self.request.response
        response.setHeader("Content-Type", "text/csv; charset=utf-8")
        response.setHeader(
            "Content-Disposition", "attachment; filename=content.csv"
        )
        return output.getvalue()
