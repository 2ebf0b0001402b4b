"""The browser layer of the profile; `interfaces` has it, too."""

from zope.publisher.interfaces.browser import IDefaultBrowserLayer


class INetsightAsyncLayer(IDefaultBrowserLayer):
    """Browser layer of a Plone site that installed the profile."""
