"""The contracts of netsight.async, and its closed list of states."""

from importlib import import_module
from typing import Any

from zope.interface import Attribute
from zope.interface import Interface


QUEUED = "queued"
"""Committed with the POST; no worker has claimed it."""

RUNNING = "running"
"""Claimed by a worker; its effects are not committed."""

COMPLETED = "completed"
"""Effects and response were committed together."""

FAILED = "failed"
"""`__run__` raised; its effects were rolled back, the error is kept."""

CANCELLED = "cancelled"
"""Stopped on request of its owner or a manager; nothing was committed."""

LOST = "lost"
"""Its worker died before the outcome, or the outcome was undone later."""

STATES = (QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED, LOST)
FINAL_STATES = (COMPLETED, FAILED, CANCELLED, LOST)


def __getattr__(name):
    """Import the layer when it is asked for (PEP 562).

    Records need the other interfaces, also in a ZEO server, which has no use
    for zope.publisher.
    """
    if name == "INetsightAsyncLayer":
        return import_module("netsight.async_.layer").INetsightAsyncLayer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class IAsyncView(Interface):
    """A view whose `__run__` is done in the background.

    `netsight.async_.BaseAsyncView` implements it.
    """

    def __run__(process_id=None, *args, **kwargs):
        """Do the work and return what ``__call__`` would return.

        `process_id` (str) is passed by name if the method can take it.  Any
        exception ends the process as failed and rolls back its writes; a
        ConflictError makes Zope call the method again in a new transaction.
        """

    max_queued = Attribute(
        "How many processes of the view may wait (int), or None: any number."
    )

    def run_process():
        """Return True if this request shall start a process."""

    def process_title():
        """Return what names a new process: a text or message id.

        What is neither stands for the name of the view.
        """

    cookies = Attribute("Names of cookies (tuple of str) that it sees.")

    def set_progress(process_id, percentage, message=None):
        """Tell how far the process is.

        `percentage` is a real number from 0 to 100; it is rounded to one
        decimal and clamped.  `message` is a short text for the visitor, or a
        message id; it is cut after 1,000 characters.  Costs no commit of the
        process.  Raises ValueError for anything that is no number, TypeError
        for a message that is no text or message id, or one whose values are
        no texts, numbers or message ids, and NoSuchProcessError for an id
        that is not the running process.
        """

    def log(text):
        """Keep a line for the visitor, a text or message id.

        It is cut after 1,000 characters; the last 2,000 lines are kept, those
        of an attempt that is begun anew are not.  Raises TypeError and
        ValueError as `set_progress` does for a message.
        """

    def track(iterable, total=None):
        """Yield the items of `iterable`, telling progress for each.

        `total` is their number (int), by default ``len(iterable)`` if it has
        one.
        """

    def checkpoint():
        """Commit what is done so far, and shrink the ZODB cache to its size.

        Raises ProcessCancelled, or ClaimLostError if the process was given to
        another worker.
        """

    def check_cancelled():
        """Raise ProcessCancelled if somebody wants the process cancelled.

        Raises TimeLimitExceeded if it has run for longer than `time_limit` of
        its view.  So do `set_progress`, `track` and `checkpoint`.
        """

    def processing(process_id=None):
        """Return the waiting page, or redirect to the result when done."""

    def completed(process_id=None, output_json=False):
        """Return False, True, or the progress as a number below 100.

        With `output_json`, return the JSON text of ``{"completed": ...}``,
        where a process that did not complete gives ``"ERROR"``.  Raises
        NoSuchProcessError, or ThreadDiedBeforeCompletionError if the process
        ended in another way than completed.
        """

    def process_cancel(process_id=None):
        """Cancel a process, and redirect to its page.

        Raises NoSuchProcessError; NotCancellableError if the view does not
        say ``cancellable = True``.
        """

    def process_log(process_id=None):
        """Return what a process has logged, as bytes of plain text.

        Raises NoSuchProcessError.
        """

    def process_mail(process_id=None, is_wanted=True):
        """Have the visitor mailed when their process has ended, or not.

        Raises NoSuchProcessError, or NoMailError if they cannot be.
        """

    def process_again(process_id=None):
        """Run a process again that has no result, and lead to the new one.

        Raises NoSuchProcessError; NotRepeatableError if its request is not
        kept, AlreadyRunningError if the view is `single`, QueueFullError.
        """

    def result(process_id=None, output_json=False):
        """Return the body of the response, or None before completion.

        The body is bytes, or a stream iterator if it is large; status and
        headers are set on the view's own response.  Raises as `completed`.
        """


