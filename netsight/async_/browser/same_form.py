"""What makes two requests the same for a view that is single in its form."""

import hashlib

from ZPublisher.HTTPRequest import FileUpload

from netsight.async_.records.body import COPY_BYTES


TOKEN = "_authenticator"
"""The field of plone.protect: it is another one for each page and user."""


def digest_of_form(request, cookies=()):
    """Return the SHA-256 of what a request says: method, fields and files.

    `cookies` are the names of those that say something, too.
    """
    fields = {name: request.form[name] for name in request.form}
    fields.pop(TOKEN, None)
    said = [
        request.method,
        sorted((name, _plain(fields[name])) for name in fields),
        [request.cookies.get(name) for name in sorted(cookies)],
    ]
    return hashlib.sha256(repr(said).encode("utf-8", "replace")).hexdigest()


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
    digest = hashlib.sha256()
    for chunk in iter(lambda: upload.read(COPY_BYTES), b""):
        digest.update(chunk)
    upload.seek(position)
    return digest.hexdigest()
