"""A view that there is already runs in the background, in one line."""

from collections.abc import Callable
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from zope.component import getGlobalSiteManager
from zope.interface import Interface
from zope.interface import providedBy
from zope.publisher.interfaces.browser import IDefaultBrowserLayer

from netsight.async_.browser.forms import is_ready
from netsight.async_.browser.shown import Shown
from netsight.async_.browser.view import BaseAsyncView


CHOICES = frozenset(
    {
        "cancellable",
        "cookies",
        "in_turn",
        "max_attempts",
        "max_queued",
        "priority",
        "queue",
        "restart_after_crash",
        "retry",
        "single",
        "time_limit",
    }
)
"""The attributes of an async view that `in_background` takes."""

SHARED = frozenset({"browserDefault", "publishTraverse"})
"""Names that each view may have; an async one passes on what it does not do,
or does what any view does."""


class Taken(BaseAsyncView):
    """Does in the background what a class behind this one is called for."""

    start_buttons: tuple[str, ...] = ()
    """Fields of a form, any of which starts a process; none: each POST."""

    starts_when = None
    """Called with the view; false: what it was sent is done at once."""

    start_methods = ("POST",)
    """Those of HTTP by which one starts."""

    titled_by = None
    """Called with the view, or what it would return: see `process_title`."""

    works_within = None
    """Called with the view: a context manager in which the work is done."""

    taken_class = None
    """The class that does it."""

    taken_for = None
    """(context, layer, name) for which it is registered by a directive."""

    def __new__(
        cls, context: Any = None, request: Any = None, *args: Any
    ) -> Any:
        """Return a view of another add-on, if that has one of this name."""
        other = _of_another_layer(cls.taken_for, request)
        if other is None:
            return super().__new__(cls)
        return other(context, request)

    def process_title(self) -> Any:
        """Return what `titled_by` says, else as all views."""
        title = type(self).titled_by
        if callable(title):
            title = title(self)
        return title or super().process_title()

    def run_process(self) -> bool:
        """Return True for a POST that one of the buttons has sent.

        Not so if `starts_when` does not want it in the background, if a form
        of z3c.form finds errors in it, or if another view calls this one.
        """
        if self.request.method not in self.start_methods:
            return False
        if self.request.get("PUBLISHED") is not self:
            return False
        buttons, fields = self.start_buttons, self.request.form
        if buttons and not any(name in fields for name in buttons):
            return False
        when = type(self).starts_when
        if when is not None and not when(self):
            return False
        return is_ready(self, is_named=bool(buttons))

    def __run__(self, process_id: str | None = None) -> Any:
        """Do what the view does when it is published."""
        within = type(self).works_within
        with within(self) if within else nullcontext():
            return self()


def in_background(
    view_class: type,
    button: str | Iterable[str] | None = None,
    when: Callable[[Any], Any] | None = None,
    title: str | Callable[[Any], Any] | None = None,
    within: Callable[[Any], Any] | None = None,
    methods: str | Iterable[str] = "POST",
    **choices: Any,
) -> Any:
    """Return a class of async views that do what a class of views does.

    Its page is that of `view_class`; its work is what that does for a POST.
    With a `button`, the name of a field or several names, only a POST whose
    form has one of them starts a process, and `view_class` answers all others
    at once; so it does if `when`, which is called with the view, returns
    something false, and if another view calls it.

    `title` names the process: a text, a message id, or what is called with the
    view and returns one.  `within` is called with the view, in the process,
    and returns a context manager, in which the work is done.  `methods` are
    those of HTTP by which a process starts, one or several.  `choices` are
    attributes of `BaseAsyncView`, such as ``cancellable=True``.

    Raises TypeError for one that is not among these, and for a class that is
    an async view already, is a service of plone.restapi, or has attributes
    that async views need themselves.
    """
    if hasattr(view_class, "reply") and hasattr(
        view_class, "check_permission"
    ):
        raise TypeError(
            f"{view_class.__qualname__} is a service: take it by "
            f"netsight.async_.rest.service_in_background"
        )
    members = {
        **checked_choices(view_class, choices),
        **_settings(button, when, title, within, methods),
        # Else that of Five's views would hide it, where it is none of them.
        "__init__": view_class.__init__,
        "taken_class": view_class,
    }
    name = f"{view_class.__name__}InBackground"
    return type(name, (Taken, view_class), members)


def taken_anew(
    taken,
    button=None,
    when=None,
    title=None,
    within=None,
    methods="POST",
    **choices,
):
    """Return a class for a view that `in_background` has made already.

    All but the class are as there, and nothing of how that was made is kept
    but the view behind it, and its registration.
    """
    behind = taken.taken_class
    if "taken_class" in vars(taken):
        return in_background(
            behind, button, when, title, within, methods, **choices
        )
    usual = {name: getattr(BaseAsyncView, name) for name in CHOICES}
    members = {
        **usual,
        **checked_choices(behind, choices),
        **_settings(button, when, title, within, methods),
    }
    return type(taken.__name__, (taken,), members)


def _settings(button, when, title, within, methods):
    """Return the members of a Taken by which it differs from others."""
    return {
        "start_buttons": _as_tuple(button),
        "starts_when": when,
        "start_methods": _as_tuple(methods),
        "titled_by": title,
        "works_within": within,
    }


def _as_tuple(names):
    return (names,) if isinstance(names, str) else tuple(names or ())


def _of_another_layer(taken_for, request):
    """Return the class of a view that another browser layer has, or None.

    That is one of the same name, registered for the same contexts and a layer
    that stands before that of all browsers.  Which of two add-ons' layers
    comes first is chance, and what one has made its own shall stay so.
    """
    if taken_for is None or request is None:
        return None
    context, own_layer, name = taken_for
    for layer in providedBy(request).__iro__:
        if layer is IDefaultBrowserLayer:
            return None
        if own_layer.isOrExtends(layer):
            continue
        registered = getGlobalSiteManager().adapters.registered
        found = registered((context, layer), Interface, name)
        if found is not None and not issubclass(found, Taken):
            return found
    return None


def checked_choices(view_class, choices):
    """Return members (a dict) for a class that does what a view does.

    Raises TypeError as `in_background` does.
    """
    unknown = sorted(choices.keys() - CHOICES)
    if unknown:
        raise TypeError(
            f"There is no argument {', '.join(unknown)}, but "
            f"{', '.join(sorted(CHOICES))}"
        )
    _check(view_class)
    return {"__doc__": view_class.__doc__, **choices}


def _check(view_class):
    """Raise TypeError if a class of views cannot be taken."""
    if not isinstance(view_class, type):
        raise TypeError(f"{view_class!r} is no class of views")
    if issubclass(view_class, BaseAsyncView):
        raise TypeError(f"{view_class.__qualname__} is an async view already")
    hidden = [name for name in _own_names() if hasattr(view_class, name)]
    if hidden:
        raise TypeError(
            f"{view_class.__qualname__} has {', '.join(hidden)}, too, which "
            f"would be hidden: write class A(BaseAsyncView, "
            f"{view_class.__name__}), and say in it what they shall be"
        )


def _own_names():
    """Return the public names that async views have and others do not."""
    names = set().union(*map(vars, (BaseAsyncView, Shown, Taken)))
    return sorted(n for n in names - SHARED if not n.startswith("_"))
