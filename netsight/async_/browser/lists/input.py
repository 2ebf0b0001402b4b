"""What a process was started with, for those who may manage it.

Names and values of the form, while the request is kept.  Secrets are masked by
the names of their fields: who may manage processes need not know them.
"""

import json
import re
from contextlib import suppress
from typing import Any
from typing import NamedTuple
from urllib.parse import parse_qsl

import multipart
from ZODB.POSException import POSKeyError

from netsight.async_.records.requests import open_environ


INPUT_BYTES_MOST = 2_000_000
"""A larger body is not read for its fields."""

FIELDS_MOST = 100
"""So many fields are shown."""

VALUE_CHARS_MOST = 300
"""So many characters of a value are shown."""

SECRET_PARTS = (
    "password", "passwd", "passphrase", "passwort", "secret", "token",
    "credential", "authenticator", "apikey", "privatekey", "session",
    "cookie", "__ac",
)  # fmt: skip
"""A name is a secret's if it has one of these in it."""

SECRET_WORDS = {"key", "keys", "auth", "authorization", "pwd", "pass", "pin"}
"""So is one that has one of these as a word."""

WORD = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


class Field(NamedTuple):
    """One field of the form."""

    name: str
    value: str | None = None
    """None for what is masked, and for a file."""

    filename: str | None = None
    """Of an upload."""

    size: int | None = None
    """Of an upload, in bytes."""

    @property
    def is_secret(self):
        return self.value is None and self.filename is None


class Input(NamedTuple):
    """What is shown of a request."""

    fields: list
    """Of Field."""

    is_all: bool = True
    """Whether nothing was left out."""

    size: int = 0
    """Of the body, in bytes."""


def is_secret(name):
    """Tell whether a field of that name may hold a secret."""
    plain = name.casefold()
    if any(part in plain for part in SECRET_PARTS):
        return True
    words = {word.casefold() for word in WORD.findall(name)}
    return bool(words & SECRET_WORDS)


def input_of(process):
    """Return the Input of a process; None if it has none, or not any more."""
    snapshot = process.request
    if snapshot is None:
        return None
    size = snapshot.body.size if snapshot.body else 0
    fields = list(_query_fields(snapshot.environ.get("QUERY_STRING", "")))
    if size > INPUT_BYTES_MOST:
        return Input(fields[:FIELDS_MOST], False, size)
    body, is_read = _body_fields(snapshot)
    fields += body
    is_all = is_read and len(fields) <= FIELDS_MOST
    return (
        Input(fields[:FIELDS_MOST], is_all, size) if size or fields else None
    )


def _query_fields(query):
    for name, value in parse_qsl(query, keep_blank_values=True):
        yield _field(name, value)


def _body_fields(snapshot):
    """Return (list of Field, whether the body could be read)."""
    # What is no form, or a broken one, has no fields to show; its bytes may be
    # gone from the database.
    with suppress(ValueError, OSError, POSKeyError, RecursionError):
        environ = open_environ(snapshot)
        with environ["wsgi.input"] as stream:
            kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip()
            if kind == "application/json":
                return _json_fields(stream.read()), True
            return _form_fields(environ), True
    return [], False


def _form_fields(environ):
    forms, files = multipart.parse_form_data(environ, strict=False)
    fields = [_field(name, value) for name, value in forms.iterallitems()]
    for name, part in files.iterallitems():
        fields.append(Field(name, None, part.filename or "?", part.size))
        part.close()
    return fields


def _json_fields(data):
    parsed = json.loads(data)
    if not isinstance(parsed, dict):
        return [_field("", json.dumps(_masked(parsed)))]
    return [
        _field(name, value if isinstance(value, str) else _as_text(value))
        for name, value in parsed.items()
    ]


def _as_text(value):
    return json.dumps(_masked(value), ensure_ascii=False)


def _masked(value: Any) -> Any:
    """Return a value of JSON without the secrets in it."""
    if isinstance(value, dict):
        return {
            name: "***" if is_secret(name) else _masked(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return value


def _field(name, value):
    if is_secret(name):
        return Field(name[:VALUE_CHARS_MOST])
    is_long = len(value) > VALUE_CHARS_MOST
    shown = value[:VALUE_CHARS_MOST] + "…" * is_long
    return Field(name[:VALUE_CHARS_MOST], shown)
