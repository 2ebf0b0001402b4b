"""For plone.restapi; loaded only where that is installed.

from netsight.async_.rest import AsyncService
"""

from netsight.async_.rest.service import AsyncService


__all__ = ["AsyncService"]
