"""Async views that are another view as well: ``class A(BaseAsyncView, X)``.

So `__call__` of `BaseAsyncView` decides whether a process is started, and that
of X is the page, and the work: ``super().__call__()`` within `__run__`.
"""

FRAMEWORK = {
    "Products.Five.browser.metaconfigure",
    "zope.browserpage.metaconfigure",
    "zope.browserpage.simpleviewclass",
    "zope.publisher.browser",
}
"""Modules whose classes render the template of a view, or raise an error."""


def call_behind(view, base):
    """Return the `__call__`, bound to a view, of a class behind `base`.

    That is the next one in the order of its classes that has one; None if
    only Zope itself has.
    """
    order = type(view).__mro__
    for each in order[order.index(base) + 1 :]:
        if _has_call(each):
            return vars(each)["__call__"].__get__(view, type(view))
    return None


def check_order(cls, base):
    """Raise TypeError if `__call__` of a subclass never comes to that of base.

    A class that stands before it, and calls ``super()``, may do so.  Nor is
    anything said of a subclass that has a `__call__` of its own.
    """
    for each in cls.__mro__:
        if issubclass(each, base):
            if "__call__" in vars(each):
                return
        elif _has_call(each) and not _calls_super(vars(each)["__call__"]):
            raise TypeError(
                f"{each.__qualname__}.__call__ hides that of "
                f"{base.__name__}, so nothing would run in the background: "
                f"write class {cls.__name__}({base.__name__}, ...), with "
                f"{base.__name__} first; or say that this is meant, by "
                f"__call__ = {each.__name__}.__call__ in the class"
            )


def _has_call(cls):
    return "__call__" in vars(cls) and cls.__module__ not in FRAMEWORK


def _calls_super(function):
    """Tell whether a function has ``super()`` in it."""
    code = getattr(function, "__code__", None)
    return code is not None and "super" in code.co_names