class ICurrentProcess(Interface):
    """The process that code is part of, as that code sees it.

    Outside of any process, `id` is None, and the methods do nothing.
    """

    id: str | None = Attribute("That of the process, a str.")

    def set_progress(percentage, message=None):
        """Tell how far the process is.

        Arguments and errors are those of IAsyncView.set_progress; a value that
        is wrong is so outside of a process, too.
        """

    def log(text):
        """Keep a line for the user; see IAsyncView.log."""

    def track(iterable, total=None):
        """Yield the items of `iterable`; see IAsyncView.track."""

    def checkpoint():
        """Commit what is done so far; see IAsyncView.checkpoint.

        It commits all that its caller has done, too: for code that knows who
        calls it.
        """

    def check_cancelled():
        """Raise what IAsyncView.check_cancelled raises."""


class IProcess(Interface):
    """The record of one process."""

    id: str = Attribute("Key in the registry, an unguessable str.")
    format: int = Attribute("Number (int) of the format of what is stored.")
    view_path: str = Attribute("Physical path of the context, '/', view name.")
    view_name: str = Attribute("Name of the view, a str.")
    title: str = Attribute("Title for lists, a str.")
    url: str = Attribute(
        "URL of its waiting page, if `origins` has its host; else `page_path`."
    )
    page_path: str = Attribute(
        "Path of that page from the root of Zope, quoted, with the query."
    )
    owner: Any = Attribute("records.owners.Owner, whom it runs as.")
    created: float = Attribute(
        "POSIX time in seconds (float) of the start request."
    )
    started: float | None = Attribute(
        "POSIX time of the current claim, or None."
    )
    finished: float | None = Attribute("POSIX time of the outcome, or None.")
    expires: float | None = Attribute(
        "POSIX time from which on it may be removed, or None before its end."
    )
    is_undone: bool = Attribute(
        "Whether its outcome was undone in the database."
    )
    cancellable: bool = Attribute("Whether owner and managers may cancel it.")
    max_attempts: int = Attribute("How many workers may die of it (int).")
    time_limit: int | None = Attribute(
        "Seconds (int) that a run may take, or None."
    )
    queue: str = Attribute("Name of the queue in which it waits, a str.")
    deployment: str = Attribute(
        "Name of the deployment it was queued in, a str."
    )
    is_held: bool = Attribute(
        "Whether that is not this one: it waits until somebody releases it."
    )
    priority: int = Attribute("How early it is taken, an int; 9 before 0.")
    not_before: float | None = Attribute(
        "POSIX time before which it is not taken, or None."
    )
    is_early: bool = Attribute(
        "Whether it is queued, and waits for that time."
    )
    is_paused: bool = Attribute(
        "Whether it is queued, in a queue that is paused."
    )
    may_begin: bool = Attribute(
        "Whether it is queued, not held, not early, and not paused."
    )
    retry: Any = Attribute("What is tried again later: the rule of a Retry.")
    retries: int = Attribute("How often it was put off for that (int).")
    is_final: bool = Attribute("Whether it has ended.")
    may_run_again: bool = Attribute("Whether a new process can do the same.")
    attempts: int = Attribute("How often `__run__` was called (int).")
    state: str = Attribute("One of STATES.")
    progress: float | None = Attribute(
        "Number 0..100, or None if none was set."
    )
    has_progress: bool = Attribute(
        "Whether a completed one has set a number, so that 100 ends it."
    )
    message: str | None = Attribute(
        "The last message of set_progress, or None."
    )
    log: Any = Attribute(
        "records.logs.Lines that it has logged; while it runs, the last ones."
    )
    is_cancelling: bool = Attribute(
        "Whether somebody wants it cancelled, and it is not yet."
    )
    silent_since: float | None = Attribute(
        "POSIX time (float) of the last sign of life of a running process, if "
        "that is longer ago than the setting `silent-minutes`; else None."
    )
    seconds_left: int | None = Attribute(
        "Estimate (int), None if not to be trusted."
    )
    error: Any = Attribute("Error of a failed process, or None.")
    reason: str | None = Attribute(
        "What a failed one tells its user, a text or message id, or None: see "
        "exceptions.ProcessFailed."
    )
    response: Any = Attribute("ResponseSnapshot of a completed one, or None.")
    single_key: str | None = Attribute(
        "What no two active ones may share (str), or None."
    )
    max_queued: int | None = Attribute(
        "`max_queued` of its view when it was started."
    )
    line: str | None = Attribute(
        "Those that share it run one at a time; str or None."
    )
    idempotency: Any = Attribute("parts.Idempotency of the start, or None.")


