"""What can go wrong.  The first two carry the names of 1.x."""


class AsyncError(RuntimeError):
    """Root of all errors of netsight.async."""


class NoSuchProcessError(AsyncError):
    """No process for this id, this view, this context and this visitor.

    The id is mistyped, expired, of another view, or belongs to another user.
    Over HTTP: 404.
    """


class ExpiredError(NoSuchProcessError):
    """The process has expired, at the POSIX time `when`.

    Only its owner is told, or whoever has the id of an anonymous visitor's.
    Over HTTP: 410.
    """

    def __init__(self, process_id, when=0):
        super().__init__(process_id)
        self.when = when


class NewerFormatError(NoSuchProcessError):
    """The record of the process was stored by a newer version of this package.

    This one cannot read it, and leaves it alone.  Update the code of this
    Zope to that of the others.  Over HTTP: 503.
    """


class ThreadDiedBeforeCompletionError(AsyncError):
    """The process ended without a result.

    `__run__` raised, or its worker died.  The cause is in the log and, for
    managers, on the page; start again when it is removed.  Over HTTP: 500.
    """


class ResultGoneError(AsyncError):
    """The process completed, but its result cannot be read any more.

    The file of its body is missing from the blob directory, or damaged.  The
    cause is in the log.  Over HTTP: 500.
    """


class NothingToCallError(AsyncError):
    """`super().__call__()` in `__run__` has come to no page and no other view.

    Write ``class A(BaseAsyncView, X)``, where X is the view that does the
    work.
    """


class ClaimLostError(AsyncError):
    """Another worker holds the process now, or it has ended.

    The run that gets this error is rolled back and ends quietly; the holder
    of the claim goes on.
    """


class ProcessCancelled(BaseException):
    """Raised in `__run__` when its owner or a manager wants it cancelled.

    It is no Exception, so that ``except Exception`` in a job does not catch
    it.  The transaction is rolled back.
    """


class ProcessFailed(AsyncError):
    """To be raised in `__run__`, with a reason that its user is to read.

    ``raise ProcessFailed(_("Line 310: column street is missing"))``.  The
    process fails, and its writes are rolled back.  Its page, the lists and
    programs tell the `reason`, a text or message id, in the language of
    whoever reads; 1,000 characters of it are kept.  Raises TypeError for
    anything else.  All other exceptions are told to managers only.
    """

    def __init__(self, reason):
        if not isinstance(reason, str):
            raise TypeError(f"{reason!r} is no text and no message id")
        super().__init__(reason)
        self.reason = reason


class TimeLimitExceeded(BaseException):
    """Raised in `__run__` when it runs for longer than it may.

    That is the `time_limit` of its view, or the soft time limit of a worker of
    Celery.  Like ProcessCancelled it is no Exception.  The process fails; what
    it did since its last checkpoint is rolled back.  Make its steps smaller,
    or the limit larger.
    """


class SessionEndedError(AsyncError):
    """The database ended the session of a run again and again.

    It was there each time, so the run itself may be the reason: it held a
    transaction open for longer than the server allows.  What `__run__` did
    outside of the ZODB was done in each attempt; the ZODB has none of it.
    """


class NotCancellableError(AsyncError):
    """The view does not allow that its processes are cancelled.

    It would have to say ``cancellable = True``.  Over HTTP: 409.
    """


class NoMailError(AsyncError):
    """No mail can be sent of the process to this user.

    It has ended, or is another user's; they have no address; or the site has
    no mail host.  Over HTTP: 409.
    """


class NotRepeatableError(AsyncError):
    """The process cannot be run again.

    It has completed, or runs, or ended longer ago than the setting
    `keep-request-hours` says, or it has been run again already.
    Over HTTP: 409.
    """


class StillRunningError(AsyncError):
    """The process has not ended, so it cannot be removed.

    Cancel it first.  Over HTTP: 409.
    """


