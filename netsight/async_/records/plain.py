"""Plain data to text and back: what code hands to a process that it starts.

It is JSON, as others can read that, and nothing is called to read it.  What
JSON does not have is an object of one key, which says what it is:
``{"tuple": [1, 2]}``.  So dicts are such objects, too.
"""

import json
from base64 import b64decode
from base64 import b64encode
from datetime import date
from datetime import datetime


DEPTH_MOST = 50
"""So deep may lists, tuples and dicts be within each other."""

AS_THEY_ARE = frozenset({type(None), bool, int, float, str})

PLAIN = "None, bool, int, float, str, bytes, date, datetime, list, tuple, dict"
"""For messages."""


def dumps(value, where, refer=None):
    """Return a text (str) of a value, from which `loads` makes an equal one.

    ``refer(value)``, if given, returns a text for what is no plain data, or
    None.  Raises TypeError for anything else; the message says what it is,
    and where: `where` (str) is the name of the value.
    """
    return json.dumps(_Encoder(refer).encoded(value, where))


def loads(text, find=None):
    """Return the value of a text; ``find(text)`` is that of a reference."""
    return _decoded(json.loads(text), find)


class _Encoder:
    def __init__(self, refer):
        self._refer = refer

    def encoded(self, value, where, depth=0):
        """Return a value as JSON has it.

        Subclasses are none of these types: a message id is no str.
        """
        if depth > DEPTH_MOST:
            raise TypeError(f"{where} is nested too deeply")
        kind = type(value)
        if kind in AS_THEY_ARE:
            return value
        if kind is bytes:
            return {"bytes": b64encode(value).decode("ascii")}
        if kind in (date, datetime):
            return {kind.__name__: value.isoformat()}
        if kind in (list, tuple):
            items = self._items(value, where, depth)
            return items if kind is list else {"tuple": items}
        if kind is dict:
            return {"dict": list(self._pairs(value, where, depth))}
        return self._reference(value, where)

    def _items(self, items, where, depth):
        return [
            self.encoded(item, f"{where}[{number}]", depth + 1)
            for number, item in enumerate(items)
        ]

    def _pairs(self, mapping, where, depth):
        for key, value in mapping.items():
            yield (
                self.encoded(key, f"the key {key!r} of {where}", depth + 1),
                self.encoded(value, f"{where}[{key!r}]", depth + 1),
            )

    def _reference(self, value, where):
        text = self._refer and self._refer(value)
        if text is None:
            # Of what is wrapped, that of what is within.
            kind = getattr(value, "__class__", type(value))
            raise TypeError(
                f"{where} is a {kind.__module__}.{kind.__qualname__}, which "
                f"cannot be handed to a process; it may be {PLAIN}"
                + (", or content" if self._refer else "")
            )
        return {"reference": text}


def _decoded(value, find):
    if isinstance(value, list):
        return [_decoded(item, find) for item in value]
    if not isinstance(value, dict):
        return value
    [(kind, value)] = value.items()
    if kind == "tuple":
        return tuple(_decoded(value, find))
    if kind == "dict":
        return dict(_decoded(value, find))
    return find(value) if kind == "reference" else DECODERS[kind](value)


DECODERS = {
    "bytes": b64decode,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}
