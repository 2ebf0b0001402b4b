"""Mails of what has ended, by the MailHost of a Plone site."""
