"""The directive of ZCML that takes a registered service, with all it has."""

from plone.rest.negotiation import parse_accept_header
from plone.rest.negotiation import register_service
from zope.component import getGlobalSiteManager
from zope.configuration.exceptions import ConfigurationError
from zope.configuration.fields import Bool
from zope.configuration.fields import GlobalObject
from zope.configuration.fields import MessageID
from zope.interface import Interface
from zope.interface import implementedBy
from zope.interface.interfaces import IInterface
from zope.publisher.interfaces.browser import IDefaultBrowserLayer
from zope.schema import TextLine

from netsight.async_.browser.directives import AFTER_ALL
from netsight.async_.browser.directives import IChoices
from netsight.async_.browser.directives import IPlace
from netsight.async_.rest.in_background import TakenRegistered
from netsight.async_.rest.in_background import taken


class IServiceInBackground(IPlace, IChoices):
    """Has a service that is registered elsewhere work in the background.

    All others are as in `service_in_background`.
    """

    method = TextLine(title="The method of HTTP")
    name = TextLine(title="Name of the service", required=False, default="")
    accept = TextLine(
        title="Media types it is registered for",
        description="As in the directive of plone.rest.",
        required=False,
        default="application/json",
    )
    title = MessageID(title="What lists call it", required=False)
    within = GlobalObject(
        title="Called with the service: in which context manager it works",
        required=False,
    )
    always = Bool(title="Whether nobody need ask for it", required=False)
    optional = Bool(
        title="Whether it is no mistake if there is no such service",
        required=False,
    )


def service_in_background_directive(
    _context,
    method,
    for_=None,
    name="",
    layer=IDefaultBrowserLayer,
    accept="application/json",
    optional=False,
    **choices,
):
    """See IServiceInBackground."""
    # None is what the asterisk means.
    for_ = for_ or Interface
    for media_type in parse_accept_header(accept):
        service_id = register_service(method.upper(), media_type)
        full_name = f"{service_id}{name}"
        _context.action(
            discriminator=("netsight.async", for_, layer, full_name),
            callable=take_registered_service,
            args=(full_name, for_, layer, optional, choices, _context.info),
            order=AFTER_ALL,
        )


def take_registered_service(name, for_, layer, optional, choices, info=""):
    """Register a class for (for_, layer) in the place of a service.

    `name` is that of plone.rest, which begins with method and media type.
    Raises ConfigurationError if no service is found for them now, and that is
    not `optional`.
    """
    manager = getGlobalSiteManager()
    context = for_ if IInterface.providedBy(for_) else implementedBy(for_)
    service_class = manager.adapters.lookup((context, layer), Interface, name)
    if service_class is None and optional:
        return
    if service_class is None:
        raise ConfigurationError(
            f"There is no service {name!r} for {for_} and {layer}."
        )
    if issubclass(service_class, TakenRegistered):
        service_class = service_class.taken_class
    new_class = taken(TakenRegistered, service_class, **choices)
    manager.registerAdapter(new_class, (for_, layer), Interface, name, info)
