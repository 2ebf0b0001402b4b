"""Sends what is due, each beat, in a thread of its own.

Any Zope may: the mail and the note that it is due are one transaction.
"""

import logging
import threading
import time

from zope.component import getMultiAdapter
from zope.component.hooks import getSite

from netsight.async_ import config
from netsight.async_.mail.mailer import address_of
from netsight.async_.mail.mailer import send
from netsight.async_.mail.mailer import sends
from netsight.async_.mail.texts import mail_to_administrators
from netsight.async_.mail.texts import mail_to_owner
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.outbox import open_outbox
from netsight.async_.records.outbox import outbox_of
from netsight.async_.records.owners import find_user
from netsight.async_.running.surroundings import publish_as_owner


logger = logging.getLogger(__name__)

THREAD_NAME = "netsight.async mails"

SEEN_SECONDS = 60
"""Who looks at the page of a process has seen its end by then."""

BUNDLE_SECONDS = 180
"""What fails within that comes in one mail."""

LISTED_MOST = 50
"""So many failures are listed in one mail."""

LOOK_MOST = 1000
"""So many wishes are looked at in one beat."""

AGAIN_SECONDS = 300
"""After a mail that could not be sent, none is sent for so long."""


class Beat:
    """Sends soon what is due; see IBeatTask."""

    def __init__(self):
        self._lock = threading.Lock()
        self._not_before = 0.0

    def __call__(self):
        try:
            due, failures = transact("mail", _sort_out)
            is_early = time.monotonic() < self._not_before
            if (due or failures) and not is_early and not self._lock.locked():
                threading.Thread(
                    target=self.send, args=(due, failures),
                    name=THREAD_NAME, daemon=True,
                ).start()  # fmt: skip
        except Exception:
            logger.exception("what is to be mailed was not found out")

    def send(self, due, failures):
        """Send to owners of some Ends, and to administrators of sites.

        `failures` is a list of (End, ids) for each site.  Stops at the first
        that cannot be sent; the mail stays due.
        """
        with self._lock:
            try:
                for end in due:
                    publish_as_owner(end, _mail_owner)
                for end, ids in failures:
                    publish_as_owner(end, _mailing(ids))
            except Exception:
                self._not_before = time.monotonic() + AGAIN_SECONDS
                logger.exception("a mail was not sent, and is tried again")

    def wait(self):
        """Wait until what is being sent is sent."""
        with self._lock:
            pass


send_soon = Beat()


def _sort_out(root):
    """Return (Ends that are due, failures as for `send`).

    Forgets what is not to be mailed any more.
    """
    registry = query_registry(root)
    outbox = outbox_of(registry)
    now, due = time.time(), []
    for process_id in outbox.wishes()[:LOOK_MOST]:
        is_due = _is_due(registry, process_id, outbox.wish(process_id), now)
        if is_due is None:
            outbox.note_wish(process_id, None)
        elif is_due:
            due.append(registry[process_id].end)
    return due, _bundled(registry, outbox, now)


def _is_due(registry, process_id, wish, now):
    """Tell whether to mail now that a process has ended; None for never."""
    if registry.is_newer(process_id):
        return False
    process = registry.get(process_id)
    if process is None:
        return None
    if process.finished is None:
        return False
    if wish.is_asked or config.get("mail") == "always":
        return True
    took = process.finished - process.created
    if process.fetched or took < 60 * config.get("mail-minutes"):
        return None
    return now - process.finished > SEEN_SECONDS


def _bundled(registry, outbox, now):
    """Return a list of (End, ids) for each site whose failures are due."""
    sites = {}
    for process_id, site_path in outbox.failures():
        process = next(registry.readable([process_id]), None)
        if process is None or process.finished is None:
            outbox.forget_failure(process_id)
        else:
            sites.setdefault(site_path, []).append(process)
    return [
        (processes[0].end, [each.id for each in processes])
        for processes in sites.values()
        if now - min(p.finished for p in processes) > BUNDLE_SECONDS
    ]


def _mail_owner(process, context):
    """Mail the owner, in a transaction that forgets that it is due."""
    root = application_of(context)
    outbox = open_outbox(query_registry(root))
    wish = outbox.wish(process.id)
    if wish is None:
        # Another Zope was quicker.
        return
    outbox.note_wish(process.id, None)
    address = address_of(find_user(root, process.owner))
    if address is not None and getSite() is not None and sends():
        send(address, *mail_to_owner(process, wish.language))


def _mailing(ids):
    def mail_administrators(_process, context):
        registry = query_registry(application_of(context))
        outbox = open_outbox(registry)
        noted = dict(outbox.failures())
        left = [each for each in ids if each in noted]
        for process_id in left:
            outbox.forget_failure(process_id)
        processes = list(registry.readable(left))
        if processes and getSite() is not None and sends():
            _send_failures(processes)

    return mail_administrators


def _send_failures(processes):
    site = getSite()
    names = site, site.REQUEST
    state = getMultiAdapter(names, name="plone_portal_state")
    subject, text = mail_to_administrators(
        processes[:LISTED_MOST],
        len(processes[LISTED_MOST:]),
        state.default_language(),
    )
    for address in config.get("mail-failures"):
        send(address, subject, text)