class IProcessRegistry(Interface):
    """All processes of one database, by process id."""

    def add(process):
        """Store an IProcess in the current transaction.

        Returns the process with the same `single_key` whose worker is dead,
        if there is one and it ends by that, else None.
        """

    def single(key):
        """Return the active process whose `single_key` is this, or None."""

    def note_single(process):
        """Let an IProcess be the last one of its `single_key`, if any."""

    def hold(process):
        """Note that an IProcess was found to be held; see `held_ids`."""

    def held_ids():
        """Return a list of the ids that were found to be held.

        Others may be, that nobody has looked at.  No process is loaded.
        """

    def held_in():
        """Return a list of the deployments in which these were queued."""

    def let_go(process_id):
        """Note that a process is not held any more, if it is."""

    def line(key):
        """Return the lines.Line of those with this `line`, or None."""

    def keyed(key):
        """Return the process whose `idempotency` has this key, or None."""

    def get(process_id, default=None):
        """Return the IProcess with that id (str), or `default`.

        Raises NewerFormatError for a record that `is_newer`; so do all
        methods that return one process.
        """

    def __getitem__(process_id):
        """Return the IProcess with that id; raises KeyError."""

    def is_newer(process_id):
        """Tell whether a newer version of this package stored that record.

        This one cannot read it, and must leave it alone.
        """

    def readable(ids):
        """Return an iterator over those IProcess that are there.

        Those that `is_newer` are left out.
        """

    def __contains__(process_id):
        """Tell whether there is such a process."""

    def process_ids(after=None):
        """Return the ids as a lazy sequence, those behind the id `after`."""

    def newest_ids(owner=None, before=None, active=False):
        """Return an iterator over the ids, the newest first.

        If they are given, only those of a records.owners.Owner, and only
        those that are older than the id `before`; with `active`, only those
        in `active_ids`.  No process is loaded.
        """

    def owners(user_id):
        """Return a list of the records.owners.Owner with that id (str).

        There is one for each user folder in which somebody with that id has
        started a process.
        """

    def remove(process_id):
        """Drop a process in the current transaction; raises KeyError."""

    def active_ids():
        """Return a list of the ids that are queued, running or just ended."""

    def active_count():
        """Return how many `active_ids` there are."""

    def active_like(owner=None, view_name=None):
        """Return an iterator over `active_ids`, the oldest first, lazily.

        Over those of a records.owners.Owner, of a view by its name, or both,
        where they are given; a few of others may be among them.  No process
        is loaded.
        """

    def active_nodes():
        """Return records.nodes.Nodes: what changes when `active_ids` do.

        No process is loaded.
        """

    def oid_of(process_id):
        """Return the id of a process as an object in the database, or None.

        The process is not loaded.
        """

    def returns():
        """Return how often a process was put back into the queue (int)."""

    def is_paused(queue):
        """Tell whether the queue of that name (str) is paused."""

    def pauses():
        """Return a list of `records.paused.Pause`, by name of the queue."""

    def pause(pause):
        """Pause the queue of a `records.paused.Pause`.

        From the commit on, no process of it is claimed.  One that is paused
        already stays as it is.
        """

    def resume(queue):
        """End the pause of a queue; tell whether it was paused.

        Servers are to be told of it: see `actions.resume_queue`.
        """

    def is_active(process_id):
        """Tell whether an id is among them."""

    def oldest_active_ids(after=None):
        """Return an iterator over `active_ids`, the oldest first, lazily.

        With `after`, over those from that id on.
        """

    def queued_before(process_id):
        """Return how many processes of its queue are taken before one.

        It is a pair: their number, and whether there may be more.  As things
        stood within the last second: of the AHEAD_MOST oldest that are active,
        no more records are loaded.  Owners take turns, so others may be taken
        before it that start later; but not with a broker, which does not know
        owners.  For one that is behind others in its `line`, how many of these
        have not ended.
        """

    def retire(process_id):
        """Take an ended process out of `active_ids`, and close its claim.

        From then on it is never run again, even if its outcome is undone.
        Raises KeyError.
        """

    def worker(name):
        """Return the lease.Worker of that name; makes it if needed."""

    def workers():
        """Return a list of all lease.Worker records."""

    def worker_names():
        """Return a list of the names of `workers`; none of them is loaded."""

    def remove_worker(name):
        """Drop the record of a worker; raises KeyError."""


