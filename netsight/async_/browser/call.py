"""The view that calls a function for `start_process`.

No request from outside can start a process of it, or name a function: it
starts none itself, and calls nothing but what code has handed over.
"""

import inspect
import sys
from functools import partial
from importlib import import_module

from AccessControl import Unauthorized
from Acquisition import aq_base
from zope.publisher.interfaces import NotFound

from netsight.async_.browser.stand_in import content_at
from netsight.async_.browser.stand_in import path_of
from netsight.async_.browser.view import BaseAsyncView
from netsight.async_.context import context_url
from netsight.async_.exceptions import ContentGoneError
from netsight.async_.exceptions import FunctionNotFoundError
from netsight.async_.records.database import application_of
from netsight.async_.records.handed import CALL
from netsight.async_.records.handed import handed
from netsight.async_.records.plain import dumps
from netsight.async_.records.plain import loads


CALL_VIEW = "netsight.async.call"
"""Name of the view, on any context."""

LATE = (
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
)
"""A call of these only makes an object, which somebody must ask for more."""


class CallView(BaseAsyncView):
    """Calls a function with its context, and what else was handed over."""

    def run_process(self):
        return False

    def initial_page(self, *args, **kwargs):
        raise NotFound(self.context, self.__name__, self.request)

    def _start(self):
        raise NotFound(self.context, self.__name__, self.request)

    def __run__(self, process_id=None):
        """Return a text or bytes of the function, or lead to the context."""
        text = handed(self.request, CALL)
        if text is None:
            raise Unauthorized(self.__name__)
        find = partial(content_at, application_of(self.context))
        call = loads(text, find)
        # The function may delete it.
        url = context_url(self.context, self.request)
        function = _imported(call["module"], call["name"])
        page = function(self.context, *call["args"], **call["kwargs"])
        if isinstance(page, (str, bytes)):
            return page
        return self.request.response.redirect(url)


def call_text(context, function, args, kwargs):
    """Return the text of a call, to be handed over.

    Raises TypeError for a function that has no dotted name, for arguments
    that it does not take, and for those that cannot be handed over.
    """
    _check_function(function)
    inspect.signature(function).bind(context, *args, **kwargs)
    call = {
        "module": function.__module__,
        "name": function.__name__,
        "args": args,
        "kwargs": kwargs,
    }
    root = application_of(context)
    return dumps(call, "call", partial(_reference, root))


def _check_function(function):
    """Raise TypeError unless there is a dotted name for a plain function."""
    module, name = function.__module__, function.__qualname__
    if module == "__main__":
        why = "is in a script, which its process cannot import"
    elif not _is_named(function):
        why = "is no function of a module, which has a dotted name"
    elif any(test(function) for test in LATE):
        why = "is one that does nothing when it is called"
    else:
        return
    raise TypeError(f"{module}.{name} {why}")


def _is_named(function):
    found = getattr(sys.modules.get(function.__module__), function.__name__, 0)
    return found is function and "." not in function.__qualname__


def _reference(root, value):
    """Return the path of content that is there, else None."""
    path = path_of(value)
    if path is not None:
        try:
            if aq_base(content_at(root, path)) is aq_base(value):
                return path
        except ContentGoneError:
            pass
    return None


def _imported(module, name):
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as exc:
        raise FunctionNotFoundError(f"{module}.{name}") from exc
