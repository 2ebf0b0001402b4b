"""The arguments of `__run__`, and of what a view is called for in it."""

import inspect
from functools import lru_cache

from zExceptions import BadRequest


MISSING = object()


def call_as_published(method, request, process_id=None):
    """Return ``method(...)``, called as the publisher calls a view.

    That is with what the request has by the names of its parameters: fields
    of the form, as their converters make them, ``REQUEST`` and the like.
    `process_id`, where there is one, is handed to a parameter of this name, or
    to keywords, whatever the form says.  Raises BadRequest if a parameter
    without a default is missing.
    """
    arguments = {}
    for name, is_needed in _names_of(method):
        if process_id is not None and name == "process_id":
            value = process_id
        else:
            value = request.get(name, MISSING)
        if value is not MISSING:
            arguments[name] = value
        elif is_needed:
            raise BadRequest(f"The parameter {name} is missing.")
    return method(**arguments)


def _names_of(method):
    """Return tuples (name, whether it has no default) of the parameters."""
    function = getattr(method, "__func__", None)
    if function is None:
        return _names_in_signature(method)
    # The first one is bound.
    return _names_of_function(function)[1:]


def _names_in_signature(function):
    names = []
    for each in inspect.signature(function).parameters.values():
        if each.kind is inspect.Parameter.VAR_KEYWORD:
            names.append(("process_id", False))
        elif each.kind in (
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.KEYWORD_ONLY,
        ):
            names.append((each.name, each.default is each.empty))
    return tuple(names)


_names_of_function = lru_cache(maxsize=1000)(_names_in_signature)
