"""One thread a Zope that writes what must be seen while processes run.

`set_progress` only puts a number into memory, so that a loop may call it a
million times.  The monitor writes it through a connection of its own: the
first after FIRST_SECONDS, so that a process that is over by then costs no
commit for it; then at most one each PROGRESS_SECONDS, the last one always, all
processes of this Zope in one commit.

It also looks who wants a process cancelled, and does the duty and polls that a
server gives it (see `serving.server`).  Its thread lives while processes run
here or a server has given it a duty.

The heartbeat has a thread and a connection of its own, and does nothing else:
whatever the monitor has to load or to wait for, this worker must not pass for
dead meanwhile.
"""

import threading
import time

from netsight.async_ import config
from netsight.async_.forks import renew_in_child
from netsight.async_.records.database import OwnConnection
from netsight.async_.records.database import transact
from netsight.async_.running import signs
from netsight.async_.running.pulse import pulse
from netsight.async_.running.reports import Report
from netsight.async_.running.silence import Silence
from netsight.async_.running.tasks import Routine
from netsight.async_.running.tasks import Task


THREAD_NAME = "netsight.async monitor"
HEARTBEAT_NAME = "netsight.async heartbeat"

PROGRESS_SECONDS = 1.0
"""Progress of one process is written at most once in this time."""

FIRST_SECONDS = 0.1
"""How soon progress is written that a run tells after nothing was told."""


def _progress_seconds():
    return PROGRESS_SECONDS


def _beat_seconds():
    return config.get("beat-seconds")


def _silent_seconds():
    return 60 * config.get("silent-minutes")


def _poll_seconds():
    return config.get("poll-seconds")


