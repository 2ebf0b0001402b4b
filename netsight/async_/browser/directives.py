"""The directive of ZCML that takes a registered view, with all it has."""

from zope.component import getGlobalSiteManager
from zope.configuration.exceptions import ConfigurationError
from zope.configuration.fields import Bool
from zope.configuration.fields import GlobalInterface
from zope.configuration.fields import GlobalObject
from zope.configuration.fields import Tokens
from zope.interface import Interface
from zope.interface import implementedBy
from zope.interface.interfaces import IInterface
from zope.publisher.interfaces.browser import IDefaultBrowserLayer
from zope.schema import Choice
from zope.schema import Int
from zope.schema import TextLine

from netsight.async_.browser.choices import HIGHEST_PRIORITY
from netsight.async_.browser.choices import SINGLE_WITHIN
from netsight.async_.browser.choices import WITHIN
from netsight.async_.browser.in_background import Taken
from netsight.async_.browser.in_background import in_background
from netsight.async_.browser.in_background import taken_anew


AFTER_ALL = 1_000_000
"""Order of the action: when all views are registered."""


class IPlace(Interface):
    """Where that is which is taken."""

    for_ = GlobalObject(
        title="The interface or class of its contexts", required=False
    )
    layer = GlobalInterface(
        title="The browser layer for which it is in the background",
        required=False,
    )


class IChoices(Interface):
    """The attributes of async views that a directive can set."""

    cookies = Tokens(
        title="Cookies that a process sees",
        value_type=TextLine(),
        required=False,
    )
    cancellable = Bool(title="May be cancelled", required=False)
    restart_after_crash = Bool(title="Run again", required=False)
    max_attempts = Int(title="How often", min=1, required=False)
    time_limit = Int(title="Seconds a run may take", min=1, required=False)
    queue = TextLine(title="Name of the queue", required=False)
    priority = Int(
        title="Priority", min=0, max=HIGHEST_PRIORITY, required=False
    )
    single = Choice(
        title="One active in", values=SINGLE_WITHIN, required=False
    )
    in_turn = Choice(title="One runs in", values=WITHIN, required=False)
    max_queued = Int(title="How many may wait", min=1, required=False)


class IInBackground(IPlace, IChoices):
    """Has a view that is registered elsewhere do its work in the background.

    All but the place and the name are as in `in_background`.
    """

    name = TextLine(title="Name of the view")
    button = Tokens(
        title="Fields of the form that start a process",
        value_type=TextLine(),
        required=False,
    )
    when = GlobalObject(
        title="Called with the view: whether it is done in the background",
        required=False,
    )
    title = GlobalObject(
        title="Called with the view: what names the process", required=False
    )
    within = GlobalObject(
        title="Called with the view: in which context manager it works",
        required=False,
    )
    methods = Tokens(
        title="Methods of HTTP that start a process",
        value_type=Choice(values=("GET", "POST")),
        required=False,
    )


def in_background_directive(
    _context,
    name,
    for_=None,
    layer=IDefaultBrowserLayer,
    button=None,
    **choices,
):
    """See IInBackground."""
    # None is what the asterisk means.
    for_ = for_ or Interface
    _context.action(
        discriminator=("netsight.async", for_, layer, name),
        callable=take_registered,
        args=(name, for_, layer, button, choices, _context.info),
        order=AFTER_ALL,
    )


def take_registered(name, for_, layer, button, choices, info=""):
    """Register a class for (for_, layer) in the place of a view.

    That is the one which is found for them now; where a request has another
    layer with a view of this name, that stays.  `choices` is a dict of other
    arguments of `in_background`.  Raises ConfigurationError if there is no
    such view, or if it is published by another method than `__call__`.
    """
    manager = getGlobalSiteManager()
    context = for_ if IInterface.providedBy(for_) else implementedBy(for_)
    view_class = manager.adapters.lookup((context, layer), Interface, name)
    if view_class is None:
        raise ConfigurationError(
            f"There is no view {name!r} for {for_} and {layer}."
        )
    if getattr(view_class, "__page_attribute__", "__call__") != "__call__":
        raise ConfigurationError(
            f"The view {name!r} is registered with an attribute."
        )
    take = taken_anew if issubclass(view_class, Taken) else in_background
    taken = take(view_class, button, **choices)
    if layer is not IDefaultBrowserLayer:
        taken.taken_for = (for_, layer, name)
    manager.registerAdapter(taken, (for_, layer), Interface, name, info)