class AlreadyRunningError(AsyncError):
    """The view is `single`, and another process of it has not ended.

    Over HTTP: 409.
    """


class QueueFullError(AsyncError):
    """As many processes wait as may.

    Of anonymous visitors, of this view, or in all; the log says which, and
    the settings how many may.  Over HTTP: 503.
    """


class UserQueueFullError(QueueFullError):
    """As many processes of this user wait as may.

    The setting `max-queued-user` says how many.  Over HTTP: 429.
    """


class ViewNotFoundError(AsyncError):
    """The URL of a process does not lead to its view any more.

    The view was unregistered, or other content took its place while the
    process was queued.
    """


class NoSuchUserError(AsyncError):
    """There is no such user, as whom a process could run.

    No user folder at or above the context has one with that id.  Or the
    current user is in none at all, as `system` in a script: name one by
    ``as_user``.
    """


class ContentGoneError(AsyncError):
    """Content that was handed to a process is not at its path any more.

    It was deleted or moved while the process was queued.
    """


class FunctionNotFoundError(AsyncError):
    """The function that a process is to call cannot be imported any more.

    The code of this Zope is another one than that which started the process.
    """


class RequestNotRepeatableError(AsyncError):
    """The request cannot be kept for later.

    Its view is not the published one, or its body cannot be read twice, as the
    request does not come from Zope's publisher.
    """


class BadChoiceError(AsyncError):
    """An attribute by which a view chooses is not what it may be.

    The message says which, and what it may be; nothing is started.  It is
    raised for each request to the view, so that whoever has written the view
    sees it at the first look.  Over HTTP: 500.
    """


class BadQueueError(BadChoiceError):
    """The `queue` or `priority` of a view is not what it may be."""


class NotAllowedError(AsyncError):
    """A user may see a process of somebody else, and not change it.

    Or a queue.  The message is the permission that is needed.  Over HTTP: 403.
    """


class LoginFieldsError(AsyncError):
    """A form would log in and start a process at once.

    Its password would be stored with the request.  Log in first.  Over HTTP:
    400.
    """


class BadIdempotencyKeyError(AsyncError):
    """The header Idempotency-Key is malformed.

    It is a text of 1 to 255 printable ASCII characters, in double quotes.
    Over HTTP: 400.
    """


class AnonymousKeyError(AsyncError):
    """There is an Idempotency-Key, and nobody is logged in.

    Keys belong to users; whoever guessed that of another visitor would be
    led to their result.  Over HTTP: 400.
    """


class KeyReusedError(AsyncError):
    """The Idempotency-Key was used for a request that was not the same.

    The client must make a new key for each request.  Over HTTP: 422.
    """


class BusyError(AsyncError):
    """A `single` view is busy with a process that this request cannot have.

    It is at another context, or not for this visitor.  Over HTTP: 409.
    """


class SettingError(ValueError):
    """A setting in zope.conf or the environment has a bad name or value."""


class NotAllRemovedError(AsyncError):
    """The database did not take one of the transactions of a long removal.

    `removed` processes had been removed before, and are.  The cause is the
    ``__cause__``, and in the log; press the button again when the database is
    well.  Over HTTP: 503.
    """

    def __init__(self, removed):
        super().__init__(f"{removed} were removed before")
        self.removed = removed


class NotAllChangedError(AsyncError):
    """The database did not take one of the transactions of a long change.

    That is, of many that are cancelled or run again at once; `changed` had
    been before, and are.  The cause is the ``__cause__``, and in the log;
    press the button again when the database is well.  Over HTTP: 503.
    """

    def __init__(self, changed):
        super().__init__(f"{changed} were changed before")
        self.changed = changed


class NotAllReleasedError(AsyncError):
    """The database did not take one of the transactions of a long release.

    `released` processes had been released before, and are.  The cause is the
    ``__cause__``, and in the log; press the button again when the database is
    well.  Over HTTP: 503.
    """

    def __init__(self, released):
        super().__init__(f"{released} were released before")
        self.released = released
