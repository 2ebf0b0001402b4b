"""What begins and ends with a Zope server, and not with scripts and tests."""

import atexit
import logging
import os
import signal
import sys
import threading

import Zope2
from ZODB.POSException import ReadOnlyError
from zope.component import getUtilitiesFor

from netsight.async_ import config
from netsight.async_.executors import scripts
from netsight.async_.executors.doorbell import get_executor
from netsight.async_.executors.doorbell import ring_all
from netsight.async_.executors.doorbell import runs_here
from netsight.async_.forks import renew_in_child
from netsight.async_.interfaces import IBeatTask
from netsight.async_.records.database import is_read_only
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.deployments import this_deployment
from netsight.async_.records.lease import this_worker
from netsight.async_.running import runner
from netsight.async_.running.monitor import monitor
from netsight.async_.running.pauses import pauses
from netsight.async_.running.pulse import pulse
from netsight.async_.running.tasks import Task
from netsight.async_.running.telling import tell_in_thread
from netsight.async_.running.telling import wait_told
from netsight.async_.serving.news import news_of
from netsight.async_.serving.polling import Poll
from netsight.async_.serving.polling import look
from netsight.async_.serving.recovery import end_other_workers
from netsight.async_.serving.recovery import forget_workers
from netsight.async_.serving.recovery import is_exclusive
from netsight.async_.serving.recovery import recover_some
from netsight.async_.serving.recovery import sweep
from netsight.async_.serving.rounds import Rounds
from netsight.async_.serving.session_limits import warn_of_limits


logger = logging.getLogger(__name__)

LAST_WRITES_SECONDS = 5.0
"""How long a stop waits for a database: a client of ZEO asks for minutes."""


stopping = threading.Event()
"""Set as soon as this Zope is being stopped in order."""


class Duty:
    """What the monitor of a server does, each beat.

    Raises ReadOnlyError, and does nothing, while the records can only be read.
    """

    def __init__(self):
        self.rounds = Rounds()
        self._sweep_after = None
        self._has_met_newer = False
        self._has_met_held = False
        self._ended = []

    def __call__(self):
        """Recover a slice; at the end of a round, ring what is queued.

        Then a batch is swept, too.  Returns whether the round goes on: call
        again soon.
        """
        self.rounds.forget(monitor.take_claimed())
        try:
            goes_on = self.rounds.note(look("recovery", self.look))
        finally:
            self.tell()
        if not goes_on:
            self._tell_newer(self.rounds.newer)
            self._tell_held(self.rounds.held)
            ring_all(self.rounds.queued())
            self._sweep_after = transact("sweep", _sweep, self._sweep_after)
            for _name, task in getUtilitiesFor(IBeatTask):
                task()
        return goes_on

    def note_ended(self, ends):
        """Remember Ends before they are stored: the answer may be lost."""
        self._ended += ends

    def tell(self):
        """Tell of the Ends that were noted, as far as they are stored."""
        ended, self._ended = self._ended, []
        tell_in_thread(ended)

    def look(self, root):
        """Recover a slice in the transaction of `root`; return it."""
        if is_read_only(root):
            raise ReadOnlyError
        done = self.rounds.look(query_registry(root), monitor.holds())
        self.note_ended(done.recovered.ended)
        return done

    def _tell_newer(self, count):
        """Log once that there are records that this version cannot read."""
        if count and not self._has_met_newer:
            logger.warning(
                "%s processes were stored by a newer version of "
                "netsight.async and are left alone; update this Zope to that "
                "version",
                count,
            )
        self._has_met_newer = bool(count)

    def _tell_held(self, count):
        """Log once that there are processes of another deployment."""
        if count and not self._has_met_held:
            logger.warning(
                "%s processes were queued in the deployment %s, and this is "
                "%r: they are held; release or drop them at "
                "@@async-processes.  Is this no copy of a database?  Then "
                "give all its Zopes and workers the same name in the setting "
                "deployment",
                count,
                " and ".join(map(repr, transact("held", _held_in))),
                this_deployment(),
            )
        self._has_met_held = bool(count)


duty = Duty()
"""The one of this Zope."""

renew_in_child(duty)


def _sweep(root, after):
    return sweep(query_registry(root), after)


def _held_in(root):
    return query_registry(root).held_in()


def _end_others(root):
    end_other_workers(query_registry(root))


