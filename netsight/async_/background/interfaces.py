"""The layer of sites that installed the profile, and their settings."""

from zope.interface import Interface
from zope.schema import Int

from netsight.async_.i18n import _
from netsight.async_.layer import INetsightAsyncLayer


class IBackgroundActionsLayer(INetsightAsyncLayer):
    """Browser layer of a Plone site that installed the profile."""


class IBackgroundActions(Interface):
    """Settings of a site, records of its plone.registry."""

    threshold = Int(
        title=_("background_threshold", default="Objects"),
        description=_(
            "background_threshold_help",
            default="An action that concerns more objects than this runs in "
            "the background.",
        ),
        default=50,
        min=0,
    )
