"""For plone.restapi; loaded only where that is installed.

from netsight.async_.rest import AsyncService
"""

from netsight.async_.rest.in_background import service_in_background
from netsight.async_.rest.service import AsyncService


__all__ = ["AsyncService", "service_in_background"]
