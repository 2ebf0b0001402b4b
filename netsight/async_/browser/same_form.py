"""What makes two requests the same for a view that is single in its form."""

import hashlib

from ZPublisher.HTTPRequest import FileUpload

from netsight.async_.records.body import COPY_BYTES
from netsight.async_.records.requests import input_of


FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
"""Of bodies that are all in the fields, in no certain order."""

TOKEN = "_authenticator"
"""The field of plone.protect: it is another one for each page and user."""


def digest_of_form(request, cookies=()):
    """Return the SHA-256 of what a request says.

    That is its method, its fields and files, the body where that is no form,
    and those cookies of which `cookies` has the names.
    """
    fields = {name: request.form[name] for name in request.form}
    fields.pop(TOKEN, None)
    said = [
        request.method,
        sorted((name, _plain(fields[name])) for name in fields),
        [request.cookies.get(name) for name in sorted(cookies)],
        _digest_of_body(request),
    ]
    return hashlib.sha256(repr(said).encode("utf-8", "replace")).hexdigest()


def _digest_of_body(request):
    """Return a digest of what is not in the fields, or None."""
    kind = request.environ.get("CONTENT_TYPE", "").partition(";")[0]
    if request.method == "GET" or kind.strip().lower() in FORM_TYPES:
        return None
    with input_of(request) as stream:
        return _digest_of(stream)


def _plain(value):
    """Return a text that is the same for the same value of a field."""
    if isinstance(value, FileUpload):
        return f"{value.filename} {_digest_of_file(value)}"
    if isinstance(value, (list, tuple)):
        return repr([_plain(each) for each in value])
    # A record of fields shows what is in it.
    return repr(value)


def _digest_of_file(upload):
    position = upload.tell()
    upload.seek(0)
    digest = _digest_of(upload)
    upload.seek(position)
    return digest


def _digest_of(stream):
    digest = hashlib.sha256()
    for chunk in iter(lambda: stream.read(COPY_BYTES), b""):
        digest.update(chunk)
    return digest.hexdigest()
