"""What code sees of the run that it is part of.

Kept by thread, as Zope keeps the transaction, the site and the user.  The
request would not do: code without a view has none at hand, and that of the
thread is another one within a subrequest.  Nor would a context variable, which
is handed on to other threads, that have a transaction of their own.
"""

import threading
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from zope.interface import implementer

from netsight.async_.i18n import _
from netsight.async_.interfaces import ICurrentProcess
from netsight.async_.records.progress import checked_line
from netsight.async_.records.progress import checked_message
from netsight.async_.records.progress import checked_percentage
from netsight.async_.running.purging import send_purges
from netsight.async_.running.transactions import commit_part


Item = TypeVar("Item")


@implementer(ICurrentProcess)
class NoWork:
    """See ICurrentProcess.  That of code which is in no process."""

    id: str | None = None

    def is_enough(self, percentage, message):
        return False

    def set_progress(
        self, percentage: float | None, message: str | None = None
    ) -> None:
        # What is wrong in a process is so without one.
        checked_percentage(percentage)
        checked_message(message)

    def log(self, text: str) -> None:
        checked_line(text)

    def check_cancelled(self) -> None:
        pass

    def track(
        self, iterable: Iterable[Item], total: int | None = None
    ) -> Iterator[Item]:
        yield from iterable

    def checkpoint(self) -> None:
        pass


NO_WORK = NoWork()


@implementer(ICurrentProcess)
class Work:
    """See ICurrentProcess.  That of a Run, within one request of it."""

    def __init__(self, run, request):
        self.id: str | None = run.process_id
        self.is_enough = run.report.is_enough
        """For callers to whom each microsecond counts."""

        self._run = run
        self._request = request

    def set_progress(
        self, percentage: float | None, message: str | None = None
    ) -> None:
        if not self.is_enough(percentage, message):
            self._run.set_progress(
                checked_percentage(percentage), checked_message(message)
            )

    def log(self, text: str) -> None:
        self._run.log(checked_line(text))

    def check_cancelled(self) -> None:
        self._run.check_cancelled()

    def track(
        self, iterable: Iterable[Item], total: int | None = None
    ) -> Iterator[Item]:
        if total is None and hasattr(iterable, "__len__"):
            total = len(iterable)
        is_enough = self._run.report.is_count_enough
        for count, item in enumerate(iterable):
            if not is_enough(count, total, track_shown):
                self._run.set_progress(*track_shown(count, total))
            yield item

    def checkpoint(self) -> None:
        self.check_cancelled()
        commit_part()
        send_purges(self._request)
        self._run.connection.cacheGC()


def track_shown(count, total):
    """Return (number, message) after `count` of `total` (or None) items."""
    if not total:
        return None, _(
            "progress_count", default="${count} done", mapping={"count": count}
        )
    return checked_percentage(100 * count / total), _(
        "progress_count_of_total",
        default="${count} of ${total}",
        mapping={"count": count, "total": total},
    )


# That of the thread


class _Current(threading.local):
    work = NO_WORK


_current = _Current()


def current_process() -> Work | NoWork:
    """Return the ICurrentProcess of the code that calls this.

    Within `__run__`, in its thread, that is its process.  Anywhere else it is
    one without an id, whose methods do nothing.
    """
    return _current.work


@contextmanager
def working(work):
    """Let a Work be that of this thread, in a block."""
    before, _current.work = _current.work, work
    try:
        yield
    finally:
        _current.work = before
