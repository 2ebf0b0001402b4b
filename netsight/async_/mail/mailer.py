"""Sends a mail from a site, with the transaction."""

from AccessControl import getSecurityManager
from plone.registry.interfaces import IRegistry
from zope.component import queryUtility
from zope.component.hooks import getSite
from zope.component.hooks import site as inside
from zope.interface import implementer

from netsight.async_.config import ADDRESS
from netsight.async_.context import site_of
from netsight.async_.interfaces import IMailer


FROM = "plone.email_from_address"
HOST = "plone.smtp_host"

SUBJECT_CHARS = 200


@implementer(IMailer)
class Mailer:
    """See IMailer."""

    def address(self, context):
        site = site_of(context)
        if site is None:
            return None
        with inside(site):
            return (
                address_of(getSecurityManager().getUser()) if sends() else None
            )


def sends():
    """Tell whether the current site can send mails."""
    registry = queryUtility(IRegistry)
    if registry is None or getattr(getSite(), "MailHost", None) is None:
        return False
    return bool(registry.get(FROM) and registry.get(HOST))


def address_of(user):
    """Return the address in the properties of a user, or None.

    One that would be several, or more of a header, is none.
    """
    get = getattr(user, "getProperty", None)
    address = get("email", None) if get is not None else None
    if not isinstance(address, str) or not ADDRESS.fullmatch(address.strip()):
        return None
    return address.strip()


def send(address, subject, text):
    """Send a mail from the current site when the transaction is committed."""
    site = getSite()
    site.MailHost.send(
        text,
        mto=address,
        mfrom=queryUtility(IRegistry)[FROM],
        # A title of a process may have lines.
        subject=" ".join(subject.split())[:SUBJECT_CHARS],
        charset="utf-8",
        msg_type="text/plain",
    )
