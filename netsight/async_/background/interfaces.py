"""The layer of sites that installed the profile, and their settings."""

from plone.autoform import directives
from z3c.form.browser.checkbox import CheckBoxFieldWidget
from zope.interface import Interface
from zope.schema import Choice
from zope.schema import Int
from zope.schema import List

from netsight.async_.background.actions import ACTIONS
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

    directives.widget("actions", CheckBoxFieldWidget)
    actions = List(
        title=_("background_actions", default="Actions"),
        description=_(
            "background_actions_help",
            default="All others are done at once, whatever they concern.",
        ),
        value_type=Choice(vocabulary="netsight.async.background.actions"),
        default=list(ACTIONS),
        required=False,
    )
