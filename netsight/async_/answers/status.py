"""What the waiting page, lists and programs are told about a process."""

import time
from datetime import datetime
from datetime import timezone

from zope.i18n import translate
from zope.i18nmessageid import Message

from netsight.async_ import interfaces
from netsight.async_.i18n import _
from netsight.async_.records.responses import is_download


LOG_DROPPED = _("log_dropped", default="Earlier lines left out: ${count}")

ALMOST_DONE = 99.9
"""Shown for a process that says 100 and has not ended yet."""


def shown_progress(process):
    """Return the progress to show, or None: 100 only when completed."""
    progress = process.progress
    if progress == 100 and process.state != interfaces.COMPLETED:
        return ALMOST_DONE
    return progress


def status_of(process, registry, request):
    """Return a dict of plain values about a process of an IProcessRegistry.

    `title` and `message` are translated for the request; times are ISO 8601
    in UTC, or None; `elapsed` and `seconds_left` are in seconds; `cancelling`
    tells whether it will be cancelled soon; `ahead` is the number of
    processes that are queued before, for one that is queued, and `ahead_more`
    tells whether there may be more than these; `in_turn` tells
    whether those must end before it begins: see `in_turn` of views; `held`
    tells whether it waits for somebody to release it: see `deployment`;
    `paused` tells whether its queue is paused, for one that is queued;
    `not_before` is the time for which it waits in the queue, else None, and
    `retries` how often it was put off since a run had failed; `waited` is in
    seconds; `download` tells whether there is a result that browsers save as a
    file; `reason` is what
    a failed one tells its user, translated, or None; `log` has the last lines
    of its log, translated, and how many are before them, or is None.
    """
    # It may have to look whether a worker lives.
    state = process.state
    held, message = process.is_held, process.message
    reason = process.reason
    early = process.is_early and not held
    queued = state == interfaces.QUEUED and not held and not early
    ahead = registry.queued_before(process.id) if queued else None
    return {
        "id": process.id,
        "title": _translated(process.title, request),
        "state": state,
        "progress": shown_progress(process),
        "message": message and _translated(message, request),
        "cancelling": process.is_cancelling,
        "ahead": ahead and ahead.count,
        "ahead_more": ahead is not None and ahead.has_more,
        "in_turn": queued and waits_in_turn(process, registry),
        "held": held,
        "paused": process.is_paused and not held,
        "not_before": iso_time(process.not_before) if early else None,
        "retries": process.retries,
        "created": iso_time(process.created),
        "started": iso_time(process.started),
        "finished": iso_time(process.finished),
        "waited": waited(process),
        "elapsed": elapsed(process),
        "seconds_left": process.seconds_left,
        "download": state == interfaces.COMPLETED
        and is_download(process.response),
        "reason": reason and _translated(reason, request),
        "log": _log_of(process, request),
    }


def _translated(text, request):
    """Return a text for a request; one that is no message id as it is."""
    if isinstance(text, Message):
        return translate(text, context=request)
    return text


def _log_of(process, request):
    shown = process.log.last()
    if not shown.lines:
        return None
    lines = [_translated(line, request) for _when, line in shown.lines]
    return {"dropped": shown.dropped, "lines": lines}


def log_text(process, request):
    """Return the log of a process as a text, line by line with its time.

    Translated for a request.
    """
    log = process.log
    lines = [
        f"{iso_time(when)} {' '.join(_translated(line, request).split())}"
        for when, line in log.lines
    ]
    if log.dropped:
        text = Message(LOG_DROPPED, mapping={"count": log.dropped})
        lines.insert(0, translate(text, context=request))
    return "".join(f"{line}\n" for line in lines)


def waits_in_turn(process, registry):
    """Tell whether another one of its line has not ended."""
    line = registry.line(process.line)
    return line is not None and any(line.before(registry, process.id))


def iso_time(when):
    """Return a POSIX time as ISO 8601 in UTC, to the second; None for None."""
    if when is None:
        return None
    moment = datetime.fromtimestamp(when, timezone.utc)
    return moment.isoformat(timespec="seconds")


def waited(process):
    """Return the seconds (int) from the POST until it was started, or now."""
    end = process.started or process.finished or time.time()
    return max(0, round(end - process.created))


def elapsed(process):
    """Return the seconds (int) since a process was started, or it took."""
    if process.started is None:
        return 0
    end = process.finished or time.time()
    return max(0, round(end - process.started))


def links_of(view, process):
    """Return {name: URL} of what can be done with a process of a view.

    They hold as long as the process does, also if its context is gone.
    """
    names = ["process-status", "processing", "result"]
    if process.cancellable and not process.is_final:
        names.append("process-cancel")
    if process.log.lines:
        names.append("process-log")
    # One that has not ended need not look again whether its worker lives.
    if process.finished is not None and process.may_run_again:
        names.append("process-again")
    return {name: view.lasting_url(name, process.id) for name in names}