def _end_this(root):
    """Hand back what this worker still runs, by the policy of each."""
    registry, name = query_registry(root), this_worker()
    if name not in [worker.name for worker in registry.workers()]:
        return
    registry.worker(name).end()
    duty.rounds.forget(monitor.take_claimed())
    ids = duty.rounds.unknown(registry.active_ids())
    recovered = recover_some(registry, ids, leaving=name)
    forget_workers(registry, {name}, recovered.holders)
    duty.note_ended(recovered.ended)


def start(event=None):
    """Begin to serve; a subscriber of IProcessStarting.

    What an earlier process on the same FileStorage left running is recovered
    at once, elsewhere when its lease has run out.
    """
    if scripts.is_console():
        # A script that looks at the database must not begin to run processes.
        return
    scripts.this.is_server = True
    if is_exclusive(Zope2.DB):
        try:
            transact("start", _end_others)
        except Exception:
            # On a full disk, for example: then their leases must run out.
            logger.exception("earlier workers were not noted as dead")
    for database in used_databases():
        make_room(database)
        warn_of_limits(database.storage)
    stop_on_terminate()
    atexit.register(stop)
    Zope2.opened.insert(0, StopFirst)
    # Who is alone is told of each start.
    monitor.serve(duty, None if is_alone() else make_poll())


def make_poll():
    """Return the Poll of a Zope that shares its databases."""
    executor = get_executor()
    if not runs_here(executor):
        return Poll()
    # The others hear of claims as this one does.
    pulse.be_heard()
    poll = Poll(news_of(records_database(), monitor.wake), monitor.wake)
    if hasattr(executor, "is_claimed"):
        executor.is_claimed = poll.is_claimed
    return poll


def is_alone():
    """Tell whether no other Zope can use the databases of this one."""
    return any(is_exclusive(database) for database in used_databases())


def used_databases():
    """Return the main ZODB.DB, and that of the records if it is another."""
    databases = [Zope2.DB, records_database()]
    return databases if config.get("database") else databases[:1]


def records_database():
    """Return the ZODB.DB that holds the records."""
    name = config.get("database")
    return Zope2.DB.databases[name] if name else Zope2.DB


def make_room(database):
    """Let a ZODB.DB open our connections beside those of the server.

    One for the monitor and, if processes run here, one for the heartbeat and
    one for each thread: `pool-size` in zope.conf need not count them.
    """
    ours = 1
    if runs_here(get_executor()):
        ours += 1 + config.get("threads")
    database.setPoolSize(database.getPoolSize() + ours)


def stop():
    """Take no more work, wait for what runs, and hand back the rest.

    Waits `stop-seconds`, and LAST_WRITES_SECONDS if the database is away or
    if subscribers are slow to hear of what is given up.
    Runs once: before Zope closes its databases, or when Python exits.
    """
    atexit.unregister(stop)
    stopping.set()
    pauses.end()
    seconds = config.get("stop-seconds")
    executor = get_executor()
    if not _wait_for(executor, seconds):
        logger.warning(
            "processes still run after %s s; they are handed back: %s",
            seconds,
            executor.health(),
        )
    if not monitor.stop(LAST_WRITES_SECONDS, HANDING_BACK):
        # The databases must be closed all the same; the lease runs out.
        logger.error("the database does not answer; nothing was handed back")
    wait_told(LAST_WRITES_SECONDS)


def _wait_for(executor, seconds):
    """Return whether all that runs has ended, in time."""
    try:
        return executor.stop(seconds)
    except KeyboardInterrupt:
        # Whoever sends a second one is in a hurry; nothing is lost by that.
        return executor.stop(0)


def _hand_back():
    try:
        # A claim need not conflict with it; so none must be on its way.
        with runner.claim_lock:
            transact("stop", _end_this)
    finally:
        duty.tell()


HANDING_BACK = Task("handing back what still runs", _hand_back)


class StopFirst:
    """Stands before the databases that Zope's server closes when it ends."""

    close = staticmethod(stop)


def stop_on_terminate():
    """Have SIGTERM end Python in order, unless somebody handles it already."""
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_terminate)


def _on_terminate(number, frame):
    """End Python; a second SIGTERM does not cut short the stop."""
    if stopping.is_set():
        # Also while Python ends, which resets handlers of ours.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # The log may be locked by the code that is interrupted.
        os.write(2, b"netsight.async: it is being stopped already\n")
    else:
        sys.exit(0)
