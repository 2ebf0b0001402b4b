"""A view that there is already runs in the background, in one line."""

from netsight.async_.browser.forms import is_ready
from netsight.async_.browser.shown import Shown
from netsight.async_.browser.view import BaseAsyncView


CHOICES = frozenset(
    {
        "cancellable",
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

    start_buttons = ()
    """Fields of a form, any of which starts a process; none: each POST."""

    starts_when = None
    """Called with the view; false: what it was sent is done at once."""

    taken_class = None
    """The class that does it."""

    def run_process(self):
        """Return True for a POST that one of the buttons has sent.

        Not so if `starts_when` does not want it in the background, or if a
        form of z3c.form finds errors in it.
        """
        if not super().run_process():
            return False
        buttons, fields = self.start_buttons, self.request.form
        if buttons and not any(name in fields for name in buttons):
            return False
        when = type(self).starts_when
        if when is not None and not when(self):
            return False
        return is_ready(self, is_named=bool(buttons))

    def __run__(self, process_id=None):
        """Do what the view does when it is published."""
        return self()


def in_background(view_class, button=None, when=None, **choices):
    """Return a class of async views that do what a class of views does.

    Its page is that of `view_class`; its work is what that does for a POST.
    With a `button`, the name of a field or several names, only a POST whose
    form has one of them starts a process, and `view_class` answers all others
    at once; so it does if `when`, which is called with the view, returns
    something false.  `choices` are attributes of `BaseAsyncView`, such as
    ``cancellable=True``.

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
    buttons = (button,) if isinstance(button, str) else tuple(button or ())
    members = {
        **checked_choices(view_class, choices),
        # Else that of Five's views would hide it, where it is none of them.
        "__init__": view_class.__init__,
        "start_buttons": buttons,
        "starts_when": when,
        "taken_class": view_class,
    }
    name = f"{view_class.__name__}InBackground"
    return type(name, (Taken, view_class), members)


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