class Monitor:
    """Writes for the processes of this Zope, one thing after the other.

    Of its tasks, that which has been due for the longest is done first; so a
    slow one delays each of the others by its own length and no more.  Progress
    that a run tells wakes it; all else is done by the clock.  The heartbeat is
    not among them: it has a thread of its own.
    """

    def __init__(self):
        mutex = threading.RLock()
        self._lock = threading.Condition(mutex)
        self._written = threading.Condition(mutex)
        self._running = {}
        self._reports = {}
        self._telling = set()
        self._is_writing = False
        self._fetched = {}
        self._ended = set()
        self._silence = Silence()
        self._duty = None
        self._poll = None
        self._at_end = lambda: None
        self._make_tasks()
        self._routine = self._make_routine(
            THREAD_NAME,
            [
                self._flushing,
                self._looking,
                self._listening,
                self._serving,
                self._polling,
            ],
            at_end=lambda: self._at_end(),
        )
        self._own = OwnConnection()
        self._heart = self._make_routine(
            HEARTBEAT_NAME, [self._beating], at_end=self._own.close
        )

    def _make_routine(self, name, tasks, **kwargs):
        return Routine(
            name,
            self._lock,
            tasks,
            is_needed=lambda: self._running or self._duty is not None,
            running=self._running_ids,
            **kwargs,
        )

    def _make_tasks(self):
        self._flushing = Task(
            "writing progress",
            self.flush,
            _progress_seconds,
            lambda: self._telling or self._fetched,
        )
        self._looking = Task(
            "looking for cancels",
            self.look,
            _progress_seconds,
            lambda: any(self._running.values()),
        )
        self._listening = Task(
            "looking for silent processes",
            self.listen,
            _beat_seconds,
            lambda: self._running and _silent_seconds(),
        )
        self._beating = Task(
            "the heartbeat", self.beat, _beat_seconds, lambda: self._running
        )
        self._serving = Task(
            "recovery",
            self._do_duty,
            _beat_seconds,
            lambda: self._duty is not None,
        )
        self._polling = Task(
            "looking for what others have queued",
            self._do_poll,
            _poll_seconds,
            lambda: self._poll is not None and _poll_seconds(),
        )

    # For runs

    def watch(self, hold, cancel=None, shown=(None, None), beats=True):
        """Begin to write for the run that has a Hold; starts the threads.

        To be called from the thread that runs it.  Returns its Report.
        `shown` is the progress, number and message, that its record has.
        `cancel` is called, without arguments and from this thread, when
        somebody wants the process cancelled.  `beats` tells whether its claim
        counts a heartbeat.
        """
        with self._lock:
            if not any(self._running.values()):
                # Nobody can want what has just begun to be cancelled.
                self._looking.delay(_progress_seconds())
            if not self._running:
                self._listening.delay(_beat_seconds())
            self._running[hold] = cancel
            self._reports[hold] = report = Report(hold.process_id, shown)
            self._silence.begin(hold)
            if beats:
                self._beating.delay(_beat_seconds())
            self._heart.start()
            self._heart.hasten(self._beating)
            self._routine.start()
            wanted = [self._looking] if cancel else []
            self._routine.hasten(self._listening, *wanted)
        return report

    def unwatch(self, hold):
        """End it: what is unwritten of this run is dropped."""
        with self._lock:
            if hold in self._running and self._duty is not None:
                self._ended.add(hold.process_id)
            self._running.pop(hold, None)
            self._reports.pop(hold, None)
            self._telling.discard(hold)
            self._silence.end(hold)
            self._written.notify_all()
            self._routine.hasten()

    def holds(self):
        """Return the set of the Holds that are watched."""
        with self._lock:
            return set(self._running)

    def take_claimed(self):
        """Return the set of ids of what is watched.

        With those that were since the last call, if there is a server.
        """
        with self._lock:
            ended, self._ended = self._ended, set()
            return ended | {hold.process_id for hold in self._running}

    def put(self, hold, number, message):
        """Have progress written soon; returns at once.

        Progress of a run that is not watched is dropped.
        """
        with self._lock:
            report = self._reports.get(hold)
            if report is None:
                return
            report.tell(number, message)
            if number is None and report.shown == (number, message):
                # A run that begins has nothing to tell yet.
                return
            self._write_soon(hold)
            report.be_quick()

    def put_log(self, hold):
        """Have the last lines of a run's log written soon, as its progress."""
        with self._lock:
            if hold in self._reports:
                self._write_soon(hold)

    def _write_soon(self, hold):
        if not (self._telling or self._fetched):
            self._flushing.delay(FIRST_SECONDS)
        self._telling.add(hold)
        self._routine.hasten(self._flushing)

    def sign(self, hold):
        """Note that a run has given a sign of life; returns at once."""
        self._silence.sign(hold)

    def note_fetched(self, process_id):
        """Have it written soon that a result was fetched now.

        Without a server, nothing expires and nothing is written.
        """
        with self._lock:
            if self._duty is not None and not self._fetched.get(process_id):
                self._fetched[process_id] = time.time()

    def note_seen(self, process_ids):
        """Have it written soon that owners have seen these to have ended."""
        with self._lock:
            if self._duty is not None:
                for process_id in process_ids:
                    self._fetched.setdefault(process_id, None)

    # For servers and tests

    def serve(self, duty, poll=None):
        """Call `duty` each beat from now on; starts the thread.

        If it returns true, it is called again at once.  Call `poll`, if
        given, each `poll-seconds`; if it returns true, it is time for the
        duty.  If it has a method `close`, that is called in the end.
        """
        with self._lock:
            self._duty = duty
            self._poll = poll
            self._at_end = getattr(poll, "close", self._at_end)
            self._routine.start()
            self._lock.notify_all()

    def wake(self, seconds=0.0):
        """Have the poll done in so many seconds, if it is not due before.

        From any thread; returns at once, as the lock is held by nobody who
        waits for a database.
        """
        due = time.monotonic() + seconds
        with self._lock:
            if due < self._polling.due:
                self._polling.due = due
                self._lock.notify_all()

    def do_duty_soon(self):
        """Have the duty of a server, if there is one, done at once.

        From any thread; returns at once.
        """
        self._do_again(self._serving, True)

    def stop(self, timeout, *last):
        """End the threads; return False if one lives after `timeout` seconds.

        Before, notes of fetched results are written, and the Tasks `last` are
        done when the heart has stopped.
        """
        with self._lock:
            self._duty = self._poll = None
            self._heart.stop()
            self._routine.stop(
                self._flushing,
                Task("waiting for the heartbeat", self._heart.join),
                *last,
            )
        return self.stopped(timeout)

    def wait_idle(self, timeout):
        """Wait until all progress is written; return False on timeout.

        `timeout` is in seconds.
        """
        with self._lock:
            return self._written.wait_for(
                lambda: not (self._telling or self._is_writing), timeout
            )

    def stopped(self, timeout):
        """Wait until the threads have ended; return False on timeout."""
        deadline = time.monotonic() + timeout
        return self._routine.join(timeout) and self._heart.join(
            max(0, deadline - time.monotonic())
        )

    # The tasks, in the thread

    def flush(self):
        """Write progress, and when results were fetched."""
        batch, fetched = self._take()
        try:
            if batch or fetched:
                self._write(batch, fetched)
        except Exception:
            if len(batch) + bool(fetched) < 2:
                raise
            # It may be for one of them, who must not hinder the others.
            self._write_each(batch, fetched)
        finally:
            self._note_unwritten(batch)

    def _take(self):
        """Return {Hold: (number, message)} of what is to be written.

        And {process id: POSIX time} of results that were fetched.
        """
        with self._lock:
            telling, self._telling = self._telling, set()
            self._is_writing = True
            batch = {}
            for hold in telling:
                report = self._reports[hold]
                # Whatever it tells from now on is for the next time.
                report.look_up()
                told = report.told
                if told != report.shown:
                    batch[hold] = told
            return batch, dict(self._fetched)

    def _note_unwritten(self, batch):
        """Have what is left of a batch written again, as that has failed."""
        with self._lock:
            self._is_writing = False
            for hold, shown in batch.items():
                report = self._reports.get(hold)
                if report is not None and report.shown != shown:
                    self._telling.add(hold)
            self._written.notify_all()

    def _write_each(self, batch, fetched):
        """Write each by itself; raise the last error if there is any."""
        parts = [({hold: shown}, {}) for hold, shown in batch.items()]
        parts += [({}, fetched)] if fetched else []
        last = None
        for part in parts:
            try:
                self._write(*part)
            except Exception as exc:
                last = exc
        if last is not None:
            raise last

    def _write(self, batch, fetched):
        transact("progress", signs.show, batch, fetched)
        with self._lock:
            for hold, shown in batch.items():
                if hold in self._reports:
                    self._reports[hold].shown = shown
            for process_id, when in fetched.items():
                # It may have been fetched since it was only seen.
                if self._fetched.get(process_id) == when:
                    self._fetched.pop(process_id, None)

    def look(self):
        """Tell the runs that somebody wants cancelled."""
        with self._lock:
            running = {h: c for h, c in self._running.items() if c is not None}
        for hold in transact("cancel", signs.wanted_cancels, list(running)):
            running[hold]()

    def listen(self):
        """Store, and log, which runs have been silent for long."""
        changes = self._silence.changes(_silent_seconds())
        if changes:
            transact("silence", signs.note_silence, changes)
            self._silence.note(changes)

    def beat(self):
        """Count a heartbeat of this worker."""
        began = time.monotonic()
        transact("heartbeat", signs.beat, opened=self._own.transaction)
        pulse.note(began)

    def _do_duty(self):
        duty = self._duty
        if duty is not None:
            self._do_again(self._serving, duty())

    def _do_poll(self):
        poll = self._poll
        if poll is not None:
            self._do_again(self._serving, poll())

    def _do_again(self, task, wanted):
        """Have a task done next if that is wanted, when what is due is."""
        if wanted:
            with self._lock:
                task.due = time.monotonic()
                self._lock.notify_all()

    def _running_ids(self):
        return ", ".join(h.process_id for h in self.holds()) or "nothing"


monitor = Monitor()
"""The one of this Zope."""

renew_in_child(monitor)
