"""Forms of z3c.form that are checked before they start a process.

They are known by what they can do: nothing of z3c.form is imported, as it need
not be installed.
"""

from copy import copy


NEVER = frozenset({"cancel", "reset"})
"""Buttons, in lower case, that do no work."""


class Ready(BaseException):
    """Ends the update of a form before it does what its button says.

    No Exception, which code of a form may catch.
    """


def is_ready(view, is_named):
    """Tell whether what a request sends for a form can be worked on.

    True if the view is no form; else if a button of it is pressed, but for
    one that is named cancel or reset, and the fields have no errors.
    `is_named` says that a button is pressed which the view was told to start
    by; it may be one that the form itself does not know.
    """
    form = _form_of(view)
    if form is None:
        return True
    pressed = _pressed(form)
    if is_named and not pressed:
        return True
    if not is_named and all(name.lower() in NEVER for name in pressed):
        return False
    return _is_valid(view, form)


def _form_of(view):
    """Return the form of z3c.form that a view is, or wraps; None without."""
    form = getattr(view, "form_instance", view)
    parts = ("buttons", "extractData", "prefix", "updateActions")
    return form if all(hasattr(form, part) for part in parts) else None


def _pressed(form):
    """Return the names of the buttons of a form that its request has."""
    prefixes = (form.prefix, form.buttons.prefix)
    prefix = "".join(f"{each.removesuffix('.')}." for each in prefixes if each)
    return [
        name for name in form.buttons if f"{prefix}{name}" in form.request.form
    ]


def _is_valid(view, form):
    """Tell whether the fields that a form was sent have no errors.

    Done with copies, as a form can be updated once.  It is not valid if it
    does not come to its buttons, as one that redirects before.
    """
    view, twin = copy(view), copy(form)
    twin.updateActions = _raise_ready
    if hasattr(view, "form_instance"):
        view.form_instance = twin
    else:
        view = twin
    try:
        view.update()
    except Ready:
        _data, errors = twin.extractData()
        return not errors
    return False


def _raise_ready():
    raise Ready()
