"""Users who want a mail when their process has ended."""

from zope.component import queryUtility

from netsight.async_.exceptions import NoMailError
from netsight.async_.interfaces import IMailer
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.outbox import Wish
from netsight.async_.records.outbox import open_outbox
from netsight.async_.records.outbox import outbox_of
from netsight.async_.records.owners import current_owner


def mail_address(process, context):
    """Return where this visitor can be mailed of a process, or None.

    None for one that has ended, or that is not theirs.
    """
    owner, mailer = current_owner(), queryUtility(IMailer)
    if mailer is None or owner.is_anonymous or process.owner != owner:
        return None
    return None if process.is_final else mailer.address(context)


def is_wished(process, context):
    """Tell whether the owner of a process is mailed when it has ended.

    Because they have asked for that.
    """
    wish = outbox_of(_registry(context)).wish(process.id)
    return wish is not None and wish.is_asked


def wish_mail(process, context, request, is_wanted):
    """Have this visitor mailed when their process has ended, or not.

    Raises NoMailError if they cannot be.
    """
    if mail_address(process, context) is None:
        raise NoMailError(process.id)
    wish = Wish(request.get("LANGUAGE"), True) if is_wanted else None
    open_outbox(_registry(context)).note_wish(process.id, wish)


def _registry(context):
    return query_registry(application_of(context))
