"""Run any Zope or Plone view in the background.

from netsight.async_ import BaseAsyncView
"""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any


if TYPE_CHECKING:
    # What HOMES says, for those who check types.
    from netsight.async_.browser.from_code import page_url
    from netsight.async_.browser.from_code import start_process
    from netsight.async_.browser.in_background import in_background
    from netsight.async_.browser.view import BaseAsyncView
    from netsight.async_.exceptions import NoSuchProcessError
    from netsight.async_.exceptions import ProcessFailed
    from netsight.async_.exceptions import ThreadDiedBeforeCompletionError
    from netsight.async_.records.database import getProcessRegistry
    from netsight.async_.records.retries import Retry
    from netsight.async_.running.work import current_process


__all__ = [
    "BaseAsyncView",
    "NoSuchProcessError",
    "ProcessFailed",
    "Retry",
    "ThreadDiedBeforeCompletionError",
    "current_process",
    "getProcessRegistry",
    "in_background",
    "page_url",
    "start_process",
]

HOMES = {
    "BaseAsyncView": "netsight.async_.browser.view",
    "NoSuchProcessError": "netsight.async_.exceptions",
    "ProcessFailed": "netsight.async_.exceptions",
    "Retry": "netsight.async_.records.retries",
    "ThreadDiedBeforeCompletionError": "netsight.async_.exceptions",
    "current_process": "netsight.async_.running.work",
    "getProcessRegistry": "netsight.async_.records.database",
    "in_background": "netsight.async_.browser.in_background",
    "page_url": "netsight.async_.browser.from_code",
    "start_process": "netsight.async_.browser.from_code",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for (PEP 562).

    So who needs one module here, as a ZEO server does for a class of ours,
    need not load Zope's publisher for it.
    """
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
