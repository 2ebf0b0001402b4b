"""The domain of all texts for people, and how one is marked."""

from zope.i18nmessageid import MessageFactory


I18N_DOMAIN = "netsight.async"

_ = MessageFactory(I18N_DOMAIN)
