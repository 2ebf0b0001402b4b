"""Run any Zope or Plone view in the background.

from netsight.async_ import BaseAsyncView
"""

from netsight.async_.browser.BaseAsyncView import BaseAsyncView
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import ThreadDiedBeforeCompletionError
from netsight.async_.registry import getProcessRegistry


__all__ = [
    "BaseAsyncView",
    "NoSuchProcessError",
    "ThreadDiedBeforeCompletionError",
    "getProcessRegistry",
]
