"""Sends the ids of processes to a broker, from a thread of its own.

So nobody waits for a broker: not a POST, not the monitor.  What cannot be sent
is not lost, as it is queued in the database, and is rung for again.
"""

import logging
import threading
from collections import Counter
from contextlib import suppress

from zope.interface import implementer

from netsight.async_.config import DEFAULT_QUEUE
from netsight.async_.interfaces import IBrokerExecutor
from netsight.async_.records.turns import in_turns


logger = logging.getLogger(__name__)

THREAD_NAME = "netsight.async sender"


@implementer(IBrokerExecutor)
class BrokerExecutor:
    """See IBrokerExecutor.

    `connect` returns a new connection to the broker, with the methods
    ``send(process_id, queue, priority)``, ``length(queue)`` and ``close()``.
    They may raise what they like: it is told once, and tried again.

    A connection is kept for what comes next, for IDLE_SECONDS.  One that was
    kept may be broken when it is needed: then another one is tried at once.
    What was on its way may be sent a second time by that, which does no harm.

    A process is rung for once when it starts, and from then on it is among
    the reminders that each Zope has at each beat.  A broker that has lost
    nothing must not be flooded by these.  So of each queue the Zope compares
    how many processes are queued with how many messages wait in the broker,
    and sends for as many as it is short of, those first that are to be taken
    first.  That may hit one whose message is there: it is refused when it is
    claimed for the second time.  It may miss one whose message is lost while
    others wait: these are fetched, and then it is among the missing.
    """

    BACKLOG_MOST = 10_000
    """Starts above this number are left to the reminders."""

    RETRY_SECONDS = 5.0

    IDLE_SECONDS = 10.0
    """A connection over which nothing was sent for so long is closed.

    Nobody answers the heartbeats of a broker meanwhile, and whatever stands
    between may forget an idle connection without a word.
    """

    GONE_SECONDS = 2.0
    """How long a stop waits for what is being sent."""

    def __init__(self, connect):
        self._connect = connect
        self._changed = threading.Condition()
        self._started = {}
        self._reminders = ()
        self._thread = None
        self._broker = None
        self._stopping = False
        self._is_busy = False
        self._is_away = False

    def renew(self):
        """Begin anew in a forked child, which has none of these threads.

        The connection stays that of the parent, who still uses it: it must
        not be closed here, nor be collected, which closes it as well.
        """
        self._of_parent = self._broker
        self.__init__(self._connect)

    def ring(self, process_id, queue=DEFAULT_QUEUE, priority=0, owner=None):
        # The broker is first-in, first-out within a priority.
        with self._changed:
            if len(self._started) < self.BACKLOG_MOST:
                self._started[process_id] = (queue, priority)
                self._wake()

    def remind(self, queued):
        with self._changed:
            self._reminders = tuple(queued)
            if self._reminders:
                self._wake()

    def health(self):
        with self._changed:
            return {
                "running": 0,
                "waiting": len(self._started),
                "broker": "away" if self._is_away else "there",
            }

    def wait_idle(self, timeout):
        """Wait until all is sent; return False on timeout.

        `timeout` is in seconds.
        """
        with self._changed:
            return self._changed.wait_for(
                lambda: self._has_nothing() and not self._is_busy, timeout
            )

    def stop(self, timeout):
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            # What is not sent by then stays queued in the database.
            thread.join(min(timeout, self.GONE_SECONDS))
        return True

    def _wake(self):
        if self._thread is None and not self._stopping:
            self._start_thread()
        self._changed.notify_all()

    def _start_thread(self):
        """Start the thread; without it, the next ring or reminder tries."""
        thread = threading.Thread(
            target=self._work, name=THREAD_NAME, daemon=True
        )
        try:
            thread.start()
        except RuntimeError as exc:
            logger.error("nothing is sent to the broker now: %s", exc)
        else:
            self._thread = thread

    def _has_nothing(self):
        return not self._started and not self._reminders

    # The thread

    def _work(self):
        try:
            while self._wait_for_work():
                self._try_to_send()
        finally:
            self._hang_up()

    def _wait_for_work(self):
        """Return False if the thread is to end."""
        is_idle = not self._wait(self.IDLE_SECONDS if self._broker else None)
        if is_idle:
            self._hang_up()
            self._wait()
        return not self._stopping

    def _wait(self, seconds=None):
        """Wait until there is something to do; return False on timeout."""
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
            found = self._changed.wait_for(
                lambda: self._stopping or not self._has_nothing(), seconds
            )
            self._is_busy = found and not self._stopping
            return found

    def _try_to_send(self):
        try:
            self._send()
        except Exception as exc:
            self._hang_up()
            self._note_away(exc)
        else:
            self._note_there()

    def _send(self):
        if self._broker is not None:
            try:
                self._send_all(self._broker)
            except Exception:
                # It may have been cut since it was used last.
                self._hang_up()
            else:
                return
        self._broker = self._connect()
        self._send_all(self._broker)

    def _hang_up(self):
        """Close the connection, if there is one, whatever state it is in."""
        broker, self._broker = self._broker, None
        if broker is not None:
            with suppress(Exception):
                broker.close()

    def _send_all(self, broker):
        self._send_started(broker)
        self._send_reminders(broker)

    def _send_started(self, broker):
        while (started := self._first()) is not None:
            process_id, (queue, priority) = started
            with self._changed:
                del self._started[process_id]
            try:
                broker.send(process_id, queue, priority)
            except Exception:
                # Others may be sent before it is tried again.
                self.ring(process_id, queue, priority)
                raise

    def _first(self):
        with self._changed:
            if self._stopping:
                return None
            return next(iter(self._started.items()), None)

    def _send_reminders(self, broker):
        with self._changed:
            reminders = self._reminders
        for each in missing(reminders, broker.length):
            if self._stopping:
                return
            broker.send(each.process_id, each.queue, each.priority)
        with self._changed:
            if self._reminders is reminders:
                self._reminders = ()

    def _note_away(self, exc):
        if not self._is_away:
            self._is_away = True
            logger.warning(
                "the broker is away; processes stay queued until it is "
                "there: %r",
                exc,
            )
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, self.RETRY_SECONDS)

    def _note_there(self):
        if self._is_away:
            self._is_away = False
            logger.warning("the broker is there again")


def missing(queued, length):
    """Return those of `queued` that a broker is to be told of again.

    `queued` are of the class Queued, the oldest first; `length` tells how many
    messages wait in a queue.
    """
    counts = Counter(each.queue for each in queued)
    short = {queue: n - length(queue) for queue, n in counts.items()}
    again = []
    by_id = {each.process_id: each for each in queued}
    for process_id in in_turns(each.turn for each in queued):
        each = by_id[process_id]
        if short[each.queue] > 0:
            short[each.queue] -= 1
            again.append(each)
    return again
