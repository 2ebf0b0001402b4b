"""The action of content rules that starts a process of a view."""

import logging
import re

from AccessControl import Unauthorized
from OFS.SimpleItem import SimpleItem
from plone.app.contentrules.actions import ActionAddForm
from plone.app.contentrules.actions import ActionEditForm
from plone.app.contentrules.browser.formhelper import ContentRuleFormWrapper
from plone.contentrules.rule.element import RuleAction
from plone.contentrules.rule.interfaces import IExecutable
from plone.contentrules.rule.interfaces import IRuleElementData
from Products.statusmessages.interfaces import IStatusMessage
from zope.component import adapter
from zope.globalrequest import getRequest
from zope.interface import Interface
from zope.interface import Invalid
from zope.interface import implementer
from zope.interface.interfaces import IObjectEvent
from zope.schema import Text
from zope.schema import TextLine

from netsight.async_.browser.from_code import is_by_rule
from netsight.async_.browser.from_code import start_by_rule
from netsight.async_.exceptions import AlreadyRunningError
from netsight.async_.exceptions import AsyncError
from netsight.async_.i18n import _
from netsight.async_.records.requests import SECRET_FIELDS


logger = logging.getLogger(__name__)

NAME = "netsight.async.actions.View"
"""Of the action, in the registry, in exported rules and in addresses."""

VIEW_NAME = re.compile(r"(@@)?[^\s/@+][^\s/]*")
"""A path would lead to another object."""

TITLE = _("rule_action", default="Run a view in the background")

HELP = _(
    "rule_action_help",
    default="Starts an async view of the object that has triggered the rule, "
    "as the user who has triggered it. Without the permission of the view "
    "nothing is started.",
)


class BadParameterError(Invalid):
    """A line of the parameters is none; its text is a message id."""

    def doc(self):
        """Return what the form says."""
        return self.args[0]


def is_view_name(name):
    """Return True for what may be the name of a view, else raise Invalid."""
    if VIEW_NAME.fullmatch(name):
        return True
    raise BadParameterError(
        _(
            "rule_bad_view",
            default="This is no name of a view: ${name}",
            mapping={"name": name},
        )
    )


def are_parameters(text):
    """Return True for lines of ``name=value``, else raise Invalid."""
    for name in parsed_parameters(text):
        if name in SECRET_FIELDS:
            raise BadParameterError(
                _(
                    "rule_login_field",
                    default="The field ${name} logs somebody in, and must not "
                    "be stored.",
                    mapping={"name": name},
                )
            )
    return True


def parsed_parameters(text):
    """Return the fields of a form (a dict) of lines of ``name=value``.

    A name that stands there more than once has a list of values.  Raises
    Invalid for a line that is none.
    """
    form = {}
    for line in filter(None, map(str.strip, (text or "").splitlines())):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not (name and equals):
            raise BadParameterError(
                _(
                    "rule_bad_parameter",
                    default="This line is not of the form name=value: ${line}",
                    mapping={"line": line},
                )
            )
        form.setdefault(name, []).append(value)
    return {k: v[0] if len(v) == 1 else v for k, v in form.items()}


class IViewAction(Interface):
    """What is configured of an action."""

    view = TextLine(
        title=_("rule_view", default="Name of the view"),
        description=_(
            "rule_view_help",
            default="An async view of the object, for example: report",
        ),
        constraint=is_view_name,
    )

    parameters = Text(
        title=_("rule_parameters", default="Parameters"),
        description=_(
            "rule_parameters_help",
            default="Fields of the form that the view finds, one a line: "
            "name=value. Write no secrets there; they are stored.",
        ),
        required=False,
        constraint=are_parameters,
    )


@implementer(IViewAction, IRuleElementData)
class ViewAction(SimpleItem):
    """What is stored of an action."""

    view = ""
    parameters = None

    element = NAME

    @property
    def summary(self):
        return _(
            "rule_summary",
            default="Run ${view} in the background",
            mapping={"view": self.view},
        )


ACTION = RuleAction()
ACTION.title = TITLE
ACTION.description = HELP
ACTION.for_ = Interface
ACTION.event = IObjectEvent
ACTION.schema = IViewAction
ACTION.factory = ViewAction
ACTION.addview = NAME
ACTION.editview = "edit"


@adapter(Interface, IViewAction, Interface)
@implementer(IExecutable)
class ViewExecutor:
    """Starts the process with the transaction that has triggered the rule."""

    def __init__(self, context, element, event):
        self.element = element
        self.event = event

    def __call__(self):
        """Return whether the next actions of the rule are to be done.

        What has triggered the rule is done in any case.
        """
        if is_by_rule():
            # Else two rules, or one whose view triggers it, go on for ever.
            logger.info("%s: not started, by a rule's process", self._what)
            return True
        try:
            form = parsed_parameters(self.element.parameters)
            start_by_rule(self.event.object, self.element.view, form)
        except AlreadyRunningError:
            logger.info("%s: not started, it runs already", self._what)
        except (AsyncError, Invalid, TypeError, Unauthorized) as exc:
            logger.warning("%s: not started", self._what, exc_info=exc)
            self._tell()
            return False
        return True

    @property
    def _what(self):
        return f"content rule: {self.element.view} on {self.event.object!r}"

    def _tell(self):
        request = getRequest()
        if request is not None:
            message = _(
                "rule_not_started",
                default="A content rule could not start ${view} in the "
                "background.",
                mapping={"view": self.element.view},
            )
            IStatusMessage(request).add(message, type="warning")


class ViewAddForm(ActionAddForm):
    """For a new action."""

    schema = IViewAction
    label = _("rule_add", default="Add a background view action")
    description = HELP
    form_name = _("rule_form", default="Configure the action")
    Type = ViewAction


class ViewAddFormView(ContentRuleFormWrapper):
    form = ViewAddForm


class ViewEditForm(ActionEditForm):
    """For an action that there is."""

    schema = IViewAction
    label = _("rule_edit", default="Edit the background view action")
    description = HELP
    form_name = ViewAddForm.form_name


class ViewEditFormView(ContentRuleFormWrapper):
    form = ViewEditForm
