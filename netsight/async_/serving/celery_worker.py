"""What a worker of Celery does with the messages of `executors.celery`.

The parent never opens a database.  Each child makes a Zope of its own when it
begins, and is a worker like any other Zope: it beats, recovers and sweeps.
A child runs one process at a time, in its main thread, where signals arrive:

=======  ===================================================================
signal   what is done while a process runs
=======  ===================================================================
SIGUSR1  soft time limit, or that of the view: TimeLimitExceeded is raised,
         within `__run__` only
SIGTERM  cold shutdown: the process is handed back, and the child ends;
         hard time limit: the child ends at once, as if killed
=======  ===================================================================
"""

import logging
import os
import signal
import threading
import time
from contextlib import contextmanager
from queue import SimpleQueue

from celery.concurrency import get_implementation
from celery.concurrency.prefork import TaskPool
from celery.signals import worker_init
from celery.signals import worker_process_init
from celery.signals import worker_process_shutdown
from Zope2.Startup.run import configure_wsgi

from netsight.async_ import config
from netsight.async_.exceptions import TimeLimitExceeded
from netsight.async_.executors.celery import TASK
from netsight.async_.executors.celery import app
from netsight.async_.executors.celery import database_name
from netsight.async_.executors.doorbell import get_executor
from netsight.async_.executors.queues import next_in_line
from netsight.async_.running.runner import run
from netsight.async_.running.window import Window
from netsight.async_.serving import server
from netsight.async_.serving.celery_prefetch import GiveBack


logger = logging.getLogger(__name__)

THREAD_NAME = "netsight.async signals"

NO_ZOPE_SECONDS = 5.0
"""A child that could not make its Zope ends after this time, so that not one
follows the other without pause."""

AGAIN_SECONDS = 0.1
"""How soon the soft time limit is tried again when it came at a bad moment."""

SLACK_SECONDS = 0.5
"""By how much the clock of a child may be behind that of its parent."""

app.steps["consumer"].add(GiveBack)

limits = {"hard": None, "soft": None}
"""The time limits of the worker in seconds; set before it forks."""


@worker_init.connect
def check(sender=None, **arguments):
    """Refuse to begin without what each child needs; in the parent."""
    if not os.environ.get(config.CELERY_ZOPE_CONF):
        # Celery logs other exceptions, and goes on.
        raise SystemExit(
            f"netsight.async: {config.CELERY_ZOPE_CONF} must be the path of "
            "zope.conf."
        )
    if get_implementation(sender.pool_cls) is not TaskPool:
        raise SystemExit("netsight.async: a worker needs --pool=prefork.")
    limits.update(hard=sender.time_limit, soft=sender.soft_time_limit)
    # Each would hear the events of all others, every 2 s; nobody asks for it.
    sender.options["without_gossip"] = True


@worker_process_init.connect
def begin(**arguments):
    """Make the Zope of this child, or end it."""
    try:
        starter = configure_wsgi(os.environ[config.CELERY_ZOPE_CONF])
        # After <environment> of zope.conf, which Zopes may share.
        os.environ[config.SETTINGS["executor"].variable] = "celery"
        starter.prepare()
    except SystemExit:
        # By SIGTERM, meanwhile.
        os._exit(0)
    except BaseException:
        # Celery would go on without, and take messages.
        logger.exception("this child has no Zope, and ends")
        time.sleep(NO_ZOPE_SECONDS)
        os._exit(1)


@worker_process_shutdown.connect
def end(**arguments):
    """End the Zope of this child in order."""
    server.stop()


@app.task(name=TASK)
def run_process(process_id, database):
    """Run a process, if its record is in the database of this worker."""
    if database != database_name():
        logger.error(
            "process %s is in the database %s, and this worker has %s; do "
            "two sites share a broker with the same celery-prefix?",
            process_id,
            database,
            database_name(),
        )
        return
    window = TimedWindow()
    with signals.concern(window):
        line = run(process_id, window)
    window.stop_timer()
    following = next_in_line(line)
    if following is not None:
        following.ring(get_executor())


class TimedWindow(Window):
    """Has a run of this child interrupted when its time is over."""

    _timer = None

    def limit_to(self, seconds):
        super().limit_to(seconds)
        self.stop_timer()
        self._timer = threading.Timer(seconds, signals.interrupt, (self,))
        self._timer.daemon = True
        self._timer.start()

    def stop_timer(self):
        """Have it not interrupted any more."""
        if self._timer is not None:
            self._timer.cancel()


class Signals:
    """What the signals do that reach this child.

    Handlers must not wait, as they may find any lock held by the code that
    they interrupt.  So a thread does what is more than raising an exception.
    """

    def __init__(self):
        self._orders = SimpleQueue()
        self._lock = threading.Lock()
        self._window = None
        self._since = 0.0
        self._terminate = None

    @contextmanager
    def concern(self, window):
        """Let the signals act on the run that has this Window, in a block."""
        if self._terminate is None:
            self._install()
        self._since = time.monotonic()
        self._window = window
        try:
            yield
        finally:
            # Not while it is interrupted again: that is for this run.
            with self._lock:
                self._window = None

    def _install(self):
        """Take the place of Celery's handlers, which it sets after a fork."""
        threading.Thread(
            target=self._work, name=THREAD_NAME, daemon=True
        ).start()
        signal.signal(signal.SIGUSR1, self._on_soft_limit)
        self._terminate = signal.signal(signal.SIGTERM, self._on_terminate)

    def _on_soft_limit(self, number, frame):
        window = self._window
        if window is None:
            # It is late: the run has just ended.
            return
        if window.is_open(frame):
            window.interrupt(
                window.overdue
                or TimeLimitExceeded(
                    "It ran for longer than the soft time limit of its "
                    f"worker, {limits['soft']} s."
                )
            )
        self._orders.put(lambda: self._interrupt_again(window))

    def _on_terminate(self, number, frame):
        if self._window is None:
            self._terminate(number, frame)
        elif self._is_overdue():
            # Handed back, it would run for ever: this must count.
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            self._orders.put(hand_back)

    def _is_overdue(self):
        """Tell whether this signal is how Celery enforces the hard limit."""
        age = time.monotonic() - self._since
        return limits["hard"] and age > limits["hard"] - SLACK_SECONDS

    def _work(self):
        while True:
            self._orders.get()()

    def _interrupt_again(self, window):
        time.sleep(AGAIN_SECONDS)
        self.interrupt(window)

    def interrupt(self, window):
        """Interrupt the run that has this Window, if it has not ended."""
        with self._lock:
            if self._window is window:
                main = threading.main_thread().ident
                signal.pthread_kill(main, signal.SIGUSR1)


signals = Signals()


def hand_back():
    """Hand back what runs here, and end this child at once."""
    try:
        server.stop()
    finally:
        os._exit(0)