class IExecutor(Interface):
    """What gets processes run.  A doorbell: it may ring twice, or never."""

    runs_here = Attribute(
        "Whether processes run on threads of this Zope.  False if missing."
    )
    ends_early = Attribute(
        "Whether what runs is cut off when Python exits, so that a script "
        "must not ring.  False if missing."
    )

    def ring(process_id, queue="default", priority=0, owner=None):
        """Have the process claimed and run soon; returns at once.

        `queue`, `priority` and `owner` (records.owners.Owner) are those of
        the process; within a priority, owners should take turns.  This is
        called after the commit that made the process, and again while it is
        queued.  A process that is queued again, as its worker has died or was
        stopped, is rung for with the same id: do not leave out what was rung
        for before.  It must not raise.
        """

    def health():
        """Return a dict of plain values for monitoring, e.g. `waiting`."""

    def stop(timeout):
        """Take no more work; return whether all that ran has ended.

        It waits `timeout` seconds at most.
        """


class IBrokerExecutor(IExecutor):
    """An executor with a broker between it and those who run processes.

    Instead of being rung again while processes are queued, it is reminded.
    """

    def remind(queued):
        """Make good for what the broker has lost; returns at once.

        `queued` are named tuples (process_id, queue, priority, owner) of all
        processes that are queued, and may be taken now, the oldest first.
        This is called at each beat, in each Zope.  It must not raise.
        """


class IMailer(Interface):
    """Sends mails to users; a utility without a name, where there is one."""

    def address(context):
        """Return the address (str) of this request's user, or None.

        None also where the site of `context` cannot send any mail.
        """


class IBeatTask(Interface):
    """What a server does each beat; a utility with any name."""

    def __call__():
        """Do it soon, and return at once; it must not raise."""


class IProcessEvent(Interface):
    """Something happened to a process."""

    process: IProcess = Attribute("The IProcess.")


class IProcessQueuedEvent(IProcessEvent):
    """A process was stored; notified in the transaction of its start."""


class IProcessStartedEvent(IProcessEvent):
    """`__run__` is about to be called; in its transaction, each attempt."""


class IProcessEndedEvent(IProcessEvent):
    """A process has ended; base of the next four."""


class IProcessCompletedEvent(IProcessEndedEvent):
    """`__run__` returned; in its transaction, after the outcome was set."""


class IProcessFailedEvent(IProcessEndedEvent):
    """It failed; in a transaction after the one that stored the error.

    The process's owner is the current user, its site the current site.
    """


class IProcessCancelledEvent(IProcessEndedEvent):
    """It was cancelled; in a transaction after that, as for a failure."""


class IProcessLostEvent(IProcessEndedEvent):
    """It was found lost; in a transaction after that, as for a failure.

    Whichever Zope found it notifies, from a thread of its own.
    """
