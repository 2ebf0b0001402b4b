"""Errors in the shape of plone.restapi."""

from zope.i18n import translate

from netsight.async_.answers.programs import json_text


class RestErrors:
    """Gives a service what our views have to say that something is refused."""

    is_for_program = True

    def message_page(self, status, sentence, back_url=None):
        """Set the HTTP status (int); return an error as JSON text."""
        response = self.request.response
        response.setStatus(status)
        return json_text(response, self.error(kind_of(response), sentence))

    def error(self, kind, sentence, **more):
        """Return an error as a dict of the shape that plone.restapi has."""
        message = translate(sentence, context=self.request)
        return {"type": kind, "message": message, **more}


def kind_of(response):
    """Return the kind of an error, as "NotFound", from the HTTP status."""
    return response.errmsg.replace(" ", "")
