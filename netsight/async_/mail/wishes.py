"""What is noted while processes start and end, to be mailed later."""

from zope.component.hooks import getSite
from zope.globalrequest import getRequest

from netsight.async_ import config
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.outbox import Wish
from netsight.async_.records.outbox import open_outbox


def note_wish(event):
    """Note that the owner of a new process is to be mailed, by the setting."""
    process, request = event.process, getRequest()
    if config.get("mail") == "asked" or process.owner.is_anonymous:
        return
    if request is None or getSite() is None:
        return
    language = request.get("LANGUAGE")
    registry = getProcessRegistry(getSite())
    open_outbox(registry).note_wish(process.id, Wish(language, False))


def note_failure(event):
    """Note that administrators are to hear of a process, by the setting.

    Not of one that says itself why: that is for its user.
    """
    process, site = event.process, getSite()
    if config.get("mail-failures") and site is not None and not process.reason:
        site_path = "/".join(site.getPhysicalPath())
        outbox = open_outbox(getProcessRegistry(site))
        outbox.note_failure(process.id, site_path)
