"""Errors in the shape of plone.restapi."""

import json

from zExceptions import HTTPServiceUnavailable
from zope.i18n import translate


class ServiceUnavailable(HTTPServiceUnavailable):
    """503; plone.restapi makes the status from the name of the class."""


class RestErrors:
    """Gives a service what our views have to say that something is refused."""

    is_for_program = True

    def message_page(self, status, sentence, back_url=None):
        """Set the HTTP status (int); return an error as JSON text."""
        response = self.request.response
        response.setStatus(status)
        response.setHeader("Content-Type", "application/json")
        response.setHeader("Cache-Control", "no-store, private")
        return json.dumps(
            {
                "type": response.errmsg.replace(" ", ""),
                "message": translate(sentence, context=self.request),
            }
        )
