"""Run any Zope or Plone view in the background.

from netsight.async_ import BaseAsyncView
"""

from netsight.async_.browser.view import BaseAsyncView
from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.exceptions import ThreadDiedBeforeCompletionError
from netsight.async_.records.database import getProcessRegistry


__all__ = [
    "BaseAsyncView",
    "NoSuchProcessError",
    "ThreadDiedBeforeCompletionError",
    "getProcessRegistry",
]
